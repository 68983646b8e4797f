import { EdgeSet } from '../src/circuit/edge-set.js';
import type { LoadedModel } from '../src/model/load-model.js';
import { uploadWeights, type ModelWeights } from '../src/model/weights.js';
import { attribute } from '../src/attribute/attribution.js';
import type { AttributionMethod } from '../src/attribute/methods.js';
import { PatchingEvaluator } from '../src/evaluate/evaluator.js';
import { planFor, topologyOf } from '../src/run/identity.js';
import type { PromptPair } from '../src/task/types.js';
import { openFromFolder, openPlanted } from './acdc-workloads.js';
import { PROMPTS } from './planted/searches.js';
import type { Row } from './row.js';
import { summary } from './timing.js';
import type { WatchedGpu } from './watched-gpu.js';

/** Methods to measure, and what each should cost in forward passes: a backward pass costs about two. */
const METHODS: readonly { readonly name: string; readonly method: AttributionMethod; readonly passes: string }[] = [
  { name: 'EAP', method: 'eap', passes: '2 + 2' },
  { name: 'EAP-IG inputs, 5 steps', method: 'eap-ig-inputs', passes: '2 + 3 x 5' },
  { name: 'clean-corrupted', method: 'clean-corrupted', passes: '2 + 2 x 2' },
  { name: 'information flow', method: 'information-flow', passes: '1' },
];
const REPEATS = 3;

/** Seconds of the attribution methods beside those of a whole forward pass over the same prompts. */
export async function benchAttribution(gpu: WatchedGpu, _options: unknown, onRow: (row: Row) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, open } of [
    { name: 'tasks-4l, 16 prompts', open: () => openFromFolder('tasks-4l', 'ioi') },
    { name: `GPT-2 small's shape, ${PROMPTS} prompts of 15 tokens`, open: openPlanted },
  ]) {
    const { model, task } = await open();
    const { pairs } = task;
    const weights = await uploadWeights(gpu, model.spec, model.weights);
    try {
      const topology = topologyOf(model);
      const forward = await forwardPass(model, weights, pairs);
      for (const { name: title, method, passes } of METHODS) {
        const seconds: number[] = [];
        const before = { ...gpu.counters };
        for (let i = 0; i < REPEATS; i++) {
          const start = performance.now();
          await attribute(weights, topology, pairs, {
            method,
            metric: 'logit-diff',
            ablation: 'resample',
            input: 'token',
          });
          seconds.push((performance.now() - start) / 1000);
        }
        const { median } = summary(seconds);
        const row: Row = {
          name: `${name}: ${title}`,
          seconds: median,
          'forward pass, seconds': forward.seconds,
          'in forward passes': median / forward.seconds,
          expected: `${passes}, and the score products`,
          'FLOPs in forward passes': (gpu.counters.flops - before.flops) / REPEATS / forward.flops,
          dispatches: (gpu.counters.dispatches - before.dispatches) / REPEATS,
          'peak device MB': gpu.peakBytes / 1e6,
          'peak RSS MB': process.resourceUsage().maxRSS / 1e3,
        };
        onRow(row);
        rows.push(row);
      }
    } finally {
      weights.dispose();
    }
  }
  return rows;
}

/** A whole pass over all prompts, every node at every position that differs. */
async function forwardPass(
  model: LoadedModel,
  weights: ModelWeights,
  pairs: readonly PromptPair[],
): Promise<{ readonly seconds: number; readonly flops: number }> {
  const topology = topologyOf(model);
  const evaluator = await PatchingEvaluator.create(weights, topology, pairs, {
    metric: 'logit-diff',
    ablation: 'zero', // every position counts, as in a forward pass
    input: 'token',
    directEdges: false,
    whole: true,
    shape: planFor(model, topology, pairs, false, weights.gpu).shape,
  });
  try {
    const seconds: number[] = [];
    const { counters } = weights.gpu;
    const before = counters.flops;
    for (let i = 0; i < REPEATS; i++) {
      const start = performance.now();
      await evaluator.metric(EdgeSet.full(topology));
      seconds.push((performance.now() - start) / 1000);
    }
    return { seconds: summary(seconds).median, flops: (counters.flops - before) / REPEATS };
  } finally {
    evaluator.dispose();
  }
}
