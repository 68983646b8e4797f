import { expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { createRng } from '../../src/base/rng.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { planFor, topologyOf } from '../../src/run/identity.js';
import { Gpu } from '../../src/gpu/gpu.js';
import { inspectNodes } from '../../src/inspect/inspect-nodes.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import { uploadWeights } from '../../src/model/weights.js';
import { openDevice } from '../../src/node/device.js';
import { attribute } from '../../src/attribute/attribution.js';
import { PatchingEvaluator } from '../../src/evaluate/evaluator.js';
import { DEFAULT_BUDGET } from '../../src/evaluate/memory-plan.js';
import { expectClose } from '../support/gpu.js';
import { corruptedValues } from '../support/sides.js';

// A model of GPT-2 small's shape, with an adapter whose bindings end at 128 MiB: its embedding alone has 154 MB.

/** All twelve are the whole proof; a quarter of them is made always. Each layer is like the others. */
const LAYERS = process.env['EDGEWISE_ALL_RUNS'] === '1' ? 12 : 3;
const BINDING_LIMIT = 128 * 1024 * 1024;
const MOST_BYTES = 2e9;
const PROMPTS = 8;
const TOKENS = 15;

test(`${LAYERS} layers run in pieces, within 2 GB for 8 prompts of 15 tokens`, async () => {
  const spec = gpt2Spec({ layers: LAYERS, heads: 12, headWidth: 64, mlpWidth: 3072, vocab: 50257, maxPositions: 1024 });
  const model = await randomModel(spec, 1);
  const topology = topologyOf(model);
  if (LAYERS === 12) expect([topology.additionEdges, topology.edgeCount]).toEqual([32_491, 32_923]);
  const rng = createRng(2);
  const prompt = (): number[] => Array.from({ length: TOKENS }, () => rng.below(spec.vocab));
  const pairs = Array.from({ length: PROMPTS }, () => {
    return { clean: prompt(), corrupted: prompt(), position: TOKENS - 1, correct: [1], wrong: [2] };
  });

  let differences: number[] = [];
  const open = await openDevice();
  const gpu = new Gpu(open.device, open.adapter, { wait: open.wait, bindingLimit: BINDING_LIMIT });
  const weights = await uploadWeights(gpu, spec, model.weights);
  try {
    expect(weights.embed.chunks.length).toBeGreaterThan(1);
    const { shape } = planFor(model, topology, pairs, false, gpu);
    expect(shape.prompts).toBe(PROMPTS);
    const options = { metric: 'logit-diff', ablation: 'resample', input: 'token', directEdges: false, shape } as const;
    const evaluator = await PatchingEvaluator.create(weights, topology, pairs, options);
    try {
      const [none] = await evaluator.evaluate([EdgeSet.empty(topology)], ['logit-diff', 'kl']);
      const corrupted = await corruptedValues({ weights, topology }, pairs, ['logit-diff', 'kl']);
      expect(none).toEqual(corrupted);
      for (const value of none!.kl!) expect(value).toBeGreaterThan(0.01);
      const [whole] = await evaluator.evaluate([EdgeSet.full(topology)], ['logit-diff']);
      differences = whole!['logit-diff']!.map((loss) => -loss);
    } finally {
      evaluator.dispose();
    }
    const inspection = { input: 'token', budget: DEFAULT_BUDGET } as const;
    const everyNode = [...topology.writers.keys()];
    const { direct, constants, nodes } = await inspectNodes(weights, topology, pairs, everyNode, inspection);
    expect(nodes).toHaveLength(everyNode.length);
    const sums = constants.map((constant, n) => direct.reduce((sum, values) => sum + values[n]!, constant));
    expectClose('direct effects', sums, differences, 1e-3);

    // With frozen norms what a node loses at the logits when set to zero is its direct effect.
    const some = pairs.slice(0, 2);
    const attribution = { method: 'eap', metric: 'logit-diff', ablation: 'zero', input: 'token' } as const;
    const { scores } = await attribute(weights, topology, some, { ...attribution, backward: 'relp' });
    expect(scores.every(Number.isFinite)).toBe(true);
    const effects = direct.map((values) => mean(values.slice(0, some.length)));
    const intoLogits = scores.subarray(topology.firstEdge(topology.logitsPort));
    expectClose('scores of edges into the logits', intoLogits, effects, 1e-4);
  } finally {
    weights.dispose();
    await open.close();
  }
  expect(gpu.peakBytes).toBeLessThan(MOST_BYTES);
  expect(process.resourceUsage().maxRSS * 1024).toBeLessThan(MOST_BYTES);
}, 400_000);
