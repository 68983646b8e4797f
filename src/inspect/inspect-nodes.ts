import { mean } from '../base/mean.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { InputKind } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import { createScratch } from '../pass/pass-frame.js';
import { PatchedPass } from '../pass/patched-pass.js';
import { rowLists } from '../pass/row-lists.js';
import { Arena, type Tensor, sliceOf } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import { addToMeans, onlyFirst } from '../evaluate/mean-ablation.js';
import { inBatches, uploadIds } from '../evaluate/prompt-batch.js';
import type { PromptPair } from '../task/types.js';
import { bindDirectEffects } from './direct-effects.js';
import { inspectionTensors, planInspection } from './inspection-plan.js';
import { topTokens, type TopTokens } from './top-tokens.js';

/** How nodes behave on the clean prompts in the whole, unpatched model. */
export interface NodeBehaviour {
  /** Per asked writer, in the order asked for. */
  readonly nodes: readonly (TopTokens & {
    /** Heads only: per prompt the attention pattern, n x n row-major, n = tokens of the prompt; row = query. */
    readonly attention: readonly Float32Array[] | null;
  })[];
  /** Direct effects on the logit difference: direct[writer][prompt], every writer of the model. */
  readonly direct: readonly (readonly number[])[];
  /** What constants (biases, positions where they are no part of `input`) add, per prompt. */
  readonly constants: readonly number[];
}

export interface NodeInspection {
  /** Whether position embeddings belong to the writer `input` or are a constant. */
  readonly input: InputKind;
  /** Most bytes beside the weights. */
  readonly budget: number;
}

/** Nodes' logits that are on the device at once, in bytes: more would not be faster. */
export const MAX_LOGITS = 2 ** 26;

/**
 * Runs the whole model over the clean prompts and measures some of its nodes. Cost: one forward pass over the
 * prompts, one row of the unembedding per node asked for.
 *
 * @param asked writers by index, each once.
 */
export async function inspectNodes(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  asked: readonly number[],
  { input, budget }: NodeInspection,
): Promise<NodeBehaviour> {
  const { gpu, layout } = weights;
  const heads = asked.filter((writer) => topology.writers[writer]!.kind === 'head');
  const sequence = pairs.reduce((longest, pair) => Math.max(longest, pair.clean.length), 0);
  const { shape } = planInspection(
    topology,
    layout,
    { prompts: pairs.length, sequence, heads: heads.length },
    { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget },
  );
  const attention = new Map<number, Float32Array[]>(heads.map((writer) => [writer, []]));
  const direct = topology.writers.map((): number[] => []);
  const constants: number[] = [];
  const logitBiases = weights.unembedBias && new Float32Array(await gpu.read(weights.unembedBias));
  const arena = new Arena(gpu);
  try {
    const means = arena.tensor('mean parts', inspectionTensors(topology, layout, shape).means);
    const pass = await PatchedPass.create(createScratch(arena, weights, topology, shape, input));
    try {
      for (const part of inBatches(pairs, shape.prompts)) {
        const weight = 1 / pairs.length;
        const batch = await inspectBatch(pass, weights, topology, part, heads, { input, means, weight });
        for (const [writer, patterns] of batch.attention) attention.get(writer)!.push(...patterns);
        batch.direct.forEach((values, writer) => direct[writer]!.push(...values));
        constants.push(...batch.constants.map((value, n) => value + biasDifference(logitBiases, part[n]!)));
      }
    } finally {
      pass.dispose();
    }
    const tokens = await topTokens(weights, means, asked, Math.min(MAX_LOGITS, gpu.maxBinding, budget));
    const nodes = asked.map((writer, i) => ({ attention: attention.get(writer) ?? null, ...tokens[i]! }));
    return { nodes, direct, constants };
  } finally {
    arena.dispose();
  }
}

/** What the biases of the logits add to the logit difference. */
function biasDifference(biases: Float32Array | null, { correct, wrong }: PromptPair): number {
  if (!biases || correct.length === 0 || wrong.length === 0) return 0;
  return mean(correct.map((id) => biases[id]!)) - mean(wrong.map((id) => biases[id]!));
}

interface BatchUse {
  readonly input: InputKind;
  /** Receives `weight` times the sum over the batch's prompts of the writers' outputs through the final norm. */
  readonly means: Tensor;
  readonly weight: number;
}

async function inspectBatch(
  pass: PatchedPass,
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  heads: readonly number[],
  { input, means, weight }: BatchUse,
) {
  const { gpu } = weights;
  const { shape } = pass;
  const arena = new Arena(gpu);
  try {
    const rows = rowLists(
      shape,
      pairs.map(({ position }) => ({ position, firstDifference: 0 })),
    );
    const ids = uploadIds(arena, shape, pairs, 'clean');
    // The whole model reads no ablated value, but something must be bound.
    const bound = await pass.bind(arena, { ids, rows, ablated: pass.writers, ablatedProjections: undefined });
    const effects = await bindDirectEffects(arena, { pass, weights, input, metricTokens: rows.logits, pairs });
    const context = { arena, weights, tokens: shape.prompts, sequence: 1 };
    const addParts = await addToMeans(context, {
      outputs: effects.parts,
      groupOf: arena.upload('prompts that count', onlyFirst(pairs.length, shape.prompts)),
      scale: Float32Array.of(weight),
      means,
    });

    const recording = gpu.record();
    const patterns = new Map<number, () => Promise<ArrayBuffer>>();
    pass.encodeWhole(recording, bound, EdgeSet.full(topology), {
      taps: { pattern: (layer) => copyPatterns(recording, pass, topology, layer, heads, patterns) },
    });
    effects.encode(recording);
    addParts.encode(recording);
    const copies = [recording.readback(effects.dots), recording.readback(effects.constantDots)];
    recording.submit();
    const [attention, [dots, constants]] = await Promise.all([
      Promise.all(
        [...patterns].map(
          async ([writer, copy]) => [writer, unpadded(new Float32Array(await copy()), shape.sequence, pairs)] as const,
        ),
      ),
      Promise.all(copies.map(async (copy) => new Float32Array(await copy()))),
    ]);
    const ofPrompts = (values: Float32Array, first: number): number[] => [
      ...values.subarray(first, first + pairs.length),
    ];
    return {
      attention,
      direct: topology.writers.map((_, writer) => ofPrompts(dots!, writer * shape.prompts)),
      constants: ofPrompts(constants!, 0),
    };
  } finally {
    arena.dispose();
  }
}

/** The next layer overwrites the patterns. */
function copyPatterns(
  recording: Recording,
  { tensors, shape }: PatchedPass,
  topology: Topology,
  layer: number,
  heads: readonly number[],
  copies: Map<number, () => Promise<ArrayBuffer>>,
): void {
  const size = shape.prompts * shape.sequence * shape.sequence;
  for (const writer of heads) {
    const node = topology.writers[writer]!;
    if (node.kind !== 'head' || node.layer !== layer) continue;
    copies.set(writer, recording.readback(sliceOf(tensors.pattern, node.head * size, size)));
  }
}

/** Patterns [prompts, sequence, sequence] without the rows and columns that fill up short prompts. */
function unpadded(patterns: Float32Array, sequence: number, pairs: readonly PromptPair[]): Float32Array[] {
  return pairs.map(({ clean: { length } }, n) => {
    const pattern = new Float32Array(length * length);
    for (let query = 0; query < length; query++) {
      const at = (n * sequence + query) * sequence;
      pattern.set(patterns.subarray(at, at + length), query * length);
    }
    return pattern;
  });
}
