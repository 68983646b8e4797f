import { between, type Point } from '../layout/routes.js';
import type { DisplayNode, Scene } from '../scene.js';
import { mix } from '../style/color.js';
import type { Palette } from '../style/palette.js';
import type { EdgeStyle, NodeStyle, Styles } from '../style/style.js';
import { placeLabels, type LabelBox } from './labels.js';

// The marks of edges, nodes and labels in pixels. The canvas strokes them. The SVG writer spells them out.

/** Turns layout units into pixels of a picture. y goes down in the picture. */
export interface Frame {
  x(layoutX: number): number;
  y(layoutY: number): number;
  /** Pixels per layout unit. */
  readonly scale: number;
}

export interface EdgeMark {
  /** Cubic Bézier pieces: start point, then three points for each piece. */
  readonly path: readonly Point[];
  readonly color: string;
  readonly width: number;
  /** Lengths of dash and gap. Null = solid. */
  readonly dash: readonly [number, number] | null;
  /** Arrow head, in the figure only. */
  readonly head: readonly [Point, Point, Point] | null;
  readonly letter: { readonly text: string; readonly at: Point; readonly size: number; readonly color: string } | null;
}

export interface NodeMark {
  readonly shape: 'circle' | 'rectangle';
  readonly x: number;
  readonly y: number;
  /** Half of the width. */
  readonly halfWidth: number;
  readonly halfHeight: number;
  /** Radius of a rectangle's corners. */
  readonly corner: number;
  readonly fill: string;
  readonly border: string;
  readonly borderWidth: number;
}

export interface LabelMark {
  readonly text: string;
  readonly x: number;
  /** Middle of the text's height. */
  readonly y: number;
  readonly size: number;
  readonly color: string;
  readonly centred: boolean;
  /** It stands on a box of the figure, and so needs no halo. */
  readonly onBox: boolean;
}

/** Font size of labels in CSS pixels. In the figure it holds at a scale of 1. */
const LABEL = 12;
/** The same for the letters of ports. */
const LETTER = 11;

export function edgeMark(scene: Scene, id: string, style: EdgeStyle, palette: Palette, frame: Frame): EdgeMark {
  const figure = scene.layout === 'figure';
  const shrink = figure ? Math.min(1, frame.scale) : 1;
  const width = figure ? Math.max(0.4, style.width * shrink) : style.width;
  const route = scene.routes.get(id);
  const place = ([x, y]: Point): Point => [frame.x(x), frame.y(y)];
  const path = (route?.points ?? curve(scene, id)).map(place);
  const head = figure ? arrow(path, (5 + 1.6 * style.width) * shrink) : null;
  const letter = route?.label && style.label ? { text: style.label, at: place(route.label) } : null;
  return {
    path: head?.shaft ?? path,
    color: style.color,
    width,
    dash: style.dashed ? [3 + width, 3] : null,
    head: head?.corners ?? null,
    letter: letter && {
      ...letter,
      size: figure ? LETTER * frame.scale : LETTER,
      color: mix(palette.text, style.color, 0.5),
    },
  };
}

/** The quadratic curve of an edge without a route, as one cubic piece in layout units. */
export function curve({ graph }: Scene, id: string): Point[] {
  const source = graph.getSourceAttributes(id);
  const target = graph.getTargetAttributes(id);
  const bend = graph.getEdgeAttribute(id, 'curvature');
  const [a, b]: [Point, Point] = [
    [source.x, source.y],
    [target.x, target.y],
  ];
  const control: Point = [(a[0] + b[0]) / 2 - bend * (b[1] - a[1]), (a[1] + b[1]) / 2 + bend * (b[0] - a[0])];
  return [a, between(a, control, 2 / 3), between(b, control, 2 / 3), b];
}

/** An arrow head at the end of a path, and the shaft: the path, shortened so that it does not show beside the tip. */
function arrow(path: readonly Point[], length: number): { corners: [Point, Point, Point]; shaft: readonly Point[] } {
  const [tip, back] = [path.at(-1)!, path.at(-2)!];
  const angle = Math.atan2(tip[1] - back[1], tip[0] - back[0]);
  const behind = (turn: number, share: number): Point => [
    tip[0] - share * length * Math.cos(angle + turn),
    tip[1] - share * length * Math.sin(angle + turn),
  ];
  const long = Math.hypot(tip[0] - back[0], tip[1] - back[1]) > length;
  return {
    corners: [tip, behind(0.4, 1), behind(-0.4, 1)],
    shaft: long ? [...path.slice(0, -1), behind(0, 0.8)] : path,
  };
}

export function nodeMark(node: DisplayNode, style: NodeStyle, frame: Frame): NodeMark {
  const size = node.size * frame.scale;
  const [halfWidth, halfHeight] = node.box
    ? [(node.box[0] * frame.scale) / 2, (node.box[1] * frame.scale) / 2]
    : [size, size];
  return {
    shape: node.box || style.shape === 'square' ? 'rectangle' : 'circle',
    x: frame.x(node.x),
    y: frame.y(node.y),
    halfWidth,
    halfHeight,
    corner: node.box ? (2 * halfHeight) / 3 : 0,
    fill: style.fill,
    border: style.border,
    borderWidth: style.borderWidth,
  };
}

/** The labels that find a place: inside of the figure's boxes, or else beside the nodes and clear of one another. */
export function labelMarks({ graph }: Scene, styles: Styles, frame: Frame): LabelMark[] {
  const marks: LabelMark[] = [];
  const boxes: LabelBox[] = [];
  graph.forEachNode((id, node) => {
    const style = styles.node(id);
    if (style.label === '' || node.kind === 'port') return;
    const size = node.box ? LABEL * frame.scale : LABEL;
    const width = node.box ? node.box[0] * frame.scale : 0.58 * size * style.label.length;
    // All edges of `input` leave upwards, and all of `logits` come from below. The labels stand on the other side.
    const rise = node.box ? 0 : node.kind === 'logits' ? -1 : node.kind === 'input' ? 1 : 0;
    const centred = node.box !== null || rise !== 0;
    const x = frame.x(node.x) + (centred ? 0 : node.size * frame.scale + 3);
    const y = frame.y(node.y) + rise * (node.size * frame.scale + 9);
    const label = node.box ? fitting(style.label, node.box[0]) : style.label;
    marks.push({ text: label, x, y, size, color: style.labelColor, centred, onBox: node.box !== null });
    boxes.push({
      left: centred ? x - width / 2 : x,
      top: y - size / 2,
      width,
      height: size,
      priority: (style.forceLabel ? 1 : 0) + style.depth + node.size / 1e6,
    });
  });
  const shown = placeLabels(boxes);
  return marks.filter((mark, i) => mark.onBox || shown[i]);
}

/** The text as far as it fits into a box `width` layout units wide. */
function fitting(label: string, width: number): string {
  const characters = Array.from(label);
  const most = Math.floor((width - 8) / 6.8);
  return characters.length <= most ? label : `${characters.slice(0, most - 1).join('')}…`;
}
