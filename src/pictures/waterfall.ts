import { xmlText } from '../files/graph/xml-text.js';
import { shown } from './heat-map.js';
import { linearScale } from './scale.js';
import { FAINT, FONT, INK, LINE, textWidth, type Drawn } from './sheet.js';
import { element, text } from './svg-element.js';

export interface Waterfall {
  readonly name: string;
  /** What is added one after the other. */
  readonly steps: readonly { readonly label: string; readonly value: number }[];
  /** What all steps add up to is called this. */
  readonly total: string;
  /** What a value is, in a few words. */
  readonly unit: string;
}

const SIZE = 11;
const ROW = 18;
const PLOT = 320;
const UP = '#2b6cb0';
const DOWN = '#b2560d';

/** Steps from 0 to their sum, each from where the one above it ends. */
export function waterfall({ name, steps, total, unit }: Waterfall): Drawn {
  let sum = 0;
  const rows = steps.map(({ label, value }) => ({ label, value, from: sum, to: (sum += value), isTotal: false }));
  rows.push({ label: total, value: sum, from: 0, to: sum, isTotal: true });
  const ends = rows.flatMap(({ from, to }) => [from, to]);
  const left = Math.max(0, ...rows.map(({ label }) => textWidth(label, SIZE))) + 10;
  const scale = linearScale(Math.min(0, ...ends), Math.max(0, ...ends), left, left + PLOT);
  const top = 22;
  const bottom = top + rows.length * ROW;
  const parts = [
    text(name, 0, 12, { ...FONT, 'font-size': 12, 'font-weight': 'bold' }),
    ...scale.ticks.flatMap((tick) => [
      element('line', { x1: scale.place(tick), x2: scale.place(tick), y1: top, y2: bottom, stroke: LINE }),
      text(shown(tick), scale.place(tick), bottom + 14, { ...FONT, 'font-size': SIZE, 'text-anchor': 'middle' }),
    ]),
    ...rows.flatMap(({ label, value, from, to, isTotal }, i) => {
      const [start, end] = [scale.place(Math.min(from, to)), scale.place(Math.max(from, to))];
      const y = top + i * ROW;
      const fill = isTotal ? INK : value < 0 ? DOWN : UP;
      const bar = element('rect', { x: start, y: y + 3, width: Math.max(1, end - start), height: ROW - 6, fill });
      const at = scale.place(to);
      return [
        text(label, left - 6, y + ROW / 2 + 4, { ...FONT, 'font-size': SIZE, 'text-anchor': 'end' }),
        bar.replace('/>', `><title>${xmlText(`${label}: ${shown(value)}`)}</title></rect>`),
        ...(isTotal ? [] : [element('line', { x1: at, x2: at, y1: y + ROW - 3, y2: y + ROW + 3, stroke: FAINT })]),
        text(shown(value), left + PLOT + 10, y + ROW / 2 + 4, { ...FONT, 'font-size': SIZE }),
      ];
    }),
    text(unit, left, bottom + 30, { ...FONT, 'font-size': SIZE, fill: FAINT }),
  ];
  return { parts, width: left + PLOT + 70, height: bottom + 36 };
}
