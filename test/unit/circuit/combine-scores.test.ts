/** One list of scores from several. */
import { describe, expect, test } from 'vitest';
import { combineScores, COMBINATION_NAMES, type CombinationName } from '../../../src/circuit/combine-scores.js';
import { createScores, type Scores } from '../../../src/circuit/scores.js';
import { Topology } from '../../../src/circuit/topology.js';
import { parseScores, writeScoresJson } from '../../../src/files/index.js';
import { sampleScoresProvenance } from '../../support/sample-scores.js';

const topology = new Topology({ layers: 1, heads: 1, parallel: false });

function scoresOf(values: readonly number[], more: Partial<Scores> = {}): Scores {
  const all = new Float64Array(topology.edgeCount).fill(Number.NaN);
  for (let id = 0; id < topology.additionEdges; id++) all[id] = values[id] ?? 0;
  return createScores({
    topology,
    width: 4,
    values: all,
    positive: 'helps',
    nodes: null,
    neurons: null,
    perPrompt: null,
    provenance: sampleScoresProvenance(),
    ...more,
  });
}

const part = (scores: Scores, name = 'x.json') => ({ name, hash: 'ab', scores });
const combined = (how: CombinationName, ...lists: readonly (readonly number[])[]): number[] => [
  ...combineScores(
    lists.map((list) => part(scoresOf(list))),
    how,
  ).values.subarray(0, 4),
];

test('by every rule', () => {
  const [a, b] = [
    [4, -3, 2, 1],
    [-40, -30, 20, 0],
  ] as const;
  expect(combined('mean', a, b)).toEqual([-18, -16.5, 11, 0.5]);
  expect(combined('min', a, b)).toEqual([-40, -30, 2, 0]);
  expect(combined('max', a, b)).toEqual([4, -3, 20, 1]);
  // Ranks by size, of all edges: those with 0 lie below. Signs count.
  const edges = topology.additionEdges;
  expect(combined('mean-rank', a, b)).toEqual([0, 1 - edges, edges - 2, (edges - 3) / 2]);
  expect(COMBINATION_NAMES).toHaveLength(4);
});

test('nodes are combined where all have them', () => {
  const nodes = (values: readonly number[]) => ({ nodes: Float64Array.from(values) });
  const parts = [part(scoresOf([1], nodes([1, 2, 3]))), part(scoresOf([3], nodes([3, 2, 1])))];
  expect([...combineScores(parts, 'mean').nodes!]).toEqual([2, 2, 2]);
  expect(combineScores([parts[0]!, part(scoresOf([3]))], 'mean').nodes).toBeNull();
});

test('a file keeps what it was made of', () => {
  const made = combineScores([part(scoresOf([1])), part(scoresOf([2], { provenance: null }))], 'max');
  const text = writeScoresJson(made);
  const read = parseScores(text, 'c.json');
  expect(read.combined).toEqual(made.combined);
  expect(read.combined!.parts.map(({ provenance }) => provenance?.method)).toEqual(['eap-ig', undefined]);
  expect(read.positive).toBe('helps');
  expect(writeScoresJson(read)).toBe(text);
});

describe('refuses', () => {
  const first = part(scoresOf([1]), 'a.json');
  const provenance = sampleScoresProvenance({ model: { name: 'other', hash: 'cc', family: 'gpt2' } });
  const other = new Topology({ layers: 2, heads: 1, parallel: false });
  test.each([
    ['one file', [first], 'got 1, expected two files'],
    [
      'an unknown sign',
      [first, part(scoresOf([1], { positive: null, provenance: null }), 'b.json')],
      'b.json: does not say what',
    ],
    [
      'another model',
      [first, part(scoresOf([1], { provenance }), 'b.json')],
      'b.json: is of another model, "other", than a.json',
    ],
    ['other edges', [first, part(scoresOf([1, Number.NaN]), 'b.json')], 'b.json: scores other edges'],
    [
      'another shape',
      [
        first,
        part(createScores({ ...scoresOf([1]), topology: other, values: new Float64Array(other.edgeCount) }), 'b.json'),
      ],
      'b.json: is of a model of another shape than a.json',
    ],
  ])('%s', (_, parts, message) => {
    expect(() => combineScores(parts, 'mean')).toThrow(message);
  });
});
