import type { Circuit } from '../../src/circuit/circuit.js';
import { measuresOf, signIsKnown, type Measure } from '../data/measure.js';
import type { EdgeRecord } from '../data/circuit-data.js';
import type { SignReading } from '../data/saved-view.js';
import { effectWords, formatCount, formatEffect, formatPercent } from './format.js';
import { worseWords } from './metric-words.js';
import type { ViewState } from './view-state.js';

/** What the numbers of a circuit are, in words. */
export interface MeasureWords {
  /** For a switch and for the head of a column: `In the circuit`. */
  readonly name: string;
  /** For marks of a width: `|effect|`, `|score|`, `share`. */
  readonly quantity: string;
  /** What the number is and what its sign means, in one or two sentences. */
  readonly about: string;
}

/** What the number of a link of an attribution graph is. */
export const ATTRIBUTION_WORDS: MeasureWords = {
  name: 'Weight',
  quantity: '|weight|',
  about: 'The weight of a link, as the file has it: the direct effect of its source on its target.',
};

/**
 * The measure that is drawn. At a moment of a replay and among edges that were removed it is the effect when they were
 * decided on: those have no other. What the circuits do not have is not drawn.
 */
export function measureDrawn(
  view: Pick<ViewState, 'drawnBy' | 'scope' | 'step'>,
  ...circuits: readonly Circuit[]
): Measure {
  const measures = measuresOf(...circuits);
  const asked = view.step !== null ? 'decided' : (view.drawnBy ?? (view.scope === 'all' ? 'decided' : null));
  return asked !== null && measures.includes(asked) ? asked : (measures[0] ?? 'decided');
}

/**
 * What a measure of a circuit, or of two circuits that are compared, is. An estimate is never called a difference of
 * metrics.
 */
export function measureWords(circuits: readonly Circuit[], measure: Measure, sign: SignReading): MeasureWords {
  const [a, b] = circuits.map((circuit) => wordsOf(circuit, measure, sign));
  if (!a || !b || a.about === b.about) return a ?? { name: 'Effect', quantity: '|effect|', about: '' };
  const [name, quantity] = [
    a.name === b.name ? a.name : 'Effect or score',
    a.quantity === b.quantity ? a.quantity : '|number|',
  ];
  return { name, quantity, about: `In A: ${a.about} In B: ${b.about}` };
}

function wordsOf(circuit: Circuit, measure: Measure, sign: SignReading): MeasureWords {
  switch (measure) {
    case 'circuit':
      return { name: 'In the circuit', quantity: '|effect|', about: inCircuitWords(circuit) };
    case 'decided':
      return decidedWords(circuit, signIsKnown(circuit, sign, 'decided'));
    case 'share': {
      const [best] = measuresOf(circuit);
      const of = wordsOf(circuit, best === 'circuit' ? 'circuit' : 'decided', sign);
      const about = `Share of what the reader gets = ${of.quantity} of the edge / sum of ${of.quantity} of all kept edges into the same node.`;
      return { name: 'Share of what the reader gets', quantity: 'share', about: `${about} ${of.about}` };
    }
  }
}

/** A number that is drawn, with its sign: `+0.0312`, or of shares `+34.0 %`. */
export function formatDrawn(value: number | null, measure: Measure): string {
  if (measure !== 'share' || value === null || !Number.isFinite(value) || value === 0) return formatEffect(value);
  return `${value < 0 ? '−' : '+'}${formatPercent(Math.abs(value))}`;
}

/** One number of an edge for its card. */
export interface EdgeNumber {
  readonly name: string;
  readonly value: number | null;
  /** What the number says: `helps the task`. */
  readonly words: string;
  readonly signKnown: boolean;
}

/**
 * What is known of an edge's worth: in the circuit and when it was decided on, whichever of both is drawn.
 *
 * @param decisions number of decisions of the search; null where the file does not say.
 */
