import type { Point } from '../layout/routes.js';
import type { Palette } from '../style/palette.js';
import type { EdgeMark, LabelMark, NodeMark, TabMark } from './marks.js';
import { element, round, text } from '../../../src/pictures/svg-element.js';
import type { ReadMark, TokenMark } from './token-marks.js';

// Marks as SVG elements.

export function edgeElement(mark: EdgeMark, palette: Palette): string {
  const dash = mark.dash ? { 'stroke-dasharray': mark.dash.map(round).join(' ') } : {};
  const line = { fill: 'none', stroke: mark.color, 'stroke-width': mark.width, ...dash };
  const parts = [element('path', { d: pathOf(mark.path), ...line })];
  if (mark.head) {
    const corners = mark.head.map((corner) => corner.map(round).join(' ')).join(' L');
    parts.push(element('path', { d: `M${corners} Z`, fill: mark.color }));
  }
  if (mark.letter) {
    const { text: letter, at, size, color } = mark.letter;
    const ink = { 'font-size': size, fill: color, 'text-anchor': 'middle', ...halo(palette, size / 4) };
    parts.push(text(letter, at[0], at[1] + 0.34 * size, ink));
  }
  return parts.join('');
}

export function nodeElement({ tabs, ...mark }: NodeMark): string {
  return outlineElement(mark) + tabs.map(tabElement).join('');
}

function outlineElement({ shape, x, y, halfWidth, halfHeight, corner: rx, ...mark }: Omit<NodeMark, 'tabs'>): string {
  const ink = { fill: mark.fill, stroke: mark.border, 'stroke-width': mark.borderWidth };
  if (shape === 'circle') return element('circle', { cx: x, cy: y, r: halfWidth, ...ink });
  const box = { x: x - halfWidth, y: y - halfHeight, width: 2 * halfWidth, height: 2 * halfHeight };
  return element('rect', { ...box, ...(rx > 0 ? { rx } : {}), ...ink });
}

function tabElement({ x, y, halfWidth, halfHeight, fill, letter, color, size }: TabMark): string {
  const box = { x: x - halfWidth, y: y - halfHeight, width: 2 * halfWidth, height: 2 * halfHeight, rx: halfHeight / 2 };
  const ink = { 'font-size': size, fill: color, 'text-anchor': 'middle' };
  return element('rect', { ...box, fill }) + text(letter, x, y + 0.34 * size, ink);
}

export function labelElement({ x, y, size, color, centred, onBox, ...mark }: LabelMark, palette: Palette): string {
  const anchor = centred ? { 'text-anchor': 'middle' } : {};
  const ink = { 'font-size': size, fill: color, ...anchor, ...(onBox ? {} : halo(palette, 3)) };
  return text(mark.text, x, y + 0.35 * size, ink);
}

export function readElement({ path, width, color, from, radius }: ReadMark): string {
  const [x, y] = from;
  const line = element('path', { d: pathOf(path), fill: 'none', stroke: color, 'stroke-width': width });
  return line + element('circle', { cx: x, cy: y, r: radius, fill: color });
}

export function tokenElement({ text: token, x, y, size, color, upright, bold }: TokenMark): string {
  const turn = upright ? { transform: `rotate(-90 ${round(x)} ${round(y)})` } : {};
  const weight = bold ? { 'font-weight': 'bold' } : {};
  return text(token, x, y + 0.35 * size, {
    'font-size': size,
    fill: color,
    'text-anchor': upright ? 'end' : 'middle',
    ...weight,
    ...turn,
  });
}

/** Keeps text readable where lines pass under it. */
function halo(palette: Palette, width: number) {
  return { stroke: palette.background, 'stroke-width': width, 'stroke-linejoin': 'round', 'paint-order': 'stroke' };
}

/** The `d` of a path: `M x y C ...`. @param points the start point, then three points for each piece. */
function pathOf(points: readonly Point[]): string {
  const [start, ...rest] = points.map((point) => point.map(round).join(' '));
  return rest.length > 0 ? `M${start} C${rest.join(' ')}` : `M${start}`;
}
