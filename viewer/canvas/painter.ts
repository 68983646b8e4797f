import { drawLine, hazeOf, type Strand } from '../scene/draw/haze.js';
import { placeLabels } from '../scene/draw/labels.js';
import {
  edgeMark,
  labelMarks,
  nodeMark,
  type EdgeMark,
  type Frame,
  type NodeMark,
  type TabMark,
} from '../scene/draw/marks.js';
import { readMarks, tokenMarks } from '../scene/draw/token-marks.js';
import type { Scene } from '../scene/scene.js';
import type { Palette } from '../scene/style/palette.js';
import type { Styles } from '../scene/style/style.js';

// Strokes the marks of a scene on 2D canvases. Coordinates are CSS pixels.

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
}

const FONT_FAMILY = 'Helvetica, Arial, sans-serif';
const AXIS_FONT = `11px ${FONT_FAMILY}`;
/** Text in boxes that are seen from far away has a size below this, and is left out. */
const UNREADABLE = 4;

export function clear({ context, width, height }: Surface): void {
  context.clearRect(0, 0, width, height);
}

/** The bands of the layers. They go over the whole width, wherever the camera is. */
export function paintBands({ context, width }: Surface, scene: Scene, palette: Palette, frame: Frame): void {
  context.fillStyle = palette.band;
  for (const { tinted, top, bottom } of scene.bands) {
    if (tinted) context.fillRect(0, frame.y(top), width, frame.y(bottom) - frame.y(top));
  }
}

/** Names of layers at the left edge, and of columns at the bottom. Names that would collide are left out. */
export function paintAxes({ context, height }: Surface, scene: Scene, palette: Palette, frame: Frame): void {
  context.font = AXIS_FONT;
  context.fillStyle = palette.faintText;
  context.textBaseline = 'middle';
  const layers = scene.bands.map(({ label, top, bottom }) => ({ label, x: 8, y: frame.y((top + bottom) / 2) }));
  const y = Math.min(height - 10, frame.y(scene.bounds.bottom) + 4);
  const columns = scene.columns.map(({ label, x }) => ({ label, x: frame.x(x), y }));
  for (const [align, labels] of [
    ['left', layers],
    ['center', columns],
  ] as const) {
    context.textAlign = align;
    const boxes = labels.map((label) => ({
      left: label.x,
      top: label.y,
      width: 8 * label.label.length,
      height: 12,
      priority: 0,
    }));
    const shown = placeLabels(boxes);
    labels.forEach((label, i) => shown[i] && context.fillText(label.label, label.x, label.y));
  }
}

/** Some edges, by depth: the weakest first. */
export function paintEdges(
  surface: Surface,
  scene: Scene,
  ids: Iterable<string>,
  styles: Styles,
  palette: Palette,
  frame: Frame,
): void {
  const drawn = [...ids].map((id) => ({ id, style: styles.edge(id) })).sort((a, b) => a.style.depth - b.style.depth);
  const marks = drawn.map(({ id, style }) => edgeMark(scene, id, style, palette, frame));
  for (const mark of marks) strokeEdge(surface.context, mark);
  for (const { letter } of marks) {
    if (letter && letter.size >= UNREADABLE)
      haloText(surface.context, letter.text, ...letter.at, letter.size, letter.color, palette);
  }
}

/** Strands by the styles that they have: the camera asks for them again and again. */
const hazes = new WeakMap<Styles, readonly Strand[]>();

/**
 * Edges that are too many to be drawn one by one. Their pixels are set here: where no graphics card helps, a browser
 * takes seconds to stroke so many lines.
 *
 * @param styles those without focus.
 */
export function paintHaze({ context, width }: Surface, { graph }: Scene, styles: Styles, frame: Frame): void {
  let strands = hazes.get(styles);
  if (!strands) hazes.set(styles, (strands = hazeOf(graph, styles)));
  const { canvas } = context;
  if (canvas.width === 0 || canvas.height === 0) return;
  const ratio = canvas.width / width;
  const image = new ImageData(canvas.width, canvas.height);
  const pixels = { data: new Uint32Array(image.data.buffer), width: image.width, height: image.height };
  for (const { color, width: wide, lines } of strands) {
    const thick = Math.max(1, Math.round(wide * ratio));
    const ink = inkOf(color);
    for (let i = 0; i < lines.length; i += 4) {
      const from = [ratio * frame.x(lines[i]!), ratio * frame.y(lines[i + 1]!)] as const;
      const to = [ratio * frame.x(lines[i + 2]!), ratio * frame.y(lines[i + 3]!)] as const;
      drawLine(pixels, from, to, thick, ink);
    }
  }
  context.putImageData(image, 0, 0);
}

