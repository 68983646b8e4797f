import { mean } from '../base/mean.js';
import type { InputKind } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import { createScratch } from '../pass/pass-frame.js';
import { PatchedPass } from '../pass/patched-pass.js';
import { Arena } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import { inBatches } from '../evaluate/prompt-batch.js';
import type { PromptPair } from '../task/types.js';
import type { HeadPatterns } from './attention-copies.js';
import { inspectBatch, type BatchBehaviour } from './inspect-batch.js';
import { inspectionTensors, planInspection } from './inspection-plan.js';
import type { Prediction } from './likeliest.js';
import { topTokens, type TokenValue, type TopTokens } from './top-tokens.js';
import { valueReads, type UsedCircuit } from './uses.js';
import { noRows } from './written-rows.js';
import { writtenTokens } from './written-tokens.js';

/** How nodes behave in the whole, unpatched model. */
export interface NodeBehaviour {
  /** Per asked writer, in the order asked for. */
  readonly nodes: readonly (TopTokens & {
    /**
     * Heads only: per prompt the attention pattern, n x n row-major, n = tokens of the prompt; row = query. On the
     * clean and on the corrupted prompts.
     */
    readonly attention: readonly Float32Array[] | null;
    readonly corruptedAttention: readonly Float32Array[] | null;
    /** Per prompt the place of the answer by the node's own output; null where a prompt has none. */
    readonly answerRank: readonly number[] | null;
  })[];
  /** Direct effects on the logit difference: direct[writer][prompt], every writer of the model. */
  readonly direct: readonly (readonly number[])[];
  /** What constants (biases, positions where they are no part of `input`) add, per prompt. */
  readonly constants: readonly number[];
  readonly predictions: readonly Prediction[];
  /** Where the outputs of a circuit are used, and what they promote there; null where no circuit was given. */
  readonly used: UsedOutputs | null;
}

export interface UsedOutputs {
  /** at[writer][prompt]: see standingPositions. */
  readonly at: readonly (readonly number[])[];
  /** Per asked writer, strongest first, means over the prompts. */
  readonly writes: readonly (readonly TokenValue[])[];
  /** The same by value edge, through the reader. */
  readonly writtenThrough: ReadonlyMap<number, readonly TokenValue[]>;
}

export interface NodeInspection {
  /** Whether position embeddings belong to the writer `input` or are a constant. */
  readonly input: InputKind;
  /** Most bytes beside the weights. */
  readonly budget: number;
  /** The circuit whose uses are followed. All its heads must be asked for. */
  readonly used?: UsedCircuit;
}

/** Nodes' logits that are on the device at once, in bytes: more would not be faster. */
export const MAX_LOGITS = 2 ** 26;

/**
 * Runs the whole model over the clean and the corrupted prompts and measures some of its nodes. Cost: two forward
 * passes over the prompts; one row of the unembedding per node asked for and prompt, two more per node and one per
 * value edge.
 *
 * @param asked writers by index, each once.
 */
export async function inspectNodes(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  asked: readonly number[],
  { input, budget, used }: NodeInspection,
): Promise<NodeBehaviour> {
  const { gpu, layout } = weights;
  const heads = asked.filter((writer) => topology.writers[writer]!.kind === 'head');
  const sequence = pairs.reduce((longest, pair) => Math.max(longest, pair.clean.length), 0);
  const reads = used ? valueReads(used.circuit) : [];
  const { shape } = planInspection(
    topology,
    layout,
    { prompts: pairs.length, sequence, heads: heads.length, rows: used ? asked.length + reads.length : 0 },
    { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget },
  );
  const rows = noRows(weights, asked.length, reads.length);
  const batches: BatchBehaviour[] = [];
  const maxBytes = Math.min(MAX_LOGITS, gpu.maxBinding, budget);
  const arena = new Arena(gpu);
  try {
    const means = arena.tensor('mean parts', inspectionTensors(topology, layout, shape).means);
    const pass = await PatchedPass.create(createScratch(arena, weights, topology, shape, input));
    try {
      let first = 0;
      for (const part of inBatches(pairs, shape.prompts)) {
        const batch = await inspectBatch(pass, weights, topology, part, {
          input,
          asked,
          heads,
          means,
          weight: 1 / pairs.length,
          used: used && { ...used, reads, rows },
          first,
          ranked: pairs.every(({ correct }) => correct.length > 0),
          maxBytes,
        });
        batches.push(batch);
        first += part.length;
      }
    } finally {
      pass.dispose();
    }
    const tokens = await topTokens(weights, means, asked, maxBytes);
    const written = used && (await writtenTokens(weights, topology, rows, { asked, reads }, maxBytes));
    const overBatches = <T>(of: (batch: BatchBehaviour) => readonly T[]): T[] => batches.flatMap((batch) => of(batch));
    const patterns = (writer: number, of: (batch: BatchBehaviour) => HeadPatterns): Float32Array[] | null =>
      heads.includes(writer) ? overBatches((batch) => of(batch).get(writer)!) : null;
    const ranked = batches.every(({ answerRanks }) => answerRanks !== null);
    const logitBiases = weights.unembedBias && new Float32Array(await gpu.read(weights.unembedBias));
    return {
      nodes: asked.map((writer, i) => ({
        attention: patterns(writer, ({ attention }) => attention),
        corruptedAttention: patterns(writer, ({ corruptedAttention }) => corruptedAttention),
        answerRank: ranked ? overBatches(({ answerRanks }) => answerRanks![i]!) : null,
        ...tokens[i]!,
      })),
      direct: topology.writers.map((_, writer) => overBatches(({ direct }) => direct[writer]!)),
      constants: overBatches(({ constants }) => constants).map(
        (value, n) => value + biasDifference(logitBiases, pairs[n]!),
      ),
      predictions: overBatches(({ predictions }) => predictions),
      used: written
        ? {
            at: topology.writers.map((_, writer) => overBatches(({ uses }) => uses!.at[writer]!)),
            writes: written.nodes,
            writtenThrough: written.edges,
          }
        : null,
    };
  } finally {
    arena.dispose();
  }
}

/** What the biases of the logits add to the logit difference. */
function biasDifference(biases: Float32Array | null, { correct, wrong }: PromptPair): number {
  if (!biases || correct.length === 0 || wrong.length === 0) return 0;
  return mean(correct.map((id) => biases[id]!)) - mean(wrong.map((id) => biases[id]!));
}