export function edgeNumbers(
  circuit: Circuit,
  edge: EdgeRecord,
  decisions: number | null,
  sign: SignReading,
): EdgeNumber[] {
  const numbers: EdgeNumber[] = [];
  const { inCircuitEffect, decided, step } = edge;
  if (inCircuitEffect !== null) {
    const words = edge.idle
      ? 'carries nothing: cutting it changes the metric on no prompt'
      : effectWords(inCircuitEffect, true);
    numbers.push({ name: 'In the circuit', value: inCircuitEffect, words, signKnown: true });
  }
  if (decided !== null) {
    const known = signIsKnown(circuit, sign, 'decided');
    const when = step === null || decisions === null ? '' : `, step ${stepWords(step, decisions)}`;
    const { name } = decidedWords(circuit, known);
    numbers.push({ name, value: decided, words: `${effectWords(decided, known)}${when}`, signKnown: known });
  }
  return numbers;
}

/** `found in 19 of 20 searches, 95.0 % (interval 75.1 % to 99.9 %)`; null where no more searches were made. */
export function confidenceWords(circuit: Circuit, edge: string): string | null {
  const id = circuit.topology.edgeId(edge);
  const found = id === undefined ? undefined : circuit.stability?.get(id);
  if (!found) return null;
  const { count, of, lower, upper } = found;
  const interval = `95 % interval ${formatPercent(lower)} to ${formatPercent(upper)}`;
  return `found in ${formatCount(count)} of ${formatCount(of)} ${of === 1 ? 'search' : 'searches'}: ${formatPercent(count / of)}, ${interval}`;
}

/** `2 edges carry nothing: cutting one of them changes no prompt`; null for none. */
export function idleWords(edges: readonly EdgeRecord[]): string | null {
  const idle = edges.reduce((count, edge) => count + Number(edge.idle), 0);
  if (idle === 0) return null;
  return idle === 1
    ? '1 edge carries nothing: cutting it changes the metric on no prompt'
    : `${formatCount(idle)} edges carry nothing: cutting any one of them changes the metric on no prompt`;
}

function stepWords(step: number, decisions: number): string {
  return `${formatCount(step + 1)} of ${formatCount(decisions)}`;
}

const HELPS = 'Positive = the edge helps the task.';

function inCircuitWords({ provenance, inCircuit }: Circuit): string {
  const metric = inCircuit?.measuredWith?.metric ?? provenance?.metric;
  const worse = metric === undefined ? 'the metric rises (in loss form)' : worseWords(metric);
  return `Effect in the circuit = how much ${worse} when this edge alone is cut out of the found circuit. ${HELPS}`;
}

/** Methods that search by cutting edges one after the other. */
const SEARCHES: readonly string[] = ['acdc', 'screened'];
/** How the sign convention of scores ends that have no sign. */
const WITHOUT_SIGN = /: no sign$/;

function decidedWords({ provenance }: Circuit, signKnown: boolean): MeasureWords {
  if (!provenance) {
    const sign = signKnown
      ? 'They are read so that a positive score helps the task.'
      : 'It does not say whether a positive score helps.';
    return { name: 'Score', quantity: '|score|', about: `The scores are as in the file. ${sign}` };
  }
  const { method, metric, signConvention } = provenance;
  const worse = worseWords(metric);
  if (SEARCHES.includes(method)) {
    const when =
      'when the edge is cut out of the circuit of that moment, which still has the edges that are decided later';
    const about = `Effect when it was decided = how much ${worse} ${when}. ${HELPS}`;
    return { name: 'When decided', quantity: '|effect|', about };
  }
  if (method === 'exact') {
    const about = `Effect in the whole model = how much ${worse} when this edge alone is cut out of it. ${HELPS}`;
    return { name: 'In the whole model', quantity: '|effect|', about };
  }
  if (WITHOUT_SIGN.test(signConvention)) {
    const about = `${signConvention[0]!.toUpperCase()}${signConvention.slice(1)}. By ${method}; no edge was cut for it.`;
    return { name: 'Score', quantity: '|score|', about };
  }
  const about =
    `Score = an estimate by ${method} of how much ${worse} when the edge is cut; no edge was cut for it. ` +
    'Positive = by the estimate the edge helps the task.';
  return { name: 'Score', quantity: '|score|', about };
}
