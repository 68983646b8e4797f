/** Models on the device and what passes over them give. */
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { Topology } from '../../src/circuit/topology.js';
import { LogitsReadout } from '../../src/readout/logits-readout.js';
import { createScratch } from '../../src/pass/pass-frame.js';
import { PatchedPass } from '../../src/pass/patched-pass.js';
import { Arena } from '../../src/gpu/arena.js';
import type { Gpu } from '../../src/gpu/gpu.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { uploadWeights, type ModelWeights } from '../../src/model/weights.js';
import { PatchingEvaluator, type EvaluatorOptions } from '../../src/evaluate/evaluator.js';
import { uploadPrompts } from '../../src/evaluate/prompt-batch.js';
import { topologyOf } from '../../src/run/identity.js';
import type { PromptPair } from '../../src/task/types.js';

/** A model whose weights are on the device. */
export interface DeviceModel {
  readonly weights: ModelWeights;
  readonly topology: Topology;
}

export async function uploadModel(gpu: Gpu, model: LoadedModel): Promise<DeviceModel> {
  return {
    weights: await uploadWeights(gpu, model.spec, model.weights),
    topology: topologyOf(model),
  };
}

/**
 * Options of an evaluator: those that matter to a test, over resample ablation of all prompts, one circuit at once and
 * no cut sums.
 */
export type EvaluatorChoice = Partial<Omit<EvaluatorOptions, 'shape'>> & {
  readonly prompts?: number;
  readonly circuits?: number;
  readonly cutSums?: number;
};

/** Evaluates with an evaluator that lives no longer. */
export async function withEvaluator<T>(
  { weights, topology }: DeviceModel,
  pairs: readonly PromptPair[],
  choice: EvaluatorChoice,
  use: (evaluator: PatchingEvaluator) => Promise<T>,
): Promise<T> {
  const { prompts = pairs.length, circuits = 1, cutSums = 0, ...options } = choice;
  const evaluator = await PatchingEvaluator.create(weights, topology, pairs, {
    ablation: 'resample',
    input: 'token',
    metric: 'kl',
    directEdges: false,
    shape: { prompts, circuits, cutSums, sequence: longest([...pairs, ...(options.meanSource?.pairs ?? [])]) },
    ...options,
  });
  try {
    return await use(evaluator);
  } finally {
    evaluator.dispose();
  }
}

function longest(pairs: readonly PromptPair[]): number {
  return Math.max(...pairs.map((pair) => pair.clean.length));
}

/** Logits of the untouched model at every position of every prompt: [prompt][length * vocab]. */
export async function allLogits(
  { weights, topology }: DeviceModel,
  pairs: readonly PromptPair[],
  side: 'clean' | 'corrupted',
): Promise<Float32Array[]> {
  // Every position is a prompt of its own, measured there.
  const positions = pairs.flatMap((pair) => pair[side].map((_, position) => ({ ...pair, position })));
  const shape = { prompts: positions.length, sequence: longest(pairs), circuits: 1, cutSums: 0 };
  const arena = new Arena(weights.gpu);
  const scratch = createScratch(arena, weights, topology, shape, 'token');
  const pass = await PatchedPass.create(scratch);
  try {
    const [batch] = uploadPrompts(arena, weights, topology, shape, positions, {
      directEdges: false,
      resample: true,
    });
    const readout = new LogitsReadout(scratch, arena);
    const bound = await pass.bind(arena, batch![side]);
    const logitsBound = await readout.bind(arena, batch!.reference, positions);
    const recording = weights.gpu.record();
    pass.encode(recording, bound, [EdgeSet.full(topology)]);
    readout.encodeLogits(recording, logitsBound, 1);
    recording.submit();
    const logits = new Float32Array(await weights.gpu.read(pass.tensors.logits));
    const stride = weights.layout.vocabStride;
    let row = 0;
    return pairs.map((pair) => {
      const rows = pair[side].map(() => logits.subarray(row * stride, row++ * stride + weights.spec.vocab));
      return Float32Array.from(rows.flatMap((values) => [...values]));
    });
  } finally {
    pass.dispose();
    arena.dispose();
  }
}
