import { EdgewiseError } from '../base/errors.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { pruneDisconnected } from '../circuit/prune.js';
import type { SelectionRecord } from '../circuit/run-identity.js';
import { directScored, scoredEdges, type Scores } from '../circuit/scores.js';
import { byStrength, greedyEdges } from './greedy.js';

interface SelectionBasis {
  /** Compare |score| instead of the score. Signed choices mean what they say only in loss form. */
  readonly absolute: boolean;
  /** Remove what is not connected with both `input` and `logits` afterwards. */
  readonly prune: boolean;
}

/** How to choose edges from scores; `edges` and `nodes` count before pruning, as in EAP-IG and MIB. */
export type SelectionRule = SelectionBasis &
  (
    | { /** Scores from the threshold up, itself included. */ readonly rule: 'threshold'; readonly threshold: number }
    | { /** The edges with the highest scores. */ readonly rule: 'top'; readonly edges: number }
    | { /** From the logits down (see greedyEdges). */ readonly rule: 'greedy'; readonly edges: number }
    | {
        /** All edges out of the writers with the highest node scores, and out of writers without a score. */
        readonly rule: 'top-nodes';
        readonly nodes: number;
      }
  );

/** Equal scores of which some were taken and others left out, because no more were asked for. */
export interface Tie {
  /** The score, or |score|. */
  readonly strength: number;
  /** Number of those that were taken, and of all that could have been. */
  readonly taken: number;
  readonly tied: number;
}

export interface Selection {
  readonly kept: EdgeSet;
  /** Direct edges were chosen like the others. Otherwise all are kept, and are no part of the result. */
  readonly directTested: boolean;
  /** What was asked for, and the number of edges before pruning. */
  readonly record: SelectionRecord;
  /** Strongest first; none where the scores alone decide. A choice through a tie goes by the order of edges. */
  readonly ties: readonly Tie[];
  /** Edges left after pruning (direct ones only where they are scored), and writers with an outgoing edge. */
  readonly left: { readonly edges: number; readonly nodes: number };
}

/**
 * Chooses edges from scores (EAP-IG's `apply_threshold`, `apply_topn`, `apply_greedy`). Deterministic: equal scores go
 * by the index of the writer, then of the port. Edges without a score are never chosen. O(E log E).
 *
 * @throws EdgewiseError of kind `usage` where fewer edges or nodes are scored, or the rule's number is not as it should
 *   be.
 */
export function select(scores: Scores, rule: SelectionRule): Selection {
  const { topology } = scores;
  const directTested = directScored(scores) && rule.rule !== 'top-nodes';
  const { ids, ties } = rule.rule === 'top-nodes' ? edgesOutOfTop(scores, rule) : chosenEdges(scores, rule);
  const picked = new Set(ids);
  const chosen = EdgeSet.where(topology, (id) => picked.has(id) || (!directTested && id >= topology.additionEdges));
  const kept = rule.prune ? pruneDisconnected(chosen, directTested) : chosen;
  return {
    kept,
    directTested,
    record: { ...askedOf(rule), chosen: ids.length },
    ties,
    left: { edges: directTested ? kept.size : kept.additionSize, nodes: sendingWriters(kept) },
  };
}

/** What was asked for. */
export type AskedSelection = Omit<SelectionRecord, 'chosen'>;

/** The part of a selection's record that is known beforehand. */
export function askedOf(rule: SelectionRule): AskedSelection {
  const limit = 'threshold' in rule ? rule.threshold : 'edges' in rule ? rule.edges : rule.nodes;
  return { rule: rule.rule, limit, absolute: rule.absolute, pruned: rule.prune };
}

/** `9 of 40 edges with |score| 0 are taken, by the order of edges: nothing else ranks them`, for each tie. */
export function describeTies({ ties, record: { rule, absolute } }: Pick<Selection, 'ties' | 'record'>): string[] {
  const things = rule === 'top-nodes' ? 'nodes' : 'edges';
  const what = absolute ? '|score|' : 'score';
  return ties.map(
    ({ strength, taken, tied }) =>
      `${taken} of ${tied} ${things} with ${what} ${strength} are taken, by the order of ${things}: nothing else ranks them`,
  );
}

interface Chosen {
  readonly ids: readonly number[];
  readonly ties: readonly Tie[];
}

type EdgeRule = Exclude<SelectionRule, { readonly rule: 'top-nodes' }>;

