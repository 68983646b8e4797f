/** What a run allocates against its memory plan. */
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { ABLATIONS } from '../../src/circuit/run-identity.js';
import { Gpu } from '../../src/gpu/gpu.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import { PatchingEvaluator } from '../../src/evaluate/evaluator.js';
import { planRun, type RunPlan, type RunSize } from '../../src/evaluate/memory-plan.js';
import { planFor } from '../../src/run/identity.js';
import { uploadModel } from '../support/evaluators.js';
import { smallSpec } from '../support/families.js';
import { useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';
import { EQUAL_PAIRS, pairsOf } from '../support/search-pairs.js';

const device = useDevice();
const spec = gpt2Spec({ layers: 3, heads: 3, headWidth: 13, mlpWidth: 150, vocab: 211, maxPositions: 9 });
/** An arena's block of uniforms: a run has one arena, each of its passes too, and so has the taking of means. */
const UNIFORMS = 65536;
/**
 * What is read back, ids and groups of the prompts that a mean is over, and what is kept of 2048 logits at a time: five
 * numbers.
 */
const BESIDE = 5e3;
/** Ids of 4 prompts with 132 answers each, in several lists. */
const LISTS = 3e4;

interface Case {
  readonly name: string;
  readonly size?: Partial<RunSize>;
  readonly budget?: number;
  readonly expected: { readonly microBatches?: number; readonly circuits?: number };
}

const CASES: readonly Case[] = [
  { name: 'all at once', expected: { microBatches: 1, circuits: 1 } },
  { name: 'direct edges', size: { directEdges: true }, expected: { microBatches: 1 } },
  { name: 'seven circuits', size: { circuits: 7, directEdges: true }, expected: { microBatches: 1, circuits: 7 } },
  {
    name: 'fewer circuits than asked for',
    size: { circuits: 16 },
    budget: 4e6,
    expected: { microBatches: 1, circuits: 4 },
  },
  { name: 'micro-batches', budget: 0.85e6, size: { circuits: 4 }, expected: { microBatches: 2, circuits: 1 } },
  {
    name: 'micro-batches and direct edges',
    budget: 0.85e6,
    size: { directEdges: true },
    expected: { microBatches: 5 },
  },
];

test.each(CASES)('$name', async ({ size, budget = 4e9, expected }) => {
  // Its counters start at 0.
  const gpu = new Gpu(device.gpu.device, device.gpu.adapter);
  const { weights, topology } = await uploadModel(gpu, await randomModel(spec, 1));
  const pairs = [
    ...pairsOf(randomNumbers(1), spec.vocab, EQUAL_PAIRS),
    ...pairsOf(randomNumbers(2), spec.vocab, EQUAL_PAIRS),
  ];
  const limits = { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget };
  const wanted = { prompts: pairs.length, sequence: 9, directEdges: false, circuits: 1, resident: true, ...size };
  const before = gpu.liveBytes;
  let most = 0;
  for (const ablation of ABLATIONS) {
    const means = { 'mean-positional': 9, mean: 1, zero: 0, resample: 0 }[ablation];
    const plan = planRun(topology, weights.layout, { ...wanted, meanGroups: means }, limits);
    expect({ microBatches: plan.microBatches, circuits: plan.shape.circuits }, ablation).toMatchObject(expected);
    expect(plan.bytes).toBeLessThanOrEqual(budget);
    if (most === 0) expect(gpu.peakBytes - before, 'left over from the weights').toBeLessThan(plan.bytes);
    const evaluator = await PatchingEvaluator.create(weights, topology, pairs, {
      ablation,
      input: 'token',
      metric: 'kl',
      shape: plan.shape,
      directEdges: wanted.directEdges,
    });
    try {
      const kept = plan.bytes - bytesOf(plan, 'means') + (1 + plan.microBatches) * UNIFORMS;
      expect(gpu.liveBytes - before, ablation).toBeGreaterThanOrEqual(kept);
      expect(gpu.liveBytes - before, ablation).toBeLessThanOrEqual(kept + BESIDE);
      await evaluator.evaluate(
        Array.from({ length: 9 }, (_, i) => EdgeSet.full(topology).without(i)),
        ['kl', 'logit-diff', 'prob-diff', 'accuracy'],
      );
    } finally {
      evaluator.dispose();
    }
    expect(gpu.liveBytes).toBe(before);
    const used = gpu.peakBytes - before;
    const arenas = 1 + plan.microBatches + Math.min(1, means);
    most = Math.max(most, plan.bytes + arenas * UNIFORMS + BESIDE);
    expect(used, ablation).toBeGreaterThanOrEqual(plan.bytes);
    expect(used, ablation).toBeLessThanOrEqual(most);
  }
  weights.dispose();
  expect(gpu.liveBytes).toBe(0);
});

describe.each([
  ['softcap', () => randomModel(smallSpec('gemma2', { vocab: 2501 }), 1)],
  ['bias', () => randomModel(smallSpec('phi', { vocab: 2501 }), 2)],
] as const)('logits with a %s', (_, load) => {
  test('columns of answers', async () => {
    const gpu = new Gpu(device.gpu.device, device.gpu.adapter);
    const model = await load();
    const { weights, topology } = await uploadModel(gpu, model);
    // More columns than two panels hold.
    const pairs = pairsOf(randomNumbers(3), 2501, EQUAL_PAIRS.slice(0, 4)).map((pair, n) => ({
      ...pair,
      correct: Array.from({ length: 130 }, (__, i) => 7 * i + (n % 2)),
    }));
    const plan = planFor(model, topology, pairs, false, gpu);
    expect(plan.microBatches).toBe(1);
    const before = gpu.liveBytes;
    const evaluator = await PatchingEvaluator.create(weights, topology, pairs, {
      ablation: 'resample',
      input: 'token',
      metric: 'logit-diff',
      shape: plan.shape,
      directEdges: false,
    });
    const kept = gpu.liveBytes - before;
    evaluator.dispose();
    const uniforms = (2 + plan.microBatches) * UNIFORMS;
    const once = bytesOf(plan, 'answerRows') + bytesOf(plan, 'copyOfAnswerRows') + bytesOf(plan, 'copyOfBiases');
    expect(bytesOf(plan, 'answerPanels')).toBeGreaterThan(0);
    expect(gpu.peakBytes - before).toBeLessThanOrEqual(plan.bytes + uniforms + LISTS);
    // Nothing is planned that is not there.
    expect(kept).toBeGreaterThan(plan.bytes - once);
    expect(kept).toBeLessThanOrEqual(plan.bytes - once + uniforms + LISTS);
    weights.dispose();
    expect(gpu.liveBytes).toBe(0);
  });
});

function bytesOf({ tensors }: RunPlan, name: string): number {
  return tensors.filter((tensor) => tensor.name === name).reduce((sum, { bytes, count }) => sum + bytes * count, 0);
}
