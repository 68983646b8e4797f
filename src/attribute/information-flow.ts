import { attentionOutput, everyHeadOutput } from '../block/attention-output.js';
import { portGroups, type PortGroup } from '../block/groups.js';
import { normOfParts } from '../block/norm.js';
import { inTurn, type Piece, type PieceContext } from '../block/piece.js';
import { subtractOutputs } from '../block/stream.js';
import type { Topology } from '../circuit/topology.js';
import { inBatches } from '../evaluate/prompt-batch.js';
import type { GradientFrame } from '../gradient/gradient-frame.js';
import type { GradientPass } from '../gradient/gradient-pass.js';
import type { GradientShape } from '../gradient/gradient-plan.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import { projectionColumn4, type Layout } from '../model/layout.js';
import type { PromptPair } from '../task/types.js';
import { uploadSide } from './ablated-differences.js';
import type { AttributionProgress } from './options.js';
import type { PromptRows } from './score-sums.js';

/** Shapes of the tensors that information flow keeps beside the pass. */
export function flowTensors(topology: Topology, { width4, postNorms }: Layout, { prompts, sequence }: GradientShape) {
  const { writers, layers, heads } = topology;
  const nearness = [writers.length, prompts * sequence];
  return {
    nearness,
    /** Every port group's on its way to the host. */
    copies: [portGroups(topology).length, ...nearness],
    valueBiases: [layers, heads, 4 * width4],
    /** Outputs of a layer's heads before and after the norm after them, where there is one. */
    headOutputs: [postNorms ? heads : 0, prompts * sequence, 4 * width4],
    normedOutputs: [postNorms ? heads : 0, prompts * sequence, 4 * width4],
  } satisfies Record<string, readonly number[]>;
}

/**
 * Sums over the prompts of information flow. x is the stream that a port reads, y_u the output of a writer u. The
 * score of the edge is the share of u among the port's writers in max(0, |x|_1 - |x - y_u|_1), mean over the prompt's
 * positions up to the metric's. All ports of a layer's heads read one stream, so their edges have one score. A head's
 * value bias reaches its output unchanged, since patterns add up to 1. It counts as a constant of the stream and not
 * as the head's, as in the reference. Where a norm comes after the heads, a head's output is its part of the norm's, at
 * the scale of the run.
 *
 * Source: Ferrando and Voita 2024 (arXiv:2403.00824). Cost: one forward pass.
 */
export async function informationFlow(
  pass: GradientPass,
  pairs: readonly PromptPair[],
  onProgress: (progress: AttributionProgress) => void,
  rows?: PromptRows,
): Promise<{ readonly edges: Float64Array; readonly nodes: undefined }> {
  const { frame } = pass;
  const { topology, weights, shape, tokens } = frame;
  const { gpu, layout } = weights;
  const sums = new Float64Array(topology.additionEdges);
  const arena = new Arena(gpu);
  try {
    const context = { arena, weights, tokens, sequence: shape.sequence };
    const withoutBias = await bindValueBiases(context, frame);
    const throughNorms = await bindPostNorms(context, frame);
    const nearness = arena.tensor('proximity', flowTensors(topology, layout, shape).nearness);
    const measures = await Promise.all(frame.portGroups.map((group) => bindProximity(context, frame, group, nearness)));
    const batches = inBatches(pairs, shape.prompts);
    let first = 0;
    for (const [i, batch] of batches.entries()) {
      uploadSide(pass, batch, 'clean', 'clean');
      const recording = gpu.record();
      pass.forward(recording, { side: 'clean', from: 0, outputs: 'keep in differences' });
      withoutBias.encode(recording);
      throughNorms.encode(recording);
      const copies = measures.map((measure) => {
        measure.encode(recording);
        return recording.readback(nearness);
      });
      recording.submit();
      const values = await Promise.all(copies.map(async (copy) => new Float32Array(await copy())));
      frame.portGroups.forEach((group, g) => addShares(sums, frame, group, values[g]!, batch, rows, first));
      first += batch.length;
      onProgress({ done: i + 1, total: batches.length });
    }
    return { edges: sums, nodes: undefined };
  } finally {
    arena.dispose();
  }
}