function chosenEdges(scores: Scores, rule: EdgeRule): Chosen {
  const strengths = strengthsOf(scores.values, rule.absolute);
  if (rule.rule === 'threshold') {
    const { threshold } = rule;
    if (!Number.isFinite(threshold)) {
      throw new EdgewiseError('usage', 'threshold', `got ${threshold}, expected a finite number`);
    }
    return { ids: idsWhere(strengths, (strength) => strength >= threshold), ties: [] };
  }
  const most = scoredEdges(scores);
  checkCount(rule.rule, rule.edges, most, 'edges');
  if (rule.rule === 'top') return topEdges(scores, strengths, rule.edges);
  const { taken, left } = greedyEdges(scores, strengths, rule.edges);
  if (taken.length === rule.edges) return { ids: taken, ties: tiesBetween(taken, left, strengths) };
  const what = `only ${taken.length} scored edges are connected with the logits`;
  throw new EdgewiseError('usage', `greedy ${rule.edges}`, what);
}

/** The most edges that the rule `greedy` can choose: scored ones that are connected with the logits. */
export function mostGreedyEdges(scores: Scores, { absolute }: Pick<SelectionBasis, 'absolute'>): number {
  return greedyEdges(scores, strengthsOf(scores.values, absolute), scoredEdges(scores)).taken.length;
}

/** The edges that are stronger than the last one that fits, and of equally strong ones as many as fit. */
function topEdges({ topology }: Scores, strengths: Float64Array, count: number): Chosen {
  if (count === 0) return { ids: [], ties: [] };
  const ascending = strengths.filter((strength) => !Number.isNaN(strength)).sort();
  const last = ascending[ascending.length - count]!;
  const above = idsWhere(strengths, (strength) => strength > last);
  const precedes = byStrength(strengths, edgeEnds(topology));
  const equal = idsWhere(strengths, (strength) => strength === last).sort((a, b) => (precedes(a, b) ? -1 : 1));
  const taken = equal.slice(0, count - above.length);
  return { ids: [...above, ...taken], ties: tiesBetween(taken, equal.slice(taken.length), strengths) };
}

/** The strengths that are both among the taken ones and among those left out. */
function tiesBetween(taken: readonly number[], left: readonly number[], strengths: Float64Array): Tie[] {
  const count = (ids: readonly number[]): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const id of ids) counts.set(strengths[id]!, (counts.get(strengths[id]!) ?? 0) + 1);
    return counts;
  };
  const leftOut = count(left);
  return [...count(taken)]
    .filter(([strength]) => leftOut.has(strength))
    .map(([strength, number]) => ({ strength, taken: number, tied: number + leftOut.get(strength)! }))
    .sort((a, b) => b.strength - a.strength);
}

/** Addition edges out of the writers with the `nodes` highest scores; writers without a score are always in. */
function edgesOutOfTop(scores: Scores, rule: SelectionRule & { readonly rule: 'top-nodes' }): Chosen {
  const { topology, nodes } = scores;
  if (!nodes) throw new EdgewiseError('usage', 'top-nodes', 'the scores hold none of whole nodes');
  const strengths = strengthsOf(nodes, rule.absolute);
  const scored = [...strengths.keys()].filter((writer) => !Number.isNaN(strengths[writer]!));
  checkCount('top-nodes', rule.nodes, scored.length, 'nodes');
  scored.sort((a, b) => strengths[b]! - strengths[a]! || a - b);
  const [taken, left] = [scored.slice(0, rule.nodes), scored.slice(rule.nodes)];
  const dropped = new Set(left);
  const { writers } = edgeEnds(topology);
  return {
    ids: idsWhere(writers.subarray(0, topology.additionEdges), (writer) => !dropped.has(writer)),
    ties: tiesBetween(taken, left, strengths),
  };
}

function strengthsOf(values: Float64Array, absolute: boolean): Float64Array {
  return absolute ? values.map(Math.abs) : values;
}

function idsWhere(array: Float64Array | Int32Array, test: (value: number) => boolean): number[] {
  const ids: number[] = [];
  for (let id = 0; id < array.length; id++) if (test(array[id]!)) ids.push(id);
  return ids;
}

function checkCount(rule: string, count: number, most: number, things: string): void {
  if (!(Number.isSafeInteger(count) && count >= 0)) {
    throw new EdgewiseError('usage', rule, `got ${count}, expected a whole number of ${things}`);
  }
  if (count > most) throw new EdgewiseError('usage', `${rule} ${count}`, `only ${most} ${things} are scored`);
}

function sendingWriters(kept: EdgeSet): number {
  const { topology } = kept;
  const { writers } = edgeEnds(topology);
  const sending = new Set<number>();
  for (let id = 0; id < topology.additionEdges; id++) if (kept.has(id)) sending.add(writers[id]!);
  return sending.size;
}
