import { expect, test } from 'vitest';
import { plantedModel, plantedTask } from '../../bench/planted/planted-model.js';
import { SMALL } from '../../bench/planted/shapes.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { acdc } from '../../src/discover/acdc.js';
import { uploadModel, withEvaluator } from '../support/evaluators.js';
import { useDevice } from '../support/gpu.js';

// Whether a pruner finds what was planted; chance would be 46 of 479 edges, a precision of 0.10.

const device = useDevice();

test.each([
  { metric: 'logit-diff', threshold: 0.2, seed: 1 },
  { metric: 'logit-diff', threshold: 0.2, seed: 2 },
  { metric: 'kl', threshold: 0.02, seed: 1 },
] as const)('ACDC finds the planted circuit, $metric, seed $seed', async ({ metric, threshold, seed }) => {
  const planted = await plantedModel(SMALL, seed);
  const task = await plantedTask(planted, 8, seed + 1);
  const model = await uploadModel(device.gpu, planted.model);
  const { topology } = model;
  await withEvaluator(model, task.pairs, { metric }, async (evaluator) => {
    const full = EdgeSet.full(topology);
    const [whole, none] = await evaluator.evaluate([full, EdgeSet.empty(topology)], ['logit-diff']);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(whole!['logit-diff']!)).toBeLessThan(-4);
    expect(Math.abs(mean(none!['logit-diff']!))).toBeLessThan(3);

    const { kept } = await acdc(evaluator, full, {
      threshold,
      absolute: false,
      senderHeads: 'descending',
      directEdges: false,
    });
    const found = [...kept].filter((edge) => edge < topology.additionEdges);
    const hits = found.filter((edge) => planted.edges.includes(edge)).length;
    expect(hits / found.length, 'precision').toBeGreaterThan(0.9);
    expect(hits / planted.edges.length, 'recall').toBeGreaterThan(0.75);
    for (const branch of ['q', 'k', 'v']) {
      expect(found.filter((edge) => topology.edgeName(edge).endsWith(`<${branch}>`)).length).toBeGreaterThan(4);
    }
  });
  model.weights.dispose();
});
