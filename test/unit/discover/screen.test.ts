/** The choice of where a search starts, over evaluators that are plain functions of the circuit. */
import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { pruneDisconnected } from '../../../src/circuit/prune.js';
import { Topology } from '../../../src/circuit/topology.js';
import type { CircuitEvaluator } from '../../../src/circuit/evaluator.js';
import { screen } from '../../../src/discover/screen.js';

const topology = new Topology({ layers: 1, heads: 2, parallel: false });
const id = (name: string): number => topology.edgeId(name)!;

/** What cutting each edge alone costs; 0 where nothing is said. */
function evaluatorOf(effects: Readonly<Record<string, number>>): CircuitEvaluator & { readonly cut: string[] } {
  const cut: string[] = [];
  return {
    most: 3,
    cut,
    perPrompt: (circuits) =>
      Promise.resolve(
        circuits.map((circuit) => {
          const names = [...EdgeSet.full(topology)]
            .filter((edge) => !circuit.has(edge))
            .map((edge) => topology.edgeName(edge));
          expect(names.length).toBeLessThanOrEqual(1);
          cut.push(...names);
          return [effects[names[0] ?? ''] ?? 0];
        }),
      ),
  };
}

function scoresOf(scores: Readonly<Record<string, number>>) {
  const values = new Float64Array(topology.edgeCount);
  for (const [name, score] of Object.entries(scores)) values[id(name)] = score;
  return { topology, values };
}

const SCORES = {
  'input->logits': 5,
  'input->a0.h0<v>': -2,
  'a0.h0->logits': 1.5, // near the cutoff: its cut says no
  'input->m0': 0.9, // near it: its cut says yes
  'm0->logits': 3,
  'input->a0.h1<q>': 0.01,
  'a0.h1->m0': 0.2, // just too far to be tested again
};
const EFFECTS = { 'a0.h0->logits': 0.5, 'input->m0': -1.25, 'input->a0.h0<v>': -2 };

test('near the cutoff the cut decides, elsewhere |score|; what is not connected goes', async () => {
  const evaluator = evaluatorOf(EFFECTS);
  const { start, record } = await screen(evaluator, scoresOf(SCORES), { cutoff: 1, retest: 100, directEdges: false });
  // Within a factor of four of the cutoff, in the order in which a search tests.
  expect(evaluator.cut).toEqual(['m0->logits', 'a0.h0->logits', 'input->m0', 'input->a0.h0<v>']);
  const kept = [...start].filter((edge) => edge < topology.additionEdges).map((edge) => topology.edgeName(edge));
  // m0->logits has no effect by itself, so m0 leads nowhere; the same holds for a0.h0.
  expect(kept).toEqual(['input->logits']);
  expect(record).toEqual({ cutoff: 1, limit: 100, retested: 4, disagreed: 3, started: 1 });
  expect(start.equals(pruneDisconnected(start, false))).toBe(true);
});

test('no more edges are tested again than asked for, the nearest first', async () => {
  const evaluator = evaluatorOf({});
  const { start, record } = await screen(evaluator, scoresOf(SCORES), { cutoff: 1, retest: 1, directEdges: true });
  expect(evaluator.cut).toEqual(['input->m0']);
  expect(record).toMatchObject({ retested: 1, disagreed: 0 });
  expect(record.started).toBe(start.size);
  const none = evaluatorOf({});
  await screen(none, scoresOf(SCORES), { cutoff: 1, retest: 0, directEdges: false });
  expect(none.cut).toEqual([]);
});

test('direct edges all stay, since nothing scores them', async () => {
  const { start } = await screen(evaluatorOf({}), scoresOf({}), { cutoff: 1, retest: 5, directEdges: true });
  expect([...start].filter((edge) => edge >= topology.additionEdges)).toHaveLength(topology.directEdges);
  expect(start.additionSize).toBe(0);
});
