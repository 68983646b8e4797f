import { EdgewiseError } from '../base/errors.js';
import type { PromptScores } from './prompt-scores.js';
import type { AttributionSettings, RunIdentity } from './run-identity.js';
import type { Topology } from './topology.js';

/**
 * How scores were computed: all that is needed to compute them again. It is written into result files, so it holds no
 * dates, durations or paths. The fields of a search alone (threshold, order) are left out.
 */
export interface ScoresProvenance
  extends Omit<RunIdentity, 'threshold' | 'absolute' | 'senderHeads'>, AttributionSettings {
  readonly engineVersion: string;
  /** What a positive score means, in words. */
  readonly signConvention: string;
  readonly adapter: string;
  /** Matrix-product tile that the run was tuned to; null where there was nothing to choose. */
  readonly tile: string | null;
}

/**
 * How much each edge matters, as one method measured it. It is plain data: no circuit is chosen yet. Arrays are never
 * written to after creation. NaN = not scored, everywhere.
 */
export interface Scores {
  readonly topology: Topology;
  /** Width of the residual stream (d_model); null where the source does not say. */
  readonly width: number | null;
  /**
   * [edgeCount], by edge id, in the metric's unit. Loss form where `positive` is `helps`: the estimated rise of the
   * metric where the edge is cut.
   */
  readonly values: Float64Array;
  /** What a positive value means; null for a file of another program that does not say. */
  readonly positive: 'helps' | null;
  /** [writers]: scores of whole nodes, in the same sense; null where there are none. */
  readonly nodes: Float64Array | null;
  /**
   * [writers x width], row-major: scores of the output dimensions of nodes. A row is scored as a whole or not at all.
   */
  readonly neurons: Float64Array | null;
  /** Per prompt [edgeCount]: the values are their mean; null where they were not stored. */
  readonly perPrompt: readonly Float64Array[] | null;
  /** Per prompt, compact, where that was asked for. scores.json has no place for it; it goes to a file of its own. */
  readonly byPrompt?: PromptScores;
  /** Null for scores of another program, and for those that were combined. */
  readonly provenance: ScoresProvenance | null;
  /** Which scores these were made of, where they were combined. */
  readonly combined?: Combination;
}

/** How scores were made of others. */
export interface Combination {
  /** `mean`, `mean-rank`, `min` or `max`. */
  readonly how: string;
  /** SHA-256 (hex) of each file, and how its scores were computed; null where another program did. */
  readonly parts: readonly { readonly hash: string; readonly provenance: ScoresProvenance | null }[];
}

/**
 * The scores, after a check that their parts belong together.
 *
 * @throws EdgewiseError kind `circuit` where an array has a wrong length, a value is infinite, no edge, node or neuron
 *   is scored, or a row of neurons is scored in part.
 */
export function createScores(scores: Scores): Scores {
  const { topology, width, values, nodes, neurons, perPrompt } = scores;
  const { edgeCount, writers } = topology;
  checkArray('scores', values, edgeCount, 'one per edge', (id) => topology.edgeName(id));
  if (nodes) checkArray('node scores', nodes, writers.length, 'one per writer', (w) => topology.writerName(w));
  if (neurons) {
    if (width === null) throw new EdgewiseError('circuit', 'neuron scores', 'need the width of the residual stream');
    const row = (i: number): string => `${topology.writerName(Math.floor(i / width))}[${i % width}]`;
    checkArray('neuron scores', neurons, writers.length * width, 'writers x width', row);
    for (let first = 0; first < neurons.length; first += width) {
      const scored: number = neurons.subarray(first, first + width).filter(isScored).length;
      if (scored === 0 || scored === width) continue;
      const what = `${scored} of ${width} are scored, expected all or none`;
      throw new EdgewiseError('circuit', `neuron scores of ${topology.writerName(first / width)}`, what);
    }
  }
  perPrompt?.forEach((array, prompt) => {
    checkArray(`scores of prompt ${prompt}`, array, edgeCount, 'one per edge', (id) => topology.edgeName(id));
  });
  if (![values, nodes, neurons].some((array) => array?.some(isScored))) {
    throw new EdgewiseError('circuit', 'scores', 'nothing is scored');
  }
  return Object.freeze({ ...scores, perPrompt: perPrompt && Object.freeze([...perPrompt]) });
}

/** Whether direct edges were scored like the others. If not, every selection keeps them, and they are no part of it. */
export function directScored({ topology, values }: Pick<Scores, 'topology' | 'values'>): boolean {
  return values.subarray(topology.additionEdges).some(isScored);
}

/** Number of scored edges. */
export function scoredEdges({ values }: Scores): number {
  return values.reduce((count, value) => count + (isScored(value) ? 1 : 0), 0);
}

/**
 * The scores in loss form, for a caller who knows what a positive score means.
 *
 * @throws EdgewiseError kind `usage` where the scores themselves say the opposite.
 */
export function withSign(scores: Scores, positive: 'helps' | 'hurts'): Scores {
  if (scores.positive === positive) return scores;
  if (scores.positive !== null) {
    throw new EdgewiseError('usage', 'sign', `the scores say themselves that a positive one ${scores.positive}`);
  }
  if (positive === 'helps') return createScores({ ...scores, positive: 'helps' });
  return createScores({
    ...scores,
    values: negated(scores.values),
    positive: 'helps',
    nodes: scores.nodes && negated(scores.nodes),
    neurons: scores.neurons && negated(scores.neurons),
    perPrompt: scores.perPrompt && scores.perPrompt.map(negated),
  });
}

/** The values with the other sign. Zero stays zero, never -0. */
export function negated(values: Float64Array): Float64Array {
  return values.map((value) => (value === 0 ? 0 : -value));
}

function isScored(value: number): boolean {
  return !Number.isNaN(value);
}

function checkArray(
  where: string,
  array: Float64Array,
  length: number,
  each: string,
  name: (index: number) => string,
): void {
  if (array.length !== length) {
    throw new EdgewiseError('circuit', where, `${array.length} values, expected ${each} (${length})`);
  }
  const infinite = array.findIndex((value) => value === Infinity || value === -Infinity);
  if (infinite >= 0) {
    throw new EdgewiseError(
      'circuit',
      where,
      `${name(infinite)} is ${array[infinite]}, expected a finite number or NaN`,
    );
  }
}