/** An opaque colour `#rrggbb` as a pixel, red in the lowest byte. */
function inkOf(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as [number, number, number];
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function strokeEdge(context: CanvasRenderingContext2D, { path, color, width, dash, head }: EdgeMark): void {
  context.setLineDash(dash ? [...dash] : []);
  strokePath(context, path, color, width);
  context.setLineDash([]);
  if (!head) return;
  context.beginPath();
  for (const corner of head) context.lineTo(...corner);
  context.fillStyle = color;
  context.fill();
}

function strokePath(context: CanvasRenderingContext2D, path: EdgeMark['path'], color: string, width: number): void {
  context.beginPath();
  context.moveTo(...path[0]!);
  for (let i = 1; i + 2 < path.length; i += 3) context.bezierCurveTo(...path[i]!, ...path[i + 1]!, ...path[i + 2]!);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

/** Where heads read, in the tokens layout. */
export function paintReads({ context }: Surface, scene: Scene, styles: Styles, palette: Palette, frame: Frame): void {
  for (const { path, width, color, from, radius } of readMarks(scene, styles, palette, frame)) {
    strokePath(context, path, color, width);
    context.beginPath();
    context.arc(...from, radius, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
  }
}

/** The tokens of the prompt, in the tokens layout. */
export function paintTokens({ context }: Surface, scene: Scene, palette: Palette, frame: Frame): void {
  for (const { text, x, y, size, color, upright, bold } of tokenMarks(scene, palette, frame)) {
    if (size < UNREADABLE) continue;
    context.save();
    context.translate(x, y);
    if (upright) context.rotate(-Math.PI / 2);
    context.textAlign = upright ? 'right' : 'center';
    context.font = `${bold ? 'bold ' : ''}${size}px ${FONT_FAMILY}`;
    context.textBaseline = 'middle';
    context.fillStyle = color;
    context.fillText(text, 0, 0);
    context.restore();
  }
}

/** Some nodes, by depth. */
export function paintNodes(surface: Surface, scene: Scene, ids: Iterable<string>, styles: Styles, frame: Frame): void {
  const drawn = [...ids].map((id) => ({ id, style: styles.node(id) })).sort((a, b) => a.style.depth - b.style.depth);
  for (const { id, style } of drawn) {
    fillNode(surface.context, nodeMark(scene.graph.getNodeAttributes(id), style, frame));
  }
}

function fillNode(context: CanvasRenderingContext2D, mark: NodeMark): void {
  const { x, y, halfWidth, halfHeight } = mark;
  context.beginPath();
  if (mark.shape === 'circle') context.arc(x, y, halfWidth, 0, 2 * Math.PI);
  else context.roundRect(x - halfWidth, y - halfHeight, 2 * halfWidth, 2 * halfHeight, mark.corner);
  context.fillStyle = mark.fill;
  context.fill();
  if (mark.borderWidth > 0) {
    context.strokeStyle = mark.border;
    context.lineWidth = mark.borderWidth;
    context.stroke();
  }
  for (const tab of mark.tabs) fillTab(context, tab);
}

function fillTab(context: CanvasRenderingContext2D, { x, y, halfWidth, halfHeight, ...tab }: TabMark): void {
  context.beginPath();
  context.roundRect(x - halfWidth, y - halfHeight, 2 * halfWidth, 2 * halfHeight, halfHeight / 2);
  context.fillStyle = tab.fill;
  context.fill();
  if (tab.size < UNREADABLE) return;
  context.font = `${tab.size}px ${FONT_FAMILY}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = tab.color;
  context.fillText(tab.letter, x, y);
}

export function paintLabels(surface: Surface, scene: Scene, styles: Styles, palette: Palette, frame: Frame): void {
  const { context } = surface;
  for (const { text, x, y, size, color, centred, onBox } of labelMarks(scene, styles, frame)) {
    if (size < UNREADABLE) continue;
    context.textAlign = centred ? 'center' : 'left';
    if (!onBox) haloText(context, text, x, y, size, color, palette, context.textAlign);
    else {
      context.font = `${size}px ${FONT_FAMILY}`;
      context.textBaseline = 'middle';
      context.fillStyle = color;
      context.fillText(text, x, y);
    }
  }
}

/** Text with a seam in the colour of the background: lines behind the text do not spoil it. */
function haloText(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  size: number,
  color: string,
  palette: Palette,
  align: CanvasTextAlign = 'center',
): void {
  context.font = `${size}px ${FONT_FAMILY}`;
  context.textAlign = align;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = Math.max(2, size / 4);
  context.strokeStyle = palette.background;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}

/** Dims what is drawn so far. What is drawn next stands out. */
export function paintVeil({ context, width, height }: Surface, palette: Palette): void {
  context.globalAlpha = 0.86;
  context.fillStyle = palette.background;
  context.fillRect(0, 0, width, height);
  context.globalAlpha = 1;
}

export function paintSelectionBox(
  { context }: Surface,
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  palette: Palette,
): void {
  context.strokeStyle = palette.selected;
  context.setLineDash([4, 3]);
  context.lineWidth = 1.5;
  context.strokeRect(from.x, from.y, to.x - from.x, to.y - from.y);
  context.setLineDash([]);
}
