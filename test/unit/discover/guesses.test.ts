/** What is guessed of an edge, from hints and from earlier decisions. */
import { describe, expect, test } from 'vitest';
import { Topology } from '../../../src/circuit/topology.js';
import { Guesses, hintOf, SURE } from '../../../src/discover/guesses.js';

const topology = new Topology({ layers: 4, heads: 4, parallel: false });

describe('hints by scores', () => {
  const values = Float64Array.of(0.3, 0.1, -0.3, Number.NaN, 0.2);
  const removed = (positive: 'helps' | null, absolute: boolean, threshold = 0.2): boolean[] =>
    [...values.keys()].map(hintOf({ values, positive }, { threshold, absolute })).map((hint) => hint < 0);

  test('removed is what scores below the threshold, strictly, as the search decides; what has no score is removed', () => {
    expect(removed('helps', false)).toEqual([false, true, true, true, false]);
  });

  test('a search by |effect| goes by |score|', () => {
    expect(removed('helps', true)).toEqual([false, true, false, true, false]);
  });

  test('so does one by scores that do not say what their sign means', () => {
    expect(removed(null, false)).toEqual([false, true, false, true, false]);
  });

  test('below a negative threshold lies what hurts more', () => {
    expect(removed('helps', false, -0.25)).toEqual([false, false, true, true, false]);
  });

  test('the further from the threshold, the surer, up to a limit', () => {
    const of = (score: number): number =>
      hintOf({ values: Float64Array.of(score), positive: 'helps' }, { threshold: 1, absolute: false })(0);
    expect([of(1e-9), of(0), of(1e9)]).toEqual([-SURE, -SURE, SURE]);
    expect(of(0.5)).toBeCloseTo(-of(2));
    expect(of(0.1)).toBeLessThan(of(0.5));
    expect(of(4)).toBeGreaterThan(of(2));
  });
});

describe('guesses', () => {
  test('without hints most edges are removed', () => {
    const { removed, right } = new Guesses(topology).guess(0);
    expect(removed).toBe(true);
    expect(right).toBeGreaterThan(0.9);
  });

  test('an edge of a writer whose edges stay is guessed to stay; others are not', () => {
    const guesses = new Guesses(topology);
    const mlp = topology.mlpWriter(0);
    const head = topology.headWriter(0, 0);
    const ports = [topology.logitsPort, topology.mlpPort(3), topology.mlpPort(2)];
    for (let i = 0; i < 8; i++) {
      for (const port of ports) {
        guesses.decided(topology.additionEdge(mlp, port), false);
        guesses.decided(topology.additionEdge(head, port), true);
      }
    }
    expect(guesses.guess(topology.additionEdge(mlp, topology.mlpPort(1))).removed).toBe(false);
    expect(guesses.guess(topology.additionEdge(head, topology.mlpPort(1))).removed).toBe(true);
  });

  test('a hint that is always wrong is believed less and less', () => {
    const guesses = new Guesses(topology, () => -3);
    const before = guesses.guess(0);
    for (let edge = 1; edge < 40; edge++) guesses.decided(edge, false);
    const after = guesses.guess(0);
    expect(before.removed).toBe(true);
    expect(after.removed).toBe(false);
  });

  test('equal decisions give equal guesses', () => {
    const run = (): readonly unknown[] => {
      const guesses = new Guesses(topology, (edge) => (edge % 7) - 4);
      for (let edge = 0; edge < topology.edgeCount; edge++) guesses.decided(edge, edge % 5 > 0);
      return Array.from({ length: topology.edgeCount }, (_, edge) => guesses.guess(edge));
    };
    expect(run()).toEqual(run());
  });
});
