import { groupsOf64 } from '../gpu/workgroups.js';
import type { GradientPass } from '../gradient/gradient-pass.js';
import { everyRow, matmul, runMatmul, wholeJobs } from '../gpu/product/matmul.js';
import { type GradientFrame } from '../gradient/gradient-frame.js';
import type { Topology } from '../circuit/topology.js';
import type { GradientShape } from '../gradient/gradient-plan.js';
import type { Layout } from '../model/layout.js';
import { Arena } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import { PANEL4 } from '../gpu/product/matrix.js';
import type { PromptPair } from '../task/types.js';
import { uploadSide } from './ablated-differences.js';
import type { AttributionProgress, SettledOptions } from './options.js';
import type { MeanSource } from '../evaluate/mean-ablation.js';
import { inBatches } from '../evaluate/prompt-batch.js';

/** Shapes of what information flow keeps beside the pass. */
export function flowTensors(
  { writers, layers, heads }: Topology,
  { width4 }: Layout,
  { prompts, sequence }: GradientShape,
) {
  const nearness = [writers.length, prompts * sequence];
  return {
    nearness,
    /** Every port group's on its way to the host. */
    copies: [2 * layers + 1, ...nearness],
    valueBiases: [layers, heads, 4 * width4],
  } satisfies Record<string, readonly number[]>;
}

/**
 * Sums over the prompts of information flow: of a port's writers, the share of each in max(0, |x|_1 - |x - y_u|_1), x the
 * stream that the port reads, mean over the prompt's positions up to the metric's. All ports of a layer's heads read one
 * stream, so their edges have one score. A head's value bias reaches its output unchanged, since patterns add up to 1; it
 * counts as a constant of the stream and not as the head's, as in the reference.
 *
 * Source: Ferrando and Voita 2024 (arXiv:2403.00824). Cost: one forward pass.
 */
export async function informationFlow(
  pass: GradientPass,
  pairs: readonly PromptPair[],
  _settled: SettledOptions,
  _source: MeanSource,
  onProgress: (progress: AttributionProgress) => void,
): Promise<{ readonly edges: Float64Array; readonly nodes: undefined }> {
  const { frame } = pass;
  const { topology, weights, shape, tokens, portGroups, tensors } = frame;
  const { gpu, layout } = weights;
  const sums = new Float64Array(topology.additionEdges);
  const arena = new Arena(gpu);
  try {
    const withoutBias = await bindValueBiases(arena, frame);
    const nearness = arena.tensor('proximity', flowTensors(topology, layout, shape).nearness);
    const measures = await Promise.all(
      portGroups.map(({ stream, firstPort }) =>
        arena.operation('proximity', {
          buffers: { x: frame.streams[stream]!, y: tensors.differences, nearness },
          params: { tokens, writers: topology.fanIn(firstPort), width4: layout.width4 },
          overrides: {},
        }),
      ),
    );
    const batches = inBatches(pairs, shape.prompts);
    for (const [i, batch] of batches.entries()) {
      uploadSide(pass, batch, 'clean', 'clean');
      const recording = gpu.record();
      pass.forward(recording, { side: 'clean', from: 0, outputs: 'keep in differences' });
      withoutBias(recording);
      const copies = portGroups.map(({ firstPort }, g) => {
        recording.dispatchRows(measures[g]!, topology.fanIn(firstPort) * tokens);
        return recording.readback(nearness);
      });
      recording.submit();
      const values = await Promise.all(copies.map(async (copy) => new Float32Array(await copy())));
      portGroups.forEach(({ firstPort, ports }, g) => {
        const nearnesses = values[g]!;
        batch.forEach(({ position }, n) => {
          const shares = meanShares(nearnesses, topology.fanIn(firstPort), tokens, n * shape.sequence, position + 1);
          for (let port = firstPort; port < firstPort + ports; port++) {
            const edge = topology.firstEdge(port);
            shares.forEach((share, u) => (sums[edge + u]! += share));
          }
        });
      });
      onProgress({ done: i + 1, total: batches.length });
    }
    return { edges: sums, nodes: undefined };
  } finally {
    arena.dispose();
  }
}

/**
 * Per writer its mean share over `count` tokens from `first` on; a token where no writer brings the sum nearer counts 0. NaN
 * stays NaN.
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

/** Records the subtraction of b_V W_O from every head's outputs in `differences`. */
async function bindValueBiases(arena: Arena, frame: GradientFrame): Promise<(recording: Recording) => void> {
  const { weights, topology, tensors, tokens } = frame;
  const { head4, width4 } = weights.layout;
  const { heads } = topology;
  const once = weights.gpu.record();
  const operations: { readonly operation: Operation; readonly count: number }[] = [];
  for (const [layer, { qkvBias, attentionOut }] of weights.layers.entries()) {
    const own = arena.tensor(`value biases of layer ${layer}`, [heads, 4 * width4]);
    const jobs = Array.from({ length: heads }, (_, h) => ({
      a: (2 * heads + h) * head4,
      weight: h * 4 * head4 * PANEL4,
      out: h * width4,
      rows: everyRow(1),
    }));
    for (const [i, chunk] of attentionOut.chunks.entries()) {
      const product = await matmul(arena, attentionOut, i, {
        a: qkvBias,
        out: own,
        rows: 1,
        inner4: head4,
        outStride: width4,
        jobs: arena.upload('value bias jobs', Uint32Array.from(wholeJobs(chunk, jobs).flat())),
        jobsAt: 0,
        bias: undefined,
      });
      runMatmul(once, product, heads);
    }
    const operation = await arena.operation('subtract_outputs', {
      buffers: { x: own, y: tensors.differences },
      params: { tokens, width4, parts: heads, first: topology.headWriter(layer, 0) },
      overrides: { SAME_AT_EVERY_TOKEN: 1 },
    });
    operations.push({ operation, count: heads * tokens * width4 });
  }
  once.submit();
  return (recording) =>
    operations.forEach(({ operation, count }) => recording.dispatchRows(operation, groupsOf64(count)));
}
