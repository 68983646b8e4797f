import fc from 'fast-check';
import { expect, test } from 'vitest';
import { widestPaths } from '../../../src/circuit/widest-paths.js';

type Edge = readonly [from: number, to: number, strength: number];

function strengths(vertices: number, edges: readonly Edge[], source = 0, sink = vertices - 1): number[] {
  const [from, to, strength] = [0, 1, 2].map((field) => edges.map((edge) => edge[field]!));
  return [...widestPaths({ vertices, from: from!, to: to!, strength: strength!, source, sink })];
}

/** Every path from the source to the sink, one after the other. */
function byAllPaths(vertices: number, edges: readonly Edge[], source = 0, sink = vertices - 1): number[] {
  const best = edges.map(() => Number.NaN);
  const walk = (vertex: number, path: readonly number[]): void => {
    if (vertex === sink) {
      const weakest = Math.min(...path.map((edge) => edges[edge]![2]));
      for (const edge of path) if (!(best[edge]! >= weakest)) best[edge] = weakest;
    }
    edges.forEach(([from, to, strength], edge) => {
      if (from === vertex && !Number.isNaN(strength)) walk(to, [...path, edge]);
    });
  };
  walk(source, []);
  return best;
}

test('an edge is worth the weakest edge of the best path through it', () => {
  const edges: Edge[] = [
    [0, 1, 5],
    [1, 3, 2],
    [0, 2, 3],
    [2, 3, 4],
    [1, 2, 1],
  ];
  expect(strengths(4, edges)).toEqual([2, 2, 3, 3, 1]);
});

test('what the source does not reach or what does not reach the sink lies on no path', () => {
  const edges: Edge[] = [
    [0, 1, 1],
    [1, 4, 1],
    [2, 4, 9],
    [1, 3, 9],
    [0, 4, Number.NaN],
  ];
  expect(strengths(5, edges)).toEqual([1, 1, Number.NaN, Number.NaN, Number.NaN]);
  expect(strengths(2, [])).toEqual([]);
});

test('strength 0 is a strength, and what is infinite bounds nothing', () => {
  expect(
    strengths(3, [
      [0, 1, 0],
      [1, 2, Infinity],
    ]),
  ).toEqual([0, 0]);
  expect(
    strengths(3, [
      [0, 1, Infinity],
      [1, 2, Infinity],
    ]),
  ).toEqual([Infinity, Infinity]);
});

test('agrees with a walk over all paths, whatever the order of the edges', () => {
  const anyGraph = fc.integer({ min: 2, max: 7 }).chain((vertices) =>
    fc.record({
      vertices: fc.constant(vertices),
      edges: fc.array(
        fc
          .tuple(fc.nat(vertices - 2), fc.nat(vertices - 1), fc.constantFrom(0, 1, 2, 3, Infinity, Number.NaN))
          .map(([a, b, strength]): Edge => [Math.min(a, b), Math.max(Math.max(a, b), Math.min(a, b) + 1), strength]),
        { maxLength: 14 },
      ),
    }),
  );
  fc.assert(
    fc.property(anyGraph, ({ vertices, edges }) => {
      expect(strengths(vertices, edges)).toEqual(byAllPaths(vertices, edges));
    }),
  );
});
