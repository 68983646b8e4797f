import { sliceOf, type Arena } from '../gpu/arena.js';
import type { Topology } from '../circuit/topology.js';
import type { ModelWeights } from '../model/weights.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import type { NormScales } from './norm-scales.js';
import type { Uses, ValueRead } from './uses.js';

/**
 * Means over the prompts of outputs at the positions where they are used, each times the scales of the norms on its
 * way: what norms and matrices then do is the same for all prompts. [4 * width4] each.
 */
export interface WrittenRows {
  /** Per asked writer its output, on its way through the final norm. */
  readonly nodes: readonly Float64Array[];
  /** Per value read the sender's output, on its way through the reader and the final norm. */
  readonly reads: readonly Float64Array[];
}

/** Rows of nothing, to be added to. */
export function noRows({ layout }: ModelWeights, nodes: number, reads: number): WrittenRows {
  const rows = (count: number): Float64Array[] =>
    Array.from({ length: count }, () => new Float64Array(4 * layout.width4));
  return { nodes: rows(nodes), reads: rows(reads) };
}

/** What is added of a batch of prompts. */
export interface WrittenUse {
  readonly asked: readonly number[];
  readonly reads: readonly ValueRead[];
  readonly uses: Uses;
  readonly scales: NormScales;
  readonly prompts: number;
  /** 1 / the number of all prompts. */
  readonly weight: number;
}

/** Adds `weight` times what the prompts of a whole pass write to the rows. */
export async function addWrittenRows(
  arena: Arena,
  pass: PatchedPass,
  weights: ModelWeights,
  rows: WrittenRows,
  { asked, reads, uses, scales, prompts, weight }: WrittenUse,
): Promise<void> {
  const { gpu, layout } = weights;
  const { topology, shape } = pass;
  const width = 4 * layout.width4;
  const tokens = shape.prompts * shape.sequence;
  const additions: { readonly to: Float64Array; readonly row: number; readonly by: number }[] = [];
  const gathered = new Map<number, number>();
  const add = (to: Float64Array, writer: number, token: number, by: number): void => {
    const source = writer * tokens + token;
    const row = gathered.get(source) ?? gathered.size;
    gathered.set(source, row);
    additions.push({ to, row, by });
  };
  for (let n = 0; n < prompts; n++) {
    const token = (position: number): number => n * shape.sequence + position;
    const onwards = (writer: number): number => {
      const at = token(uses.at[writer]![n]!);
      return scales.final[at]! * ontoStream(topology, scales, writer, at);
    };
    asked.forEach((writer, i) => add(rows.nodes[i]!, writer, token(uses.at[writer]![n]!), weight * onwards(writer)));
    reads.forEach(({ sender, reader }, i) => {
      const at = token(uses.read[i]![n]!);
      const through =
        weight * ontoStream(topology, scales, sender, at) * scales.before[headLayer(topology, reader)!]![at]!;
      add(rows.reads[i]!, sender, at, through * onwards(reader));
    });
  }
  const room = arena.tensor('rows that are used', [Math.max(1, gathered.size), width]);
  const recording = gpu.record();
  for (const [source, row] of gathered) {
    recording.copy(sliceOf(pass.writers, source * width, width), sliceOf(room, row * width, width));
  }
  const copy = recording.readback(room);
  recording.submit();
  const values = new Float32Array(await copy());
  for (const { to, row, by } of additions) {
    for (let i = 0; i < width; i++) to[i]! += by * values[row * width + i]!;
  }
}

/** The layer of a head; null of another writer. */
export function headLayer({ writers }: Topology, writer: number): number | null {
  const node = writers[writer]!;
  return node.kind === 'head' ? node.layer : null;
}

/** The scale of the norm between a writer and the stream: that after the heads of its layer. */
function ontoStream(topology: Topology, scales: NormScales, writer: number, at: number): number {
  const layer = headLayer(topology, writer);
  return layer === null ? 1 : scales.after[layer]![at]!;
}
