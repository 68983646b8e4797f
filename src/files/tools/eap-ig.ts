import { EdgewiseError } from '../../base/errors.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { Scores } from '../../circuit/scores.js';
import type { Topology } from '../../circuit/topology.js';
import { circuitEntries, interchangeMembers, type InterchangeEntries } from '../own/interchange.js';
import { jsonFile } from '../../base/json/entry-lines.js';
import { refuseSharedPorts } from './per-head-ports.js';
import { scoresEntries } from '../own/scores-json.js';

/**
 * The circuit in EAP-IG's and MIB's schema and nothing else: `cfg`, `nodes`, `edges`, no NaN, no further keys. What
 * that schema has no place for is left out: direct edges, provenance, and that an edge was not tested (its score is 0).
 *
 * @throws EdgewiseError kind `circuit` where the width of the residual stream is not known, which `from_json` needs, or
 *   heads share key and value ports.
 */
export function writeEapIg(circuit: Circuit): string {
  return strictInterchange(circuit, circuitEntries(circuit));
}

/** The same of scores; every edge is in the graph (see writeScoresJson). */
export function writeEapIgScores(scores: Scores): string {
  return strictInterchange(scores, scoresEntries(scores));
}

/** A whole file of that schema. */
export function strictInterchange(
  { topology, width }: { topology: Topology; width: number | null },
  entries: InterchangeEntries,
): string {
  refuseSharedPorts(topology, 'EAP-IG');
  if (width === null) {
    throw new EdgewiseError(
      'circuit',
      'eap-ig',
      'needs the width of the residual stream (d_model), which the file does not say',
    );
  }
  return jsonFile('{}', interchangeMembers(topology, width, entries));
}
