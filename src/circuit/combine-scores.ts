import { EdgewiseError } from '../base/errors.js';
import { mean } from '../base/mean.js';
import { quote } from '../base/text.js';
import { ranks } from './comparison.js';
import { isGrouped } from './nodes.js';
import { createScores, type Scores } from './scores.js';
import { shapeDifference } from './topology-shape.js';

/** Ways to make one score of several. */
export const COMBINATIONS = {
  mean: { about: 'mean of the scores', of: mean },
  // As in Wilcoxon's test: strong edges lie far from 0 on either side, whatever the unit of the scores is.
  'mean-rank': {
    about: 'mean of the signed ranks (by |score|, from 1 at the weakest)',
    of: mean,
  },
  min: { about: 'smallest of the scores', of: (values: readonly number[]) => Math.min(...values) },
  max: { about: 'largest of the scores', of: (values: readonly number[]) => Math.max(...values) },
} as const satisfies Readonly<Record<string, { about: string; of: (values: readonly number[]) => number }>>;
export type CombinationName = keyof typeof COMBINATIONS;
export const COMBINATION_NAMES = Object.keys(COMBINATIONS) as readonly CombinationName[];

/** Scores to combine, with what is said of them. */
export interface CombinedPart {
  /** For messages. */
  readonly name: string;
  /** SHA-256 (hex) of the file. */
  readonly hash: string;
  readonly scores: Scores;
}

/**
 * One list of scores from several of the same edges. Scores of nodes are combined likewise where every part has them;
 * those of neurons and of prompts are left out. O(parts x edges), and a sort of the edges for `mean-rank`.
 *
 * @param parts two or more, in loss form.
 * @throws EdgewiseError: usage for fewer than two or a part whose sign nobody knows, circuit where two parts are of
 *   other models or score other edges.
 */
export function combineScores(parts: readonly CombinedPart[], how: CombinationName): Scores {
  const [first, ...others] = parts;
  if (!first || others.length === 0) {
    throw new EdgewiseError('usage', 'combine', `got ${parts.length}, expected two files of scores or more`);
  }
  for (const part of parts) {
    if (part.scores.positive !== null) continue;
    const what = 'does not say what a positive score means; --sign helps or --sign hurts says it';
    throw new EdgewiseError('usage', part.name, what);
  }
  for (const other of others) refuseOther(first, other);
  const { topology, width } = first.scores;
  const combined = (arrays: readonly Float64Array[]): Float64Array => {
    const columns = how === 'mean-rank' ? arrays.map(signedRanks) : arrays;
    return arrays[0]!.map((_, id) => COMBINATIONS[how].of(columns.map((column) => column[id]!)));
  };
  const nodes = parts.map(({ scores }) => scores.nodes);
  const haveNodes = nodes.every((one) => one !== null && sameScored(one, nodes[0]!));
  return createScores({
    topology,
    width,
    values: combined(parts.map(({ scores }) => scores.values)),
    positive: 'helps',
    nodes: haveNodes ? combined(nodes as readonly Float64Array[]) : null,
    neurons: null,
    perPrompt: null,
    provenance: null,
    combined: { how, parts: parts.map(({ hash, scores: { provenance } }) => ({ hash, provenance })) },
  });
}

/** @throws EdgewiseError of kind circuit that names what differs. */
function refuseOther(first: CombinedPart, other: CombinedPart): void {
  const [a, b] = [first.scores, other.scores];
  const refuse = (what: string): never => {
    throw new EdgewiseError('circuit', other.name, `${what} than ${first.name}`);
  };
  const field = shapeDifference(a.topology, b.topology);
  if (field === 'kvPorts') refuse(`has other ports of keys and values (kv-ports ${portsOf(b)})`);
  if (field !== undefined) refuse('is of a model of another shape');
  const [mine, theirs] = [a.provenance?.model, b.provenance?.model];
  if (mine && theirs && mine.hash !== theirs.hash) refuse(`is of another model, ${quote(theirs.name)},`);
  const at = a.values.findIndex((value, id) => Number.isNaN(value) !== Number.isNaN(b.values[id]!));
  if (at < 0) return;
  const edge = a.topology.edgeName(at);
  refuse(`scores other edges (${edge} has ${Number.isNaN(b.values[at]!) ? 'no score' : 'a score'})`);
}

function portsOf({ topology }: Scores): string {
  return isGrouped(topology) ? 'grouped' : 'per-head';
}

function sameScored(a: Float64Array, b: Float64Array): boolean {
  return a.every((value, i) => Number.isNaN(value) === Number.isNaN(b[i]!));
}

/** Places by |score|, from 1 at the weakest, with the sign of the score. Equals share the mean of their places. */
function signedRanks(values: Float64Array): Float64Array {
  const scored = [...values.keys()].filter((id) => !Number.isNaN(values[id]!));
  const places = ranks(scored.map((id) => Math.abs(values[id]!)));
  const signed = new Float64Array(values.length).fill(Number.NaN);
  scored.forEach((id, i) => (signed[id] = values[id] === 0 ? 0 : Math.sign(values[id]!) * places[i]!));
  return signed;
}
