import type { CircuitDetails } from '../../src/circuit/details.js';
import type { CircuitData } from '../data/circuit-data.js';
import type { AttentionView } from '../view/view-state.js';
import { linesDrawing } from './lines-drawing.js';
import { mapDrawing } from './map-drawing.js';
import type { DrawnPattern, Drawing } from './marks.js';
import { attentionOf, hasRun, type HeadPattern, type ShownAttention } from './patterns.js';
import { usedRows } from './used-rows.js';

/** The attention of some heads as the page shows it. */
export interface Attention {
  readonly shown: ShownAttention;
  /** The run that is shown: the clean one where the file does not hold the chosen one. */
  readonly run: AttentionView['run'];
  readonly hasCorrupted: boolean;
  /** By head the queries that the circuit uses; none where that is not known. */
  readonly used: ReadonlyMap<string, readonly number[]>;
  /** By head the queries that are drawn. */
  readonly rows: ReadonlyMap<string, readonly number[]>;
}

/**
 * @param data the circuit, which says what is used.
 * @param prompt index of the prompt that is asked for; null asks for the mean.
 * @returns null where none of the heads was measured.
 */
export function attentionShown(
  details: CircuitDetails,
  data: CircuitData,
  heads: readonly string[],
  view: AttentionView,
  prompt: number | null,
): Attention | null {
  const hasCorrupted = hasRun(details, heads, 'difference');
  const run = hasCorrupted ? view.run : 'clean';
  const shown = attentionOf(details, heads, run, prompt);
  if (!shown) return null;
  const all = shown.tokens.map((_, i) => i);
  const used = new Map(shown.patterns.map(({ head }) => [head, usedRows(details, data, head, shown.prompt)]));
  const rows = new Map([...used].map(([head, some]) => [head, view.rows === 'used' && some.length > 0 ? some : all]));
  return { shown, run, hasCorrupted, used, rows };
}

/** Distance of tokens in lines, with labels and without. */
const LINE_STEPS = { labelled: 16, small: 5 } as const;

/** Room for a drawing in CSS pixels. */
export interface PatternRoom {
  readonly width: number;
  /** Tokens are named. */
  readonly labelled: boolean;
  /** Sides of a cell. A map with room for less is wider than its room. */
  readonly least: number;
  readonly most: number;
}

/** The drawing of one head's pattern. */
export function drawingOf(
  attention: Attention,
  pattern: HeadPattern,
  as: AttentionView['as'],
  room: PatternRoom,
): Drawing {
  const { tokens, signed, most } = attention.shown;
  const { head, weights } = pattern;
  const [rows, used] = [attention.rows.get(head) ?? [], attention.used.get(head) ?? []];
  const drawn: DrawnPattern = { tokens, weights, signed, most, rows, used };
  if (as === 'map') return mapDrawing(drawn, room);
  const { width, labelled } = room;
  return linesDrawing(drawn, { width, labelled, step: labelled ? LINE_STEPS.labelled : LINE_STEPS.small });
}
