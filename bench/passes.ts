import { createRng } from '../src/base/rng.js';
import { EdgeSet } from '../src/circuit/edge-set.js';
import { topologyOf } from '../src/run/identity.js';
import type { Gpu } from '../src/gpu/gpu.js';
import type { LoadedModel } from '../src/model/load-model.js';
import { gpt2Spec, randomModel } from '../src/model/random-model.js';
import { uploadWeights } from '../src/model/weights.js';
import { PatchingEvaluator } from '../src/evaluate/evaluator.js';
import type { PromptPair } from '../src/task/types.js';
import { metricValue } from '../test/oracle/metrics.js';
import { loadOracle, runCircuit, runModel } from '../test/oracle/model.js';
import type { Row } from './row.js';
import { summary } from './timing.js';

/** Sizes of the model that ships with the project, and GPT-2 small's layer at a third of its depth. */
const MODELS = [
  { name: 'tasks-4l', sizes: { layers: 4, heads: 8, headWidth: 16, mlpWidth: 512, vocab: 600, maxPositions: 64 } },
  {
    name: 'GPT-2 small, 4 of 12 layers',
    sizes: { layers: 4, heads: 12, headWidth: 64, mlpWidth: 3072, vocab: 8192, maxPositions: 64 },
  },
];
const PROMPTS = 8;
const TOKENS = 15;

/** Seconds per forward pass and per edge test of the plain evaluator, on random weights. */
export async function benchPasses(gpu: Gpu): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, sizes } of MODELS) {
    const model = await randomModel(gpt2Spec(sizes), 1);
    const weights = await uploadWeights(gpu, model.spec, model.weights);
    const topology = topologyOf(model);
    const rng = createRng(2);
    const prompt = (): number[] => Array.from({ length: TOKENS }, () => rng.below(sizes.vocab));
    const pairs = Array.from({ length: PROMPTS }, (): PromptPair => {
      return { clean: prompt(), corrupted: prompt(), position: TOKENS - 1, correct: [], wrong: [] };
    });
    const evaluator = await PatchingEvaluator.create(weights, topology, pairs, {
      metric: 'kl',
      ablation: 'resample',
      input: 'token',
      shape: { prompts: PROMPTS, sequence: TOKENS, circuits: 1, cutSums: 0 },
      directEdges: false,
    });
    const full = EdgeSet.full(topology);
    // Cutting an edge into layer 0 changes every layer: a whole pass.
    const whole = full.without(0);
    await assertCorrect(model, pairs[0]!, whole, (await evaluator.evaluate([whole], ['kl']))[0]!.kl![0]!);

    const measure = async (circuits: readonly EdgeSet[]) => {
      const seconds: number[] = [];
      await evaluator.metric(full);
      for (const circuit of circuits) {
        const start = performance.now();
        await evaluator.metric(circuit);
        seconds.push((performance.now() - start) / 1000);
      }
      return summary(seconds);
    };
    const before = { ...gpu.counters };
    const pass = await measure(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? whole : full)));
    const dispatches = (gpu.counters.dispatches - before.dispatches) / 11;
    const edges = Array.from({ length: 30 }, (_, i) => Math.floor((i * (topology.additionEdges - 1)) / 29)).reverse();
    const test = await measure(edges.map((edge) => full.without(edge)));
    const { layers, heads, headWidth, mlpWidth, vocab } = sizes;
    const width = heads * headWidth;
    const flops =
      PROMPTS * (TOKENS * layers * (8 * width * width + 4 * width * mlpWidth + 4 * TOKENS * width) + 2 * width * vocab);
    rows.push({
      name,
      'forward pass, ms': 1000 * pass.median,
      'GFLOP/s': flops / pass.median / 1e9,
      dispatches: Math.round(dispatches),
      'edge test, ms': 1000 * test.median,
      edges: topology.additionEdges,
      FLOPs: 'N (S L (8 d^2 + 4 d F + 4 S d) + 2 d V)',
    });
    evaluator.dispose();
    weights.dispose();
  }
  return rows;
}

async function assertCorrect(model: LoadedModel, pair: PromptPair, circuit: EdgeSet, got: number): Promise<void> {
  const oracle = await loadOracle(model);
  const { vocab } = model.spec;
  const last = (logits: Float64Array): Float64Array =>
    logits.subarray(pair.position * vocab, (pair.position + 1) * vocab);
  const clean = runModel(oracle, pair.clean);
  const patched = runCircuit(oracle, pair.clean, circuit, runModel(oracle, pair.corrupted));
  const expected = metricValue('kl', {
    logits: last(patched.logits),
    clean: last(clean.logits),
    correct: [],
    wrong: [],
  });
  if (!(Math.abs(got - expected) <= 1e-4)) throw new Error(`KL of a circuit is ${got}, expected ${expected}`);
}
