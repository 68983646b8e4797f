import type { AttentionRow } from '../circuit/details.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { isAttentionPort } from '../circuit/nodes.js';
import type { TaskEvaluator } from '../evaluate/task-evaluator.js';
import { measuredPrompts } from '../evaluate/whole-answers.js';
import { sliceOf } from '../gpu/arena.js';
import type { PromptPair } from '../task/types.js';
import { circuitReaders, type UsedCircuit } from './uses.js';

/** A kept edge into a query or a key, and the heads of the circuit that read it, as writers. */
interface PatternEdge {
  readonly edge: number;
  readonly readers: readonly number[];
}

/**
 * Kept edges into queries and keys, in groups whose edges are cut at once. Those of a group go into one layer, and no
 * head reads two of them: heads of a layer do not read each other, so that each pattern is as if its edge alone were
 * cut.
 */
export function patternEdges(circuit: UsedCircuit['circuit']): PatternEdge[][] {
  const { topology, kept } = circuit;
  const readersOf = circuitReaders(circuit);
  const groups = new Map<string, PatternEdge[]>();
  topology.ports.forEach((port, p) => {
    if (!isAttentionPort(port) || port.branch === 'v') return;
    const readers = readersOf(p);
    if (readers.length === 0) return;
    for (let writer = 0; writer < topology.fanIn(p); writer++) {
      const edge = topology.firstEdge(p) + writer;
      if (!kept.has(edge)) continue;
      const isFree = (place: number): boolean =>
        !groups.get(`${port.layer} ${place}`)?.some((other) => other.readers.some((head) => readers.includes(head)));
      let place = 0;
      while (!isFree(place)) place++;
      const key = `${port.layer} ${place}`;
      groups.set(key, [...(groups.get(key) ?? []), { edge, readers }]);
    }
  });
  return [...groups.values()];
}

/** By edge, per prompt: rows of its readers, with the edge and without it. */
export type PatternReads = ReadonlyMap<number, readonly (readonly AttentionRow[])[]>;

/**
 * Where the readers of query and key edges attend in a circuit, with each edge and with it cut.
 *
 * Cost: a forward pass over the prompts, and one for every group of edges.
 *
 * @param groups see patternEdges. @param told how many of the prompts are told of, the first ones.
 * @param at where writers stand: see standingPositions.
 * @param onPass is told of every pass that is done.
 */
export async function patternReads(
  evaluator: TaskEvaluator,
  kept: EdgeSet,
  groups: readonly (readonly PatternEdge[])[],
  { pairs, told }: { readonly pairs: readonly PromptPair[]; readonly told: number },
  at: readonly (readonly number[])[],
  onPass: () => void = () => {},
): Promise<PatternReads> {
  const { topology } = kept;
  const rowsOf = (writer: number, n: number): number[] =>
    n < told ? [...new Set([pairs[n]!.position, at[writer]![n]!])] : [];
  const readers = [...new Set(groups.flatMap((edges) => edges.flatMap((edge) => edge.readers)))];
  if (readers.length === 0) return new Map();
  const before = await rows(evaluator, kept, readers, pairs, rowsOf);
  onPass();
  const found = new Map<number, readonly (readonly AttentionRow[])[]>();
  for (const edges of groups) {
    const cut = new Set(edges.map(({ edge }) => edge));
    const circuit = EdgeSet.where(topology, (id) => kept.has(id) && !cut.has(id));
    const after = await rows(
      evaluator,
      circuit,
      edges.flatMap((edge) => edge.readers),
      pairs,
      rowsOf,
    );
    onPass();
    for (const { edge, readers: heads } of edges) {
      const ofPrompt = (n: number): AttentionRow[] =>
        heads.flatMap((writer) =>
          rowsOf(writer, n).map((query, i) => ({
            head: topology.writerName(writer),
            query,
            kept: before.get(writer)![n]![i]!,
            cut: after.get(writer)![n]![i]!,
          })),
        );
      found.set(
        edge,
        pairs.slice(0, told).map((_, n) => ofPrompt(n)),
      );
    }
  }
  return found;
}

/** Rows of patterns in a circuit: by the head's writer, per prompt those asked for, [tokens up to the query] each. */
async function rows(
  evaluator: TaskEvaluator,
  circuit: EdgeSet,
  heads: readonly number[],
  pairs: readonly PromptPair[],
  rowsOf: (writer: number, prompt: number) => readonly number[],
): Promise<ReadonlyMap<number, Float32Array[][]>> {
  const { topology } = circuit;
  const prompts = measuredPrompts(pairs);
  const found = new Map(heads.map((writer) => [writer, pairs.map((): Float32Array[] => [])]));
  let firstOfBatch = 0;
  await evaluator.observe(circuit, ({ arena, recording, pass, pairs: measured }) => {
    const { gpu } = arena;
    const { prompts: size, sequence } = pass.shape;
    const first = firstOfBatch;
    firstOfBatch += measured.length;
    // A whole answer is measured at several positions of one prompt. The first measurement serves.
    const places = measured.flatMap((_, m) => {
      const n = prompts[first + m]!;
      return first + m > 0 && prompts[first + m - 1] === n ? [] : [{ m, n }];
    });
    const asked = heads.flatMap((writer) =>
      places.flatMap(({ m, n }) => rowsOf(writer, n).map((query, i) => ({ writer, m, n, query, i }))),
    );
    const room = arena.tensor('rows of patterns', [Math.max(1, asked.length), sequence]);
    // The next layer overwrites the patterns.
    const pattern = (layer: number): void =>
      asked.forEach(({ writer, m, query }, at) => {
        const node = topology.writers[writer]!;
        if (node.kind !== 'head' || node.layer !== layer) return;
        const row = ((node.head * size + m) * sequence + query) * sequence;
        recording.copy(sliceOf(pass.tensors.pattern, row, sequence), sliceOf(room, at * sequence, sequence));
      });
    const read = async (): Promise<void> => {
      const values = new Float32Array(await gpu.read(room));
      asked.forEach(({ writer, n, query, i }, at) => {
        found.get(writer)![n]![i] = values.slice(at * sequence, at * sequence + query + 1);
      });
    };
    return { taps: { pattern }, read };
  });
  return found;
}
