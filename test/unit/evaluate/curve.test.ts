import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import type { CircuitEvaluator } from '../../../src/circuit/evaluator.js';
import { curveSizes, faithfulnessCurve } from '../../../src/evaluate/curve.js';
import { SAMPLE_TOPOLOGY as topology, sampleCircuit, sampleDirectCircuit } from '../../support/sample-circuit.js';

test.each([
  [0, [0]],
  [1, [1]],
  [2, [1, 2]],
  [7, [1, 2, 5, 7]],
  [10, [1, 2, 5, 10]],
  [94, [1, 2, 5, 10, 20, 50, 94]],
  [1001, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1001]],
])('sizes up to %i', (kept, sizes) => {
  expect(curveSizes(kept)).toEqual(sizes);
});

/** Metric 8 - kept edges, and what it was asked about. */
function countingEvaluator(): { readonly evaluator: CircuitEvaluator; readonly asked: string[][] } {
  const asked: string[][] = [];
  const perPrompt = (circuits: readonly EdgeSet[]): Promise<number[][]> => {
    asked.push(...circuits.map((circuit) => [...circuit].map((id) => topology.edgeName(id))));
    return Promise.resolve(circuits.map((circuit) => [8 - circuit.additionSize]));
  };
  return { evaluator: { most: 1, perPrompt }, asked };
}

const addition = (name: string): boolean => topology.edgeId(name)! < topology.additionEdges;

test('the strongest edges by |effect| come first; direct edges that were not decided on stay', async () => {
  const { evaluator, asked } = countingEvaluator();
  const points = await faithfulnessCurve(evaluator, sampleCircuit(), { model: 0, empty: 8 });
  expect(points).toEqual([1, 2, 5, 7].map((edges) => ({ edges, faithfulness: edges / 8 })));
  const additions = asked.map((names) => names.filter(addition).sort());
  expect(additions.slice(0, 3)).toEqual([
    ['a0.h1->a1.h0<v>'],
    ['a0.h1->a1.h0<v>', 'm1->logits'],
    ['a0.h1->a1.h0<q>', 'a0.h1->a1.h0<v>', 'a1.h0->logits', 'input->a0.h1<v>', 'm1->logits'],
  ]);
  for (const names of asked) expect(names.filter((name) => !addition(name))).toHaveLength(topology.directEdges);
});

test('direct edges that were decided on count; an effect that is not a number is the strongest', async () => {
  const { evaluator, asked } = countingEvaluator();
  await faithfulnessCurve(evaluator, sampleDirectCircuit(), { model: 0, empty: 8 });
  // The k and v edges of a1.h0 have no effect in the sample.
  expect(asked[0]).toEqual(['a1.h0<k>->a1.h0']);
  expect(asked[1]).toEqual(['a1.h0<k>->a1.h0', 'a1.h0<v>->a1.h0']);
  expect(asked.map((names) => names.length)).toEqual([1, 2, 5, 10]);
});

test('no edge at all, and no difference to measure by', async () => {
  const { evaluator } = countingEvaluator();
  const none = sampleCircuit({ kept: EdgeSet.empty(topology) });
  expect(await faithfulnessCurve(evaluator, none, { model: 0, empty: 8 })).toEqual([{ edges: 0, faithfulness: 0 }]);
  expect(await faithfulnessCurve(evaluator, none, { model: 8, empty: 8 })).toEqual([{ edges: 0, faithfulness: null }]);
});
