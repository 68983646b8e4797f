import { xmlText } from '../files/graph/xml-text.js';
import { element, text, type Picture } from './svg-element.js';

/** Colours of pictures that are made to be printed: on white, each against it and against its neighbours. */
export const INK = '#1d2430';
export const FAINT = '#5b6675';
export const LINE = '#c5ccd6';
export const FONT = { 'font-family': 'Helvetica, Arial, sans-serif', fill: INK };

/** Margin around a picture, and the room of its title. */
const MARGIN = 16;
const TITLE = 34;
/** Room of a line of the caption. */
const CAPTION = 18;

/** Pixels that a text is about as wide as. */
export function textWidth(content: string, size: number): number {
  return content.length * size * 0.58;
}

/** Elements that were drawn from (0, 0) on. */
export interface Drawn {
  readonly parts: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** A drawing on white, with a title above and lines of explanation below. */
export function sheet({ parts, width, height }: Drawn, title: string, caption: readonly string[]): Picture {
  const words = Math.max(textWidth(title, 15), ...caption.map((line) => textWidth(line, 12)));
  const outer = Math.ceil(2 * MARGIN + Math.max(width, words));
  const tall = Math.ceil(2 * MARGIN + TITLE + height + CAPTION * caption.length);
  const svg = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${outer}" height="${tall}" viewBox="0 0 ${outer} ${tall}">`,
    `<title>${xmlText(title)}</title>`,
    element('rect', { width: outer, height: tall, fill: '#ffffff' }),
    text(title, MARGIN, MARGIN + 14, { ...FONT, 'font-size': 15, 'font-weight': 'bold' }),
    `<g transform="translate(${MARGIN} ${MARGIN + TITLE})">`,
    ...parts,
    '</g>',
    ...caption.map((line, i) =>
      text(line, MARGIN, tall - MARGIN - CAPTION * (caption.length - 1 - i), { ...FONT, 'font-size': 12, fill: FAINT }),
    ),
    '</svg>',
    '',
  ];
  return { svg: svg.join('\n'), width: outer, height: tall };
}

/** Width of a page that is printed upright, in pixels. */
const PAGE = 900;
const GAP = 28;

/** Drawings side by side as far as a page is wide, then below. */
export function flowed(drawings: readonly Drawn[]): Drawn {
  const parts: string[] = [];
  let [x, y, line, width] = [0, 0, 0, 0];
  for (const drawn of drawings) {
    if (x > 0 && x + drawn.width > PAGE) [x, y, line] = [0, y + line + GAP, 0];
    parts.push(`<g transform="translate(${Math.round(x)} ${Math.round(y)})">`, ...drawn.parts, '</g>');
    width = Math.max(width, x + drawn.width);
    line = Math.max(line, drawn.height);
    x += drawn.width + GAP;
  }
  return { parts, width, height: y + line };
}