/** How much nearer every writer brings the stream that the ports read: nearness [W, T] of stream [T, d] and outputs. */
async function bindProximity(
  { arena, weights, tokens }: PieceContext,
  { streams, tensors, topology }: GradientFrame,
  { reads, firstPort }: PortGroup,
  nearness: Tensor,
): Promise<Piece> {
  const writers = topology.fanIn(firstPort);
  const operation = await arena.operation('proximity', {
    buffers: { x: streams[reads]!, y: tensors.differences, nearness },
    params: { tokens, writers, width4: weights.layout.width4 },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatchRows(operation, writers * tokens) };
}

/**
 * Adds a batch's mean shares to the sums of the edges into a group of ports: one score for all of its ports.
 *
 * @param rows also takes them, prompt by prompt.
 * @param first number of prompts before the batch.
 */
function addShares(
  sums: Float64Array,
  { topology, tokens, shape }: GradientFrame,
  { firstPort, ports }: PortGroup,
  nearness: Float32Array,
  batch: readonly PromptPair[],
  rows: PromptRows | undefined,
  first: number,
): void {
  batch.forEach(({ position }, n) => {
    const shares = meanShares(nearness, topology.fanIn(firstPort), tokens, n * shape.sequence, position + 1);
    for (let port = firstPort; port < firstPort + ports; port++) {
      const edge = topology.firstEdge(port);
      shares.forEach((share, u) => {
        sums[edge + u]! += share;
        if (rows) rows.values[rows.promptOf[first + n]! * topology.additionEdges + edge + u] = share;
      });
    }
  });
}

/**
 * Per writer its mean share over `count` tokens from `first` on; a token where no writer brings the sum nearer counts
 * 0. NaN stays NaN.
 *
 * @param nearness [writers, tokens], negative where a writer leads away
 */
function meanShares(
  nearness: Float32Array,
  writers: number,
  tokens: number,
  first: number,
  count: number,
): Float64Array {
  const shares = new Float64Array(writers);
  for (let t = first; t < first + count; t++) {
    const near = (u: number): number => Math.max(0, nearness[u * tokens + t]!);
    let total = 0;
    for (let u = 0; u < writers; u++) total += near(u);
    if (total === 0) continue;
    for (let u = 0; u < writers; u++) shares[u]! += near(u) / total / count;
  }
  return shares;
}

/** Subtracts b_V W_O from every head's outputs in `differences`. Computes the products at once. */
async function bindValueBiases(context: PieceContext, { topology, tensors }: GradientFrame): Promise<Piece> {
  const { arena, weights } = context;
  const { width4 } = weights.layout;
  const { heads } = topology;
  const once = weights.gpu.record();
  const subtractions: Piece[] = [];
  for (const [layer, layerWeights] of weights.layers.entries()) {
    const outputs = arena.tensor(`value biases of layer ${layer}`, [heads, 4 * width4]);
    // The biases of all projections are one row of columns.
    const jobs = everyHeadOutput(context, layerWeights, 1, (head) => projectionColumn4(weights.layout, 'v', head));
    const product = await attentionOutput(context, layerWeights, jobs, { mixed: layerWeights.qkvBias, outputs });
    product.encode(once);
    const firstWriter = topology.headWriter(layer, 0);
    const { differences } = tensors;
    subtractions.push(
      await subtractOutputs(context, { outputs, sameAtEveryToken: true, differences, firstWriter, writers: heads }),
    );
  }
  once.submit();
  return inTurn(subtractions);
}

/** Puts every head's part of the norm after its layer's heads in place of its outputs in `differences`. */
async function bindPostNorms(
  context: PieceContext,
  { topology, tensors, attentionSums, shape }: GradientFrame,
): Promise<Piece> {
  const { arena, weights, tokens } = context;
  if (!weights.spec.postNorms) return inTurn([]);
  const { headOutputs, normedOutputs } = flowTensors(topology, weights.layout, shape);
  const before = arena.tensor('outputs of heads', headOutputs);
  const after = arena.tensor('outputs of heads through their norm', normedOutputs);
  const everyToken = Uint32Array.from({ length: tokens }, (_, t) => t);
  const rows = arena.upload('every token', everyToken);
  const size = tokens * 4 * weights.layout.width4;
  const layers = weights.layers.map(async ({ attentionPostNorm }, layer): Promise<Piece> => {
    const outputs = sliceOf(tensors.differences, topology.headWriter(layer, 0) * size, topology.heads * size);
    const parts = await normOfParts(context, attentionPostNorm!, {
      x: before,
      parts: topology.heads,
      tokens,
      rows,
      stream: attentionSums[layer]!,
      streams: tokens,
      bias: weights.attentionBias[0]!,
      y: after,
    });
    return {
      encode(recording) {
        recording.copy(outputs, before);
        parts.encode(recording);
        recording.copy(after, outputs);
      },
    };
  });
  return inTurn(await Promise.all(layers));
}
