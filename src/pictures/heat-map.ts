import { xmlText } from '../files/graph/xml-text.js';
import { FAINT, FONT, LINE, textWidth, type Drawn } from './sheet.js';
import { element, text } from './svg-element.js';

export interface HeatMap {
  readonly name: string;
  /** Names of the rows and of the columns. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** By row and column; null where there is none. */
  readonly values: readonly (readonly (number | null)[])[];
  /** What a value is, in a few words. */
  readonly unit: string;
  /** Values of both ends of the scale. Default: the smallest and the largest; 0 is white where both signs occur. */
  readonly range?: readonly [low: number, high: number];
}

const SIZE = 11;
/** Most pixels of a name. */
const MOST = 150;
const NAME = 20;
const SCALE_WIDTH = 140;
const SCALE_HEIGHT = 34;

type Rgb = readonly [number, number, number];
const WHITE: Rgb = [255, 255, 255];
const LOW: Rgb = [178, 86, 13];
const HIGH: Rgb = [8, 69, 148];
const NONE = '#eceff3';

/** A table of colours with a scale below it. White is 0; blue is above it, and orange below. */
export function heatMap({ name, rows, columns, values, unit, range }: HeatMap): Drawn {
  const [low, high] = range ?? rangeOf(values);
  const left = Math.min(MOST, Math.max(0, ...rows.map((row) => textWidth(row, SIZE)))) + 8;
  const cell = Math.max(14, Math.min(28, Math.floor(520 / Math.max(1, columns.length))));
  const below = Math.min(MOST, Math.max(0, ...columns.map((column) => textWidth(column, SIZE))));
  const isTurned = below > cell - 2;
  const under = isTurned ? below + 8 : SIZE + 6;
  const top = NAME;
  const cells = rows.flatMap((row, r) =>
    columns.map((column, c) => {
      const value = values[r]?.[c] ?? null;
      const said = `${row}, ${column}: ${value === null ? 'none' : shown(value)}`;
      const fill = value === null ? NONE : colour(value, low, high);
      const at = { x: left + c * cell, y: top + r * cell, width: cell, height: cell };
      const open = element('rect', { ...at, fill, stroke: LINE, 'stroke-width': 0.5 }).replace('/>', '>');
      return `${open}<title>${xmlText(said)}</title></rect>`;
    }),
  );
  const bottom = top + rows.length * cell;
  const labels = [
    ...rows.map((row, r) =>
      text(clipped(row), left - 6, top + (r + 0.5) * cell + 4, { ...FONT, 'font-size': SIZE, 'text-anchor': 'end' }),
    ),
    ...columns.map((column, c) => {
      const [x, y] = [left + (c + 0.5) * cell, bottom + (isTurned ? 6 : SIZE + 2)];
      const turned = { transform: `rotate(-90 ${x} ${y})`, 'text-anchor': 'end', 'dominant-baseline': 'central' };
      return text(clipped(column), x, y, {
        ...FONT,
        'font-size': SIZE,
        ...(isTurned ? turned : { 'text-anchor': 'middle' }),
      });
    }),
  ];
  const legend = scale(low, high, unit, left, bottom + under + 10);
  return {
    parts: [text(name, left, 12, { ...FONT, 'font-size': 12, 'font-weight': 'bold' }), ...cells, ...labels, ...legend],
    width: left + Math.max(columns.length * cell, SCALE_WIDTH + textWidth(unit, SIZE) + 12, textWidth(name, 12)),
    height: bottom + under + 10 + SCALE_HEIGHT,
  };
}

/** Steps of colour from the lowest to the highest value, with the values at its ends and where it is white. */
function scale(low: number, high: number, unit: string, x: number, y: number): string[] {
  const steps = 28;
  const width = SCALE_WIDTH / steps;
  const bars = Array.from({ length: steps }, (_, i) => {
    const value = low + ((i + 0.5) / steps) * (high - low);
    return element('rect', { x: x + i * width, y, width: width + 0.3, height: 10, fill: colour(value, low, high) });
  });
  const label = (value: number, anchor: string): string =>
    text(shown(value), x + (high > low ? ((value - low) / (high - low)) * SCALE_WIDTH : 0), y + 24, {
      ...FONT,
      'font-size': SIZE,
      'text-anchor': anchor,
    });
  return [
    ...bars,
    element('rect', { x, y, width: SCALE_WIDTH, height: 10, fill: 'none', stroke: LINE }),
    label(low, 'start'),
    ...(low < 0 && high > 0 && -low > 0.15 * (high - low) && high > 0.15 * (high - low) ? [label(0, 'middle')] : []),
    ...(high > low ? [label(high, 'end')] : []),
    text(unit, x + SCALE_WIDTH + 10, y + 10, { ...FONT, 'font-size': SIZE, fill: FAINT }),
  ];
}

/** 0, and the smallest and the largest value beside it. */
export function rangeOf(values: HeatMap['values']): readonly [low: number, high: number] {
  const known = values.flat().filter((value): value is number => value !== null && Number.isFinite(value));
  return [Math.min(0, ...known), Math.max(0, ...known)];
}

/** White at 0, or at the end of the scale that is nearer to it. */
export function colour(value: number, low: number, high: number): string {
  if (!Number.isFinite(value)) return NONE;
  const zero = Math.min(Math.max(0, low), high);
  const end = value >= zero ? HIGH : LOW;
  // One measure on both sides: a small value above 0 is as pale as one below.
  const span = Math.max(high - zero, zero - low);
  const share = span > 0 ? Math.min(1, Math.abs(value - zero) / span) : 0;
  const mixed = WHITE.map((white, i) => Math.round(white + share * (end[i]! - white)));
  return `rgb(${mixed.join(' ')})`;
}

export function shown(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e4 ? Number(value.toPrecision(3)).toString() : value.toExponential(1);
}

function clipped(name: string): string {
  const most = Math.floor(MOST / (SIZE * 0.58));
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
