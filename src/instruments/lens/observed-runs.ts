import { bindSet, tapsOf } from '../../block/place-parts.js';
import type { Topology } from '../../circuit/topology.js';
import { sliceOf } from '../../gpu/arena.js';
import type { BufferSlice } from '../../gpu/kernel.js';
import type { Recording } from '../../gpu/recording.js';
import { unpadded } from '../../inspect/attention-copies.js';
import type { HeadPlace } from '../../inspect/ov-tokens.js';
import type { ModelWeights } from '../../model/weights.js';
import type { PromptPair } from '../../task/types.js';
import { inUncutBatches } from './uncut-batches.js';

/** Rows at the measured positions of the prompts [N, stride], whose padding is zero. */
export type Rows = Float32Array<ArrayBuffer>;

/** What runs of the uncut model over the clean prompts had at the measured positions, by layer. */
export interface ObservedRuns {
  /** The residual stream before each layer, and after the last [N, 4 width4]. */
  readonly streams: readonly Rows[];
  /** Coefficients of the MLPs' neurons: the hidden layer as W_out reads it [N, 4 mlp4]. None without MLPs. */
  readonly hidden: readonly Rows[];
  /** What the norms after the heads and after the MLPs read [N, 4 width4]. None where there are no such norms. */
  readonly attentionSums: readonly Rows[];
  readonly mlpSums: readonly Rows[];
  /** Attention of each head on each prompt [n, n] row-major; empty unless asked for. */
  readonly patterns: readonly (readonly (readonly Float32Array[])[])[];
}

export interface ObservedUse {
  /** Most bytes on the device beside the weights. */
  readonly budget: number;
  /** Default false. */
  readonly patterns?: boolean;
  /** Heads whose outputs are set to zero. Default none. */
  readonly without?: readonly HeadPlace[];
}

/**
 * Runs the uncut model over the clean prompts. Cost: a forward pass. The host holds N (L + 1) rows of the stream and N
 * L of hidden layers.
 *
 * @param onDone is told how many prompts are done.
 */
export async function observeRuns(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  { budget, patterns = false, without = [] }: ObservedUse,
  onDone: (prompts: number) => void = () => {},
): Promise<ObservedRuns> {
  const { layers, heads } = topology;
  const { layout } = weights;
  const sizes = rowSizes(weights);
  const found: { streams: Rows[]; hidden: Rows[]; attentionSums: Rows[]; mlpSums: Rows[] } = {
    streams: [],
    hidden: [],
    attentionSums: [],
    mlpSums: [],
  };
  const attention = Array.from({ length: layers }, () => Array.from({ length: heads }, (): Float32Array[] => []));
  const prompts = pairs.map(({ clean, position }) => ({ ids: clean, position }));
  const beside = ({ prompts: at, sequence }: { readonly prompts: number; readonly sequence: number }) => ({
    'rows of streams': [layers + 1, at, 4 * layout.width4],
    'rows of hidden layers': [layers, at, 4 * layout.mlp4],
    'copies of patterns': [patterns ? layers * heads : 0, at * sequence, sequence],
  });
  let done = 0;
  await inUncutBatches(weights, topology, prompts, { budget, beside }, async (batch) => {
    const { pass, arena, rows } = batch;
    const { frame } = pass;
    const rooms = sizes.map(({ name, layers: of, size }) => ({
      name,
      size,
      each: Array.from({ length: of }, (_, layer) => arena.tensor(`${name} of layer ${layer}`, [rows.length, size])),
    }));
    const room = (name: keyof typeof found, layer: number): BufferSlice | undefined =>
      rooms.find((one) => one.name === name)?.each[layer];
    const recording = weights.gpu.record();
    const copies: (() => Promise<ArrayBuffer>)[] = [];
    const zeros = await Promise.all(
      without.map(({ layer, head }) =>
        bindSet(arena, pass, { place: 'head outputs', layers: [layer], heads: [head] }, 0),
      ),
    );
    const { taps, sets = false } = tapsOf(recording, zeros);
    const neurons = (layer: number): void =>
      copyRows(recording, rows, 4 * layout.mlp4, pass.view('neurons', layer).data, room('hidden', layer)!);
    const pattern = (): void => void copies.push(recording.readback(frame.tensors.pattern));
    pass.forward(recording, {
      side: 'clean',
      from: 0,
      outputs: 'forget',
      taps: { ...taps, ...(!topology.attentionOnly && { neurons }), ...(patterns && { pattern }) },
      sets,
    });
    for (let layer = 0; layer <= layers; layer++) {
      copyRows(recording, rows, 4 * layout.width4, pass.view('residual', layer).data, room('streams', layer)!);
      const sums = { attentionSums: frame.attentionSums[layer], mlpSums: frame.mlpSums[layer] };
      for (const name of ['attentionSums', 'mlpSums'] as const) {
        const to = room(name, layer);
        if (to) copyRows(recording, rows, 4 * layout.width4, sums[name]!, to);
      }
    }
    const reads = rooms.map(({ each }) => each.map((tensor) => recording.readback(tensor)));
    recording.submit();
    for (const [i, { name, size }] of rooms.entries()) {
      for (const [layer, read] of reads[i]!.entries()) {
        const values = new Float32Array(await read()).subarray(0, rows.length * size);
        found[name][layer] = joined(found[name][layer], values);
      }
    }
    const lengths = batch.prompts.map(({ ids }) => ids.length);
    for (const [layer, copy] of copies.entries()) {
      const all = new Float32Array(await copy());
      const size = frame.shape.prompts * frame.shape.sequence ** 2;
      for (let head = 0; head < heads; head++) {
        const ofHead = all.subarray(head * size, (head + 1) * size);
        attention[layer]![head]!.push(...unpadded(ofHead, frame.shape.sequence, lengths));
      }
    }
    onDone((done += rows.length));
  });
  return { ...found, patterns: patterns ? attention : [] };
}

/** What is read, of how many layers, and the numbers of a row. */
function rowSizes({ spec, layout }: ModelWeights) {
  const width = 4 * layout.width4;
  const after = spec.postNorms ? spec.layers : 0;
  const mlps = spec.mlp ? spec.layers : 0;
  return [
    { name: 'streams', layers: spec.layers + 1, size: width },
    { name: 'hidden', layers: mlps, size: 4 * layout.mlp4 },
    { name: 'attentionSums', layers: after, size: width },
    { name: 'mlpSums', layers: Math.min(after, mlps), size: width },
  ] as const;
}

function copyRows(
  recording: Recording,
  rows: readonly number[],
  stride: number,
  from: BufferSlice,
  to: BufferSlice,
): void {
  rows.forEach((row, n) => recording.copy(sliceOf(from, row * stride, stride), sliceOf(to, n * stride, stride)));
}

function joined(before: Rows | undefined, after: Float32Array): Rows {
  const all = new Float32Array((before?.length ?? 0) + after.length);
  if (before) all.set(before);
  all.set(after, before?.length ?? 0);
  return all;
}
