import { xmlText } from '../files/graph/xml-text.js';

/** An SVG document, and its size in CSS pixels. */
export interface Picture {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

export type Attributes = Readonly<Record<string, string | number>>;

/** An empty element. Numbers are rounded to hundredths. */
export function element(name: string, attributes: Attributes): string {
  return `<${name}${written(attributes)}/>`;
}

/** Text whose baseline starts at (x, y). */
export function text(content: string, x: number, y: number, attributes: Attributes): string {
  return `<text${written({ x, y, ...attributes })}>${xmlText(content)}</text>`;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function written(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? round(value) : xmlText(value)}"`)
    .join('');
}
