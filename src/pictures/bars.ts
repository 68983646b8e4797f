import { xmlText } from '../files/graph/xml-text.js';
import { shown } from './heat-map.js';
import { linearScale } from './scale.js';
import { FAINT, FONT, LINE, textWidth, type Drawn } from './sheet.js';
import { element, text } from './svg-element.js';

export interface Bars {
  readonly name: string;
  /** `from`: where a bar begins, 0 unless given. Bars that begin where the one above ends are a waterfall. */
  readonly bars: readonly { readonly label: string; readonly value: number; readonly from?: number }[];
  /** What a value is, in a few words. */
  readonly unit: string;
}

const SIZE = 11;
const ROW = 18;
const PLOT = 320;
const POSITIVE = '#2b6cb0';
const NEGATIVE = '#b2560d';

/** Values as bars, one below the other, with their numbers. */
export function bars({ name, bars: rows, unit }: Bars): Drawn {
  const values = rows.flatMap(({ value, from = 0 }) => [from, from + value]);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const left = Math.max(0, ...rows.map(({ label }) => textWidth(label, SIZE))) + 10;
  const scale = linearScale(low, high, left, left + PLOT);
  const top = 22;
  const bottom = top + rows.length * ROW;
  const parts = [
    text(name, 0, 12, { ...FONT, 'font-size': 12, 'font-weight': 'bold' }),
    ...scale.ticks.flatMap((tick) => [
      element('line', { x1: scale.place(tick), x2: scale.place(tick), y1: top, y2: bottom, stroke: LINE }),
      text(shown(tick), scale.place(tick), bottom + 14, { ...FONT, 'font-size': SIZE, 'text-anchor': 'middle' }),
    ]),
    ...rows.flatMap(({ label, value, from: start = 0 }, i) => {
      const ends = [scale.place(start), scale.place(start + value)] as const;
      const [from, to] = [Math.min(...ends), Math.max(...ends)];
      const y = top + i * ROW;
      const fill = value < 0 ? NEGATIVE : POSITIVE;
      const bar = element('rect', { x: from, y: y + 3, width: Math.max(1, to - from), height: ROW - 6, fill });
      return [
        text(label, left - 6, y + ROW / 2 + 4, { ...FONT, 'font-size': SIZE, 'text-anchor': 'end' }),
        bar.replace('/>', `><title>${xmlText(`${label}: ${shown(value)}`)}</title></rect>`),
        text(shown(value), left + PLOT + 10, y + ROW / 2 + 4, { ...FONT, 'font-size': SIZE }),
      ];
    }),
    text(unit, left, bottom + 30, { ...FONT, 'font-size': SIZE, fill: FAINT }),
  ];
  return { parts, width: left + PLOT + 70, height: bottom + 36 };
}
