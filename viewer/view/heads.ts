import { mean } from '../../src/base/mean.js';
import type { CircuitDetails, Look, NodeDetails, Verdict } from '../../src/circuit/details.js';
import type { CircuitData, NodeRecord } from '../data/circuit-data.js';
import { sortedBy } from './sorted-by.js';

/** A number that was measured on every prompt. */
export interface Spread {
  /** On the chosen prompt, or the mean over the prompts. Null where it is not finite. */
  readonly value: number | null;
  readonly mean: number;
  /** Standard deviation over the prompts. */
  readonly deviation: number;
  /** Prompts on which it is above 0, of so many. */
  readonly positive: number;
  readonly of: number;
  readonly perPrompt: readonly number[];
}

/** A row of the table of nodes. What the file does not hold is null or empty. */
export interface HeadRow {
  readonly node: NodeRecord;
  /** Direct effect on the logit difference, in the whole model. */
  readonly direct: Spread | null;
  /** What cutting all its outgoing edges costs in the circuit, loss form. */
  readonly inCircuit: Spread | null;
  readonly looks: readonly Look[];
  readonly verdicts: readonly Verdict[];
  /** Place of the answer among the tokens that the node promotes: median over the prompts, or on the chosen one. */
  readonly answerRank: number | null;
  /** Kept edges into it and out of it, and the sums of the numbers that are drawn. */
  readonly incoming: Sum;
  readonly outgoing: Sum;
}

export interface Sum {
  readonly edges: number;
  readonly sum: number;
}

/**
 * The nodes of the circuit that write, in the order of the model: heads, MLPs and the input.
 *
 * @param prompt index of the prompt that numbers are of. Null: means over the prompts.
 */
export function headRows(data: CircuitData, details: CircuitDetails | null, prompt: number | null): HeadRow[] {
  const sums = { source: sumsAt(data, 'source'), target: sumsAt(data, 'target') };
  return data.nodes
    .filter(({ inCircuit, kind }) => inCircuit && kind !== 'logits' && kind !== 'kv')
    .map((node): HeadRow => {
      const known = details && Object.hasOwn(details.nodes, node.id) ? details.nodes[node.id]! : null;
      return {
        node,
        direct: spreadOf(known?.direct, prompt),
        inCircuit: spreadOf(known?.inCircuit, prompt),
        looks: known?.looks ?? [],
        verdicts: known?.verdicts ?? [],
        answerRank: rankOf(known, prompt),
        incoming: sums.target.get(node.id) ?? NOTHING,
        outgoing: sums.source.get(node.id) ?? NOTHING,
      };
    });
}

/** Null where nothing was measured. Prompts on which it is not finite are left out. */
export function spreadOf(values: readonly number[] | null | undefined, prompt: number | null): Spread | null {
  const finite = values?.filter(Number.isFinite) ?? [];
  if (!values || finite.length === 0) return null;
  const middle = mean(finite);
  const chosen = prompt === null ? middle : values[prompt];
  return {
    value: chosen !== undefined && Number.isFinite(chosen) ? chosen : null,
    mean: middle,
    deviation: Math.sqrt(mean(finite.map((value) => (value - middle) ** 2))),
    positive: finite.filter((value) => value > 0).length,
    of: finite.length,
    perPrompt: values,
  };
}

/** The columns that the table can be sorted by, with the number or text that each sorts by. */
export const HEAD_COLUMNS = {
  node: ({ node }: HeadRow) => (node.layer ?? -1) * 1e6 + (node.head ?? 1e5),
  direct: ({ direct }: HeadRow) => direct?.value ?? null,
  looks: ({ looks }: HeadRow) => looks[0]?.share ?? null,
  verdict: ({ verdicts }: HeadRow) => verdicts[0]?.share ?? null,
  answerRank: ({ answerRank }: HeadRow) => answerRank,
  inCircuit: ({ inCircuit }: HeadRow) => inCircuit?.value ?? null,
  incoming: ({ incoming }: HeadRow) => incoming.sum,
  outgoing: ({ outgoing }: HeadRow) => outgoing.sum,
} satisfies Readonly<Record<string, (row: HeadRow) => number | null>>;
export type HeadColumn = keyof typeof HEAD_COLUMNS;

/** The rows by a column; those without a value come last, whatever the direction. */
export function sortHeads(rows: readonly HeadRow[], by: HeadColumn, downwards: boolean): HeadRow[] {
  return sortedBy(rows, HEAD_COLUMNS[by], downwards);
}

const NOTHING: Sum = { edges: 0, sum: 0 };

function sumsAt({ edges }: CircuitData, end: 'source' | 'target'): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const edge of edges) {
    if (!edge.inCircuit || edge.kind === 'direct') continue;
    const before = sums.get(edge[end]) ?? NOTHING;
    sums.set(edge[end], { edges: before.edges + 1, sum: before.sum + (edge.effect ?? 0) });
  }
  return sums;
}

/** Place of the answer on the chosen prompt, or the median over the prompts. Null where it was not measured. */
export function rankOf(node: Pick<NodeDetails, 'answerRank'> | null, prompt: number | null): number | null {
  const ranks = node?.answerRank ?? null;
  if (!ranks || ranks.length === 0) return null;
  return prompt === null ? medianOf(ranks) : (ranks[prompt] ?? null);
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
