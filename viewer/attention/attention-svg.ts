import { xmlText } from '../../src/files/graph/xml-text.js';
import { element, round, text, type Picture } from '../../src/pictures/svg-element.js';
import type { Palette } from '../scene/style/palette.js';
import { MARK_FONT, type Drawing, type Mark } from './marks.js';

const MARGIN = 16;
const TITLE = 30;
/** Height of the name above a drawing. */
const NAME = 18;
const GAP = 18;

/** A drawing and the name of its head. */
export interface NamedDrawing {
  readonly name: string;
  readonly drawing: Drawing;
}

/** Drawings side by side as an SVG document, with a title above and a line of explanation below. */
export function attentionSvg(
  drawings: readonly NamedDrawing[],
  { title, caption, columns, palette }: { title: string; caption: string; columns: number; palette: Palette },
): Picture {
  const cellWidth = Math.max(...drawings.map(({ drawing }) => drawing.width)) + GAP;
  const cellHeight = Math.max(...drawings.map(({ drawing }) => drawing.height)) + NAME + GAP;
  const across = Math.max(1, Math.min(columns, drawings.length));
  const rows = Math.ceil(drawings.length / across);
  const width = Math.ceil(
    2 * MARGIN + Math.max(across * cellWidth - GAP, 7.2 * Math.max(title.length, caption.length)),
  );
  const height = Math.ceil(MARGIN + TITLE + rows * cellHeight + 20 + MARGIN);
  const font = { 'font-family': 'Helvetica, Arial, sans-serif', fill: palette.text };
  const parts = drawings.map(({ name, drawing }, i) => {
    const x = MARGIN + (i % across) * cellWidth;
    const y = MARGIN + TITLE + Math.floor(i / across) * cellHeight;
    const marks = drawing.marks(palette).map(svgMark).join('');
    const named = text(name, 0, 11, { ...font, 'font-size': 12, 'font-weight': 'bold' });
    return `<g transform="translate(${round(x)} ${round(y)})">${named}<g transform="translate(0 ${NAME})">${marks}</g></g>`;
  });
  const svg = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${xmlText(title)}</title>`,
    element('rect', { width, height, fill: palette.background }),
    text(title, MARGIN, MARGIN + 14, { ...font, 'font-size': 15, 'font-weight': 'bold' }),
    ...parts,
    text(caption, MARGIN, height - MARGIN, { ...font, 'font-size': 12, fill: palette.faintText }),
    '</svg>',
    '',
  ];
  return { svg: svg.join('\n'), width, height };
}

function svgMark(mark: Mark): string {
  switch (mark.kind) {
    case 'rect': {
      const { x, y, width, height, fill, opacity = 1 } = mark;
      return element('rect', { x, y, width, height, fill, ...(opacity < 1 && { 'fill-opacity': opacity }) });
    }
    case 'frame': {
      const { x, y, width, height, stroke } = mark;
      return element('rect', { x, y, width, height, fill: 'none', stroke });
    }
    case 'line': {
      const { from, to, stroke, width } = mark;
      return element('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], stroke, 'stroke-width': width });
    }
    case 'text': {
      const { x, y, size, fill, anchor, turned, bold } = mark;
      return text(mark.text, x, y, {
        'font-family': MARK_FONT,
        'font-size': size,
        fill,
        'text-anchor': anchor,
        'dominant-baseline': 'central',
        ...(bold && { 'font-weight': 'bold' }),
        ...(turned && { transform: `rotate(-90 ${round(x)} ${round(y)})` }),
      });
    }
  }
}
