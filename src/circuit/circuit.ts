import { EdgewiseError } from '../base/errors.js';
import type { EdgeSet } from './edge-set.js';
import type { InCircuit } from './in-circuit.js';
import type { EdgeInclusions } from './inclusion.js';
import type { AttributionSettings, RunIdentity, ScreeningRecord, SelectionRecord, TrimRecord } from './run-identity.js';
import type { Topology } from './topology.js';

/**
 * How a circuit was found: all that is needed to find it again, and how far it can be trusted. It is written into
 * result files, so it holds no dates, durations or paths: equal runs write equal bytes.
 */
export interface Provenance extends RunIdentity, Partial<AttributionSettings> {
  readonly engineVersion: string;
  /** What a positive effect means, in words. */
  readonly signConvention: string;
  /** The order in which edges were tested, in words. */
  readonly order: string;
  readonly adapter: string;
  /** Tile shape of the matrix product; null where the file does not say. Results do not depend on it. */
  readonly tile: string | null;
  /**
   * Metric (loss form) of the whole model, this circuit and the empty circuit; null where not finite or not measured.
   */
  readonly metrics: { readonly initial: number | null; readonly final: number | null; readonly empty: number | null };
  /** (final - empty) / (initial - empty), or null where the denominator is too small. */
  readonly faithfulness: number | null;
  /** Smallest |effect - threshold| met, and at which edge: how near the closest decision was. */
  readonly minMargin: { readonly margin: number; readonly edge: string } | null;
  /** For circuits chosen from scores. Scores without it: nothing was chosen, and every edge is kept. */
  readonly selection?: SelectionRecord;
  /** For searches that started from less than the whole model. */
  readonly screening?: ScreeningRecord;
  /** Edges that carry nothing in the circuit were left out after it was found. */
  readonly dropIdle?: true;
  /** For circuits that were made smaller after the search. */
  readonly trimmed?: TrimRecord;
}

/** What is known of a circuit whose scores another program computed. */
export interface ImportRecord {
  /** `helps`: the person who imported the scores said that they are in loss form. Null: nobody said. */
  readonly positive: 'helps' | null;
  /** How the circuit was chosen here from the file's scores; null where the file itself says what is in it. */
  readonly selection: SelectionRecord | null;
}

/** A circuit that was found, as plain data. Arrays are indexed by edge id and never written to after creation. */
export interface Circuit {
  readonly topology: Topology;
  /** Width of the residual stream (d_model), for the interchange schema; null where the source does not say. */
  readonly width: number | null;
  readonly kept: EdgeSet;
  /** Per edge, loss form: positive = cutting the edge hurts the metric = the edge helps. NaN = untested. */
  readonly effects: Float64Array;
  /** Per edge: its place in the order of decisions, from 0; -1 = untested. */
  readonly steps: Int32Array;
  /** Ids of edges that were removed without a test, because nothing reads their receiver. */
  readonly untestedRemovals: readonly number[];
  /** Direct edges were decided on like the others. If not, all of them are kept, and they are no part of the result. */
  readonly directTested: boolean;
  /** Null for a circuit of another program. */
  readonly provenance: Provenance | null;
  /** Set for a circuit of another program that came through `import`. */
  readonly imported?: ImportRecord;
  /** What its edges are worth in it. Not set where that was not measured. */
  readonly inCircuit?: InCircuit;
  /** How often each edge is found when the search is made again. Not set where that was not done. */
  readonly stability?: EdgeInclusions;
}

/**
 * The circuit, after a check that its parts belong together.
 *
 * @throws EdgewiseError kind `circuit` where an array has another length than the topology has edges, the edge set
 * belongs to another topology, or an edge removed without a test is unknown or kept.
 */
export function createCircuit(circuit: Circuit): Circuit {
  const { topology, kept, effects, steps, untestedRemovals, inCircuit } = circuit;
  if (kept.topology !== topology) throw new EdgewiseError('circuit', 'kept', 'an edge set of another topology');
  for (const [field, array] of [
    ['effects', effects],
    ['steps', steps],
    ['inCircuit.effects', inCircuit?.effects],
  ] as const) {
    if (array && array.length !== topology.edgeCount) {
      throw new EdgewiseError(
        'circuit',
        field,
        `${array.length} values, expected one per edge (${topology.edgeCount})`,
      );
    }
  }
  for (const id of untestedRemovals) {
    if (kept.has(topology.edge(id).id)) {
      throw new EdgewiseError('circuit', 'untestedRemovals', `${topology.edgeName(id)} is kept`);
    }
  }
  for (const id of inCircuit?.idle ?? []) {
    if (!kept.has(id)) throw new EdgewiseError('circuit', 'inCircuit.idle', `${topology.edgeName(id)} is not kept`);
  }
  return Object.freeze({ ...circuit, untestedRemovals: Object.freeze([...untestedRemovals]) });
}

/** Number of edges that the circuit is chosen from: direct ones count only where they were decided on. */
export function candidateEdges(circuit: Pick<Circuit, 'topology' | 'directTested'>): number {
  return circuit.directTested ? circuit.topology.edgeCount : circuit.topology.additionEdges;
}

/** Number of candidate edges that the circuit keeps. */
export function keptEdges(circuit: Circuit): number {
  return circuit.directTested ? circuit.kept.size : circuit.kept.additionSize;
}

/** Whether it is known what a positive effect means: that the edge helps. */
export function signIsStated({ provenance, imported }: Circuit): boolean {
  return provenance !== null || imported?.positive === 'helps';
}
