import { EdgewiseError } from '../base/errors.js';
import { candidateEdges, createCircuit, type Circuit } from '../circuit/circuit.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import type { EdgeInclusions, Inclusion } from '../circuit/inclusion.js';
import { rankedCorrelation, ranks } from '../circuit/comparison.js';
import { agreementOf, overlapOf, type Agreement, type Overlap } from './agreement.js';
import { edgeInclusions, edgeKinds, inclusionAt, nodeInclusions, type EdgeKinds } from './inclusions.js';
import type { NullTask } from './null-task.js';

/** A circuit that was found, with the scores of the addition edges where the method has some. */
export interface FoundCircuit {
  readonly circuit: Circuit;
  readonly scores: Float64Array | undefined;
}

/** What varied from one search to the next. */
export const VARIATIONS = ['prompts', 'templates', 'seeds', 'orders', 'thresholds'] as const;
export type Variation = (typeof VARIATIONS)[number];

/** The circuit of the null control beside the circuit of the task. */
export interface NullControl extends Overlap, Pick<NullTask, 'shuffled' | 'unchanged'> {
  /** Edges of the null circuit. */
  readonly edges: number;
  /** Jaccard index that two circuits of these sizes have by chance. */
  readonly byChance: number;
  /** Spearman's, of the signed scores of all addition edges; null where there are none. */
  readonly spearman: number | null;
  /** Edges of the core that the null circuit has too. */
  readonly coreShared: number;
  readonly circuit: Circuit;
}

/** How far a circuit can be trusted. */
export interface Stability {
  readonly over: Variation;
  /** Names the searches: `draw 1`, a template, a threshold. */
  readonly draws: readonly string[];
  /** The circuit on all prompts, as asked. */
  readonly full: Circuit;
  /** Candidate edges of the model. */
  readonly candidates: number;
  readonly agreement: Agreement;
  /** Mean Jaccard index of the circuits with the full one. */
  readonly withFull: number;
  /** Edges of some circuit or of the full one. */
  readonly inclusions: EdgeInclusions;
  readonly nodes: ReadonlyMap<string, Inclusion>;
  readonly kinds: EdgeKinds;
  /** Null where there can be none: `noControl` says why. */
  readonly control: NullControl | null;
  readonly noControl: string | null;
}

/** A null control that was made, or why there is none. */
export type MadeControl = (FoundCircuit & Pick<NullTask, 'shuffled' | 'unchanged'>) | string;

/** Compares the circuits of searches that differ in one thing. Cost: see `agreementOf`. */
export function stabilityOf(
  over: Variation,
  full: FoundCircuit,
  draws: readonly (FoundCircuit & { readonly name: string })[],
  control: MadeControl,
): Stability {
  const { circuit } = full;
  const edges = candidateEdges(circuit);
  const circuits = draws.map((draw) => draw.circuit.kept);
  const scores = draws.flatMap((draw) => draw.scores ?? []);
  const inclusions = edgeInclusions(circuits, edges, circuit.kept);
  const kinds = edgeKinds(inclusions);
  const overlaps = circuits.map((kept) => overlapOf(kept, circuit.kept, edges).jaccard);
  return {
    over,
    draws: draws.map(({ name }) => name),
    full: circuit,
    candidates: edges,
    agreement: agreementOf(circuits, edges, scores.length === draws.length ? scores : undefined),
    withFull: overlaps.reduce((sum, one) => sum + one, 0) / overlaps.length,
    inclusions,
    nodes: nodeInclusions(circuits, circuit.directTested),
    kinds,
    control: typeof control === 'string' ? null : controlOf(full, control, edges, kinds),
    noControl: typeof control === 'string' ? control : null,
  };
}

/**
 * The circuit with how often each of its edges was found. Edges that it keeps and no search found have count 0.
 *
 * @throws EdgewiseError of kind circuit where it decided on direct edges and the searches did not.
 */
export function withStability(circuit: Circuit, { full, inclusions, draws }: Stability): Circuit {
  if (circuit.directTested && !full.directTested) {
    throw new EdgewiseError('circuit', 'the circuit', 'decided on direct edges, and the searches did not');
  }
  const never = inclusionAt(0, draws.length);
  const kept = [...circuit.kept].filter((id) => id < candidateEdges(circuit) && !inclusions.has(id));
  const all = [...inclusions, ...kept.map((id) => [id, never] as const)];
  const known = all.filter(([id]) => id < candidateEdges(circuit)).sort(([a], [b]) => a - b);
  return createCircuit({ ...circuit, stability: new Map(known) });
}

function controlOf(
  full: FoundCircuit,
  { circuit, scores, shuffled, unchanged }: Exclude<MadeControl, string>,
  edges: number,
  { core }: EdgeKinds,
): NullControl {
  const size = (kept: EdgeSet): number => (edges > kept.topology.additionEdges ? kept.size : kept.additionSize);
  const [mine, other] = [size(full.circuit.kept), size(circuit.kept)];
  const expected = (mine * other) / edges;
  return {
    shuffled,
    unchanged,
    edges: other,
    ...overlapOf(full.circuit.kept, circuit.kept, edges),
    byChance: mine + other === 0 ? 1 : expected / (mine + other - expected),
    spearman: full.scores && scores ? rankedCorrelation(ranks(full.scores), ranks(scores)) : null,
    coreShared: core.filter((id) => circuit.kept.has(id)).length,
    circuit,
  };
}
