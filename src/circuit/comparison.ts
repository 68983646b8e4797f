import { EdgewiseError } from '../base/errors.js';
import { finiteOrNull } from '../base/finite-or-null.js';
import { candidateEdges, type Circuit } from './circuit.js';
import type { NodeShape } from './nodes.js';

/** Where something that is in one of two circuits is, and whether its two effects have one sign. */
export type Contrast = 'both' | 'only-a' | 'only-b' | 'flipped';

export interface ContrastCounts {
  /** In both circuits, with effects of one sign. */
  readonly both: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** In both, with effects of opposite signs. */
  readonly flipped: number;
}

/** An edge or a node in one of the circuits. The effect is null where it was not measured. */
export interface ComparedItem {
  readonly inCircuit: boolean;
  readonly effect: number | null;
}

/** The contrast of an item; null where it is in neither circuit. Undefined: the circuit's model has no such item. */
export function contrastOf(a: ComparedItem | undefined, b: ComparedItem | undefined): Contrast | null {
  const [inA, inB] = [a?.inCircuit ?? false, b?.inCircuit ?? false];
  if (inA && inB) return Math.sign(a!.effect ?? 0) * Math.sign(b!.effect ?? 0) < 0 ? 'flipped' : 'both';
  if (inA) return 'only-a';
  return inB ? 'only-b' : null;
}

export function countContrasts(contrasts: readonly (Contrast | null)[]): ContrastCounts {
  const count = (kind: Contrast): number => contrasts.filter((contrast) => contrast === kind).length;
  return { both: count('both'), onlyA: count('only-a'), onlyB: count('only-b'), flipped: count('flipped') };
}

/** Jaccard index: elements in both circuits / elements in either; 1 where both are empty. */
export function jaccardIndex({ both, onlyA, onlyB, flipped }: ContrastCounts): number {
  const all = both + flipped + onlyA + onlyB;
  return all === 0 ? 1 : (both + flipped) / all;
}

/**
 * Spearman's rank correlation of paired numbers.
 *
 * @returns null for fewer than two pairs, or where one side is constant.
 */
export function rankCorrelation(x: readonly number[], y: readonly number[]): number | null {
  return rankedCorrelation(ranks(x), ranks(y));
}

/** Two circuits of one model, edge by edge. */
export interface CircuitComparison {
  readonly edges: ContrastCounts;
  readonly jaccard: number;
  /**
   * Spearman's, of |effect|, over the edges measured in both; null for fewer than two or where one side is constant.
   */
  readonly rankCorrelation: number | null;
}

/**
 * Compares circuits of one model. Direct edges count only where both circuits decided on them.
 *
 * @throws EdgewiseError kind `circuit` where heads share key and value ports in one of them alone.
 */
export function compareCircuits(a: Circuit, b: Circuit): CircuitComparison {
  refuseOtherPorts(a.topology, b.topology);
  const candidates = Math.min(candidateEdges(a), candidateEdges(b));
  const item = ({ kept, effects }: Circuit, id: number): ComparedItem => ({
    inCircuit: kept.has(id),
    effect: finiteOrNull(effects[id]),
  });
  const pairs = Array.from({ length: candidates }, (_, id) => [item(a, id), item(b, id)] as const);
  const edges = countContrasts(pairs.map(([inA, inB]) => contrastOf(inA, inB)));
  const measured = pairs.filter(([inA, inB]) => inA.effect !== null && inB.effect !== null);
  return {
    edges,
    jaccard: jaccardIndex(edges),
    rankCorrelation: rankCorrelation(
      measured.map(([inA]) => Math.abs(inA.effect!)),
      measured.map(([, inB]) => Math.abs(inB.effect!)),
    ),
  };
}

/** @throws EdgewiseError kind `circuit` where heads share key and value ports in one of two graphs alone. */
export function refuseOtherPorts(a: NodeShape, b: NodeShape, names: readonly [string, string] = ['a', 'b']): void {
  const [own, other] = [a, b].map(({ heads, kvPorts = heads }) => heads / kvPorts);
  if (own === other) return;
  const words = [own, other].map((size, i) =>
    size === 1 ? `every head of ${names[i]} has its own key and value ports` : `${size} heads of ${names[i]} share one`,
  );
  throw new EdgewiseError(
    'circuit',
    'comparison',
    `${words.join(', and ')}: edges into other ports cannot be compared`,
  );
}

/** Places from the smallest, from 1. Equal values share the mean of their places. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((x, y) => values[x]! - values[y]!);
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) result[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}

/** Pearson's correlation of ranks, which is Spearman's of what was ranked; null where one side is constant. */
export function rankedCorrelation(x: Float64Array, y: Float64Array): number | null {
  const mean = (x.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}
