import { createCircuit, type Circuit, type Provenance } from './circuit.js';
import { EdgeSet } from './edge-set.js';
import { counted } from '../base/text.js';
import type { ScreeningRecord, SelectionRecord, TrimRecord } from './run-identity.js';
import { directScored, type Scores, type ScoresProvenance } from './scores.js';

/** A choice from scores. */
export interface ChosenEdges {
  readonly kept: EdgeSet;
  readonly directTested: boolean;
  readonly record: SelectionRecord;
}

/**
 * The circuit that was chosen from scores, with the scores as effects. Scores have no order of decisions.
 *
 * @param chosen null: nothing was chosen, and all edges are kept.
 */
export function circuitFromScores(scores: Scores, chosen: ChosenEdges | null): Circuit {
  const { topology, width, values, positive, provenance } = scores;
  const selection = chosen?.record ?? null;
  return createCircuit({
    topology,
    width,
    kept: chosen?.kept ?? EdgeSet.full(topology),
    effects: values,
    steps: new Int32Array(topology.edgeCount).fill(-1),
    untestedRemovals: [],
    directTested: chosen?.directTested ?? directScored(scores),
    provenance: provenance && circuitProvenance(provenance, selection),
    ...(provenance ? {} : { imported: { positive, selection } }),
  });
}

/** `top 200 by |score|, pruned`, or that nothing was selected. */
export function describeSelection(selection: SelectionRecord | null): string {
  if (!selection) return 'nothing was selected: every edge is kept';
  const { rule, limit, absolute, pruned, faithfulness } = selection;
  if (rule === 'circuit') {
    const size =
      faithfulness === undefined ? `at most ${limit} edges` : `the fewest edges with faithfulness ${faithfulness}`;
    return `${size} by |effect in the circuit|, pruned`;
  }
  const what = absolute ? '|score|' : 'score';
  const choice = rule === 'threshold' ? `${what} >= ${limit}` : `${rule} ${limit} by ${what}`;
  const fewest = faithfulness === undefined ? '' : `, the fewest with faithfulness ${faithfulness}`;
  return `${choice}${fewest}, ${pruned ? 'pruned' : 'not pruned'}`;
}

/** `to faithfulness 0.95, from 91 edges that the search kept`. */
export function describeTrim({ faithfulness, found }: TrimRecord): string {
  return `to faithfulness ${faithfulness}, from ${counted(found, 'edge')} that the search kept`;
}

/** `from 266 edges; 78 of 200 scores near 0.003 were on its wrong side`. */
export function describeScreening({ cutoff, retested, disagreed, started }: ScreeningRecord): string {
  return `from ${started} edges; ${disagreed} of ${retested} scores near ${Number(cutoff.toPrecision(4))} were on its wrong side`;
}

/** The provenance of a circuit that was chosen from scores. Nothing was measured of the circuit itself. */
export function circuitProvenance(scored: ScoresProvenance, selection: SelectionRecord | null): Provenance {
  return {
    ...scored,
    threshold: selection?.rule === 'threshold' ? selection.limit : null,
    absolute: selection?.absolute ?? false,
    senderHeads: null,
    order: describeSelection(selection),
    metrics: { initial: null, final: null, empty: null },
    faithfulness: null,
    minMargin: null,
    ...(selection ? { selection } : {}),
  };
}
