import { finiteOrNull } from '../base/finite-or-null.js';
import { EdgewiseError } from '../base/errors.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { PerPrompt } from '../circuit/evaluator.js';
import { pruneDisconnected } from '../circuit/prune.js';
import type { Scores } from '../circuit/scores.js';
import { complementOf } from '../evaluate/curve.js';
import { meanOfDefined, distanceFaithfulness } from './retained.js';
import { rankEdges, rocOfRanking, type RocMeasures } from '../evaluate/roc.js';
import { circuitOf, faithfulnessOf, type Ends, type Passes } from './judged.js';

/** Shares of all edges at which MIB evaluates (Mueller et al. 2025, arXiv:2504.13151). */
export const FRACTIONS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1] as const;

/** How edges are ranked: by score, or by |score|. */
export const RANKINGS = ['signed', 'absolute'] as const;
export type Ranking = (typeof RANKINGS)[number];

export interface FractionPoint {
  readonly fraction: number;
  /** Edges taken: floor(fraction x edges). */
  readonly taken: number;
  /** Edges that are left after pruning, and writers that send one. */
  readonly edges: number;
  readonly nodes: number;
  readonly faithfulness: number | null;
  /** f of the model without the pruned circuit. The complement itself is not pruned. */
  readonly complementFaithfulness: number | null;
  /** Per prompt. */
  readonly ndf: readonly (number | null)[];
  readonly ndfMean: number | null;
}

/** Areas under the curve of faithfulness over fractions of the edges; null where a point is not defined. */
export interface FaithfulnessAreas {
  readonly ranking: Ranking;
  readonly points: readonly FractionPoint[];
  /** Trapezoids over the requested fraction, from 0.001 to 1: 0.999 for f = 1 throughout. */
  readonly cpr: number | null;
  /** The same of |1 - f|, and of max(0, 1 - f): lower is better. */
  readonly cmd: number | null;
  readonly cmdOneSided: number | null;
  /** The same of the complement's f. */
  readonly complementArea: number | null;
  /** Over the logarithm of the fraction. */
  readonly cprLog: number | null;
  readonly cmdLog: number | null;
  /** Mean of the ten f. */
  readonly average: number | null;
  /** Against true edges, one point for each number of the first edges; null where none are given. */
  readonly roc: RocMeasures | null;
}

/**
 * How good circuits chosen from scores are, at MIB's ten fractions. Cost: 20 evaluations.
 *
 * @param scores equal ones go by writer, then by port; edges without a score come last, by id. Direct edges stay.
 * @param truth kept edges are true.
 * @throws EdgewiseError: usage where no edge is scored, circuit where no edge is true or every one.
 */
export async function faithfulnessAreas(
  passes: Passes,
  ends: Ends,
  scores: Scores,
  ranking: Ranking,
  truth?: EdgeSet,
): Promise<FaithfulnessAreas> {
  const { topology } = scores;
  const order = rankAll(scores, ranking);
  const roc = truth ? rocOfRanking(order, { edges: topology.additionEdges, isTrue: trueEdges(truth) }) : null;
  const none = EdgeSet.empty(topology);
  const taken = FRACTIONS.map((fraction) => Math.floor(fraction * topology.additionEdges));
  const circuits = taken.map((n) => pruneDisconnected(circuitOf(none, order.slice(0, n)), false));
  passes.begin(`areas, ${ranking}`, 2 * circuits.length);
  const losses = await passes.losses([...circuits, ...circuits.map(complementOf)]);
  const points = circuits.map((circuit, i) => {
    const fraction = FRACTIONS[i]!;
    return pointAt(circuit, { fraction, taken: taken[i]! }, losses[i]!, losses[circuits.length + i]!, ends);
  });
  const f = points.map((point) => point.faithfulness);
  const off = f.map((value) => (value === null ? null : Math.abs(1 - value)));
  return {
    ranking,
    points,
    cpr: area(f),
    cmd: area(off),
    cmdOneSided: area(f.map((value) => (value === null ? null : Math.max(0, 1 - value)))),
    complementArea: area(points.map((point) => point.complementFaithfulness)),
    cprLog: area(f, Math.log),
    cmdLog: area(off, Math.log),
    average: f.includes(null) ? null : meanOfDefined(f),
    roc,
  };
}

/** Every addition edge, the strongest first. */
function rankAll({ topology, values }: Scores, ranking: Ranking): number[] {
  const order = rankEdges(values, edgeEnds(topology), topology.additionEdges, ranking === 'absolute');
  if (order.length === 0) throw new EdgewiseError('usage', 'areas', 'needs scores of edges, got scores of nodes alone');
  const ranked = new Set(order);
  for (let id = 0; id < topology.additionEdges; id++) if (!ranked.has(id)) order.push(id);
  return order;
}

function trueEdges(truth: EdgeSet): Set<number> {
  return new Set([...truth].filter((id) => id < truth.topology.additionEdges));
}

function pointAt(
  circuit: EdgeSet,
  { fraction, taken }: Pick<FractionPoint, 'fraction' | 'taken'>,
  losses: PerPrompt,
  complement: PerPrompt,
  ends: Ends,
): FractionPoint {
  const { writers } = edgeEnds(circuit.topology);
  const sending = [...circuit].filter((id) => id < circuit.topology.additionEdges).map((id) => writers[id]!);
  const ndf = distanceFaithfulness(losses, ends);
  return {
    fraction,
    taken,
    edges: circuit.additionSize,
    nodes: new Set(sending).size,
    faithfulness: faithfulnessOf(losses, ends),
    complementFaithfulness: faithfulnessOf(complement, ends),
    ndf,
    ndfMean: meanOfDefined(ndf),
  };
}

/** Trapezoids over the fractions. */
function area(values: readonly (number | null)[], axis: (fraction: number) => number = Number): number | null {
  let sum = 0;
  for (let i = 0; i + 1 < FRACTIONS.length; i++) {
    const [left, right] = [values[i] ?? Number.NaN, values[i + 1] ?? Number.NaN];
    sum += ((axis(FRACTIONS[i + 1]!) - axis(FRACTIONS[i]!)) * (left + right)) / 2;
  }
  return finiteOrNull(sum);
}
