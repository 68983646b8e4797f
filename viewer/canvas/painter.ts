import { placeLabels } from '../scene/draw/labels.js';
import { edgeMark, labelMarks, nodeMark, type EdgeMark, type Frame, type NodeMark } from '../scene/draw/marks.js';
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
    if (letter && letter.size > 4)
      haloText(surface.context, letter.text, ...letter.at, letter.size, letter.color, palette);
  }
}

function strokeEdge(context: CanvasRenderingContext2D, { path, color, width, dash, head }: EdgeMark): void {
  context.beginPath();
  context.moveTo(...path[0]!);
  for (let i = 1; i + 2 < path.length; i += 3) context.bezierCurveTo(...path[i]!, ...path[i + 1]!, ...path[i + 2]!);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.setLineDash(dash ? [...dash] : []);
  context.stroke();
  context.setLineDash([]);
  if (!head) return;
  context.beginPath();
  for (const corner of head) context.lineTo(...corner);
  context.fillStyle = color;
  context.fill();
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
  if (mark.borderWidth === 0) return;
  context.strokeStyle = mark.border;
  context.lineWidth = mark.borderWidth;
  context.stroke();
}

export function paintLabels(surface: Surface, scene: Scene, styles: Styles, palette: Palette, frame: Frame): void {
  const { context } = surface;
  for (const { text, x, y, size, color, centred, onBox } of labelMarks(scene, styles, frame)) {
    // A figure seen from far away has labels that cannot be read.
    if (size < 4) continue;
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
