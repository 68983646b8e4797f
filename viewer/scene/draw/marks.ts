import { TAB_HEIGHT } from '../layout/boxes.js';
import { between, type Point } from '../layout/routes.js';
import type { DisplayNode } from '../display-graph.js';
import { isFine, type Scene } from '../scene.js';
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
  /** Arrow head. Null where edges are a haze. */
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
  /** Along the lower edge of a box. */
  readonly tabs: readonly TabMark[];
}

export interface TabMark {
  /** Middle. */
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
  readonly fill: string;
  readonly letter: string;
  readonly color: string;
  readonly size: number;
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
export const LABEL = 12;
/** The same for the letters of ports. */
const LETTER = 11;
/** Radius of the corners of boxes, in layout units. */
const CORNER = 7;
/** Longest name of a group beside its mark. */
const GROUP_NAME = 18;

export function edgeMark(scene: Scene, id: string, style: EdgeStyle, palette: Palette, frame: Frame): EdgeMark {
  const { boxed, graph } = scene;
  const shrink = boxed ? Math.min(1, frame.scale) : 1;
  const width = boxed ? Math.max(0.4, style.width * shrink) : style.width;
  const route = scene.routes.get(id);
  const place = ([x, y]: Point): Point => [frame.x(x), frame.y(y)];
  const whole = (route?.points ?? curve(scene, id)).map(place);
  const { kind, deciding } = graph.getEdgeAttributes(id);
  const isOwn = isFine(scene);
  const pointed = isOwn && kind !== 'shared';
  const path = route || !pointed ? whole : toRim(whole, graph.getTargetAttributes(id), frame);
  const head = pointed ? arrow(path, (5 + (boxed ? 1.6 : 1.3) * style.width) * shrink) : null;
  const letter = route?.label && style.label ? { text: style.label, at: place(route.label) } : null;
  return {
    path: head?.shaft ?? path,
    color: style.color,
    width,
    // A haze has no dashes: the legend says so. The edge that a replay decided on last is over it.
    dash: style.dashed && (isOwn || deciding) ? [3 + width, 3] : null,
    head: head?.corners ?? null,
    letter: letter && {
      ...letter,
      size: boxed ? LETTER * frame.scale : LETTER,
      color: mix(palette.text, style.color, 0.5),
    },
  };
}

/** A path of one piece as far as the rim of the node that it leads to. */
function toRim(path: readonly Point[], target: DisplayNode, frame: Frame): readonly Point[] {
  const [a, b, c, d] = path as [Point, Point, Point, Point];
  const reach = target.size * frame.scale;
  const outside = ([x, y]: Point): boolean => {
    const [dx, dy] = [Math.abs(x - d[0]), Math.abs(y - d[1])];
    return (target.kind === 'mlp' ? Math.max(dx, dy) : Math.hypot(dx, dy)) > reach;
  };
  if (!outside(a)) return path;
  let [low, high] = [0, 1];
  let cut = path;
  for (let i = 0; i < 12; i++) {
    const t = (low + high) / 2;
    const [ab, bc, cd] = [between(a, b, t), between(b, c, t), between(c, d, t)];
    const [abc, bcd] = [between(ab, bc, t), between(bc, cd, t)];
    const end = between(abc, bcd, t);
    cut = [a, ab, abc, end];
    if (outside(end)) low = t;
    else high = t;
  }
  return cut;
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
    corner: node.box ? Math.min(halfHeight, CORNER * frame.scale) : 0,
    fill: style.fill,
    border: style.border,
    borderWidth: style.borderWidth,
    tabs: tabMarks(node, style, frame),
  };
}

/** Tabs stand inside of the box, a little apart. */
function tabMarks({ x, y, box, tabs }: DisplayNode, style: NodeStyle, frame: Frame): TabMark[] {
  const fills = style.tabs;
  if (!box || !fills) return [];
  return tabs.flatMap(({ port, left, width }) =>
    port === null
      ? []
      : {
          x: frame.x(x + left + width / 2),
          y: frame.y(y - box[1] / 2 + TAB_HEIGHT / 2),
          halfWidth: (width / 2 - 1.5) * frame.scale,
          halfHeight: (TAB_HEIGHT / 2 - 1) * frame.scale,
          fill: fills[port],
          letter: port,
          color: style.labelColor,
          size: 10 * frame.scale,
        },
  );
}

/** The labels that find a place: inside of boxes, or else beside the nodes and clear of one another. */
export function labelMarks(scene: Scene, styles: Styles, frame: Frame): LabelMark[] {
  const marks: LabelMark[] = [];
  const boxes: LabelBox[] = [];
  scene.graph.forEachNode((id, node) => {
    const style = styles.node(id);
    if (style.label === '' || node.kind === 'port') return;
    const text = labelOf(scene, node, style.label);
    const size = node.box ? LABEL * frame.scale : LABEL;
    const width = node.box ? node.box[0] * frame.scale : 0.58 * size * text.length;
    // All edges of `input` leave upwards, and all of `logits` come from below. The labels stand on the other side.
    const below = node.kind === 'input' || node.kind === 'group';
    const rise = node.box ? 0 : node.kind === 'logits' ? -1 : below ? 1 : 0;
    const centred = node.box !== null || rise !== 0;
    const x = frame.x(node.x) + (centred ? 0 : node.size * frame.scale + 3);
    const lift = node.tabs.length > 0 ? (TAB_HEIGHT / 2) * frame.scale : 0;
    const y = frame.y(node.y) + rise * (node.size * frame.scale + 9) - lift;
    marks.push({ text, x, y, size, color: style.labelColor, centred, onBox: node.box !== null });
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

/** The name of a node. One that was dragged out of its layer's band says which layer it is of. */
function labelOf({ bands }: Scene, node: DisplayNode, label: string): string {
  const band = node.kind === 'group' ? undefined : bands.find(({ layer }) => layer === node.layer);
  const strayed = band && (node.y > band.top || node.y < band.bottom);
  const name = strayed ? `${label} · ${band.label}` : label;
  if (node.box) return fitting(name, node.box[0]);
  const characters = Array.from(name);
  const most = node.kind === 'group' ? GROUP_NAME : Infinity;
  return characters.length <= most ? name : `${characters.slice(0, most - 1).join('')}…`;
}

/** The text as far as it fits into a box `width` layout units wide. */
function fitting(label: string, width: number): string {
  const characters = Array.from(label);
  const most = Math.floor((width - 8) / 6.8);
  return characters.length <= most ? label : `${characters.slice(0, most - 1).join('')}…`;
}
