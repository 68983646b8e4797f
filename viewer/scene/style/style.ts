import type { ViewState } from '../../view/view-state.js';
import type { DisplayEdge } from '../display-edges.js';
import type { DisplayGraph, DisplayNode } from '../display-graph.js';
import { FINE_EDGES } from '../scene.js';
import { mix, ramp, visible } from './color.js';
import type { Focus } from './focus.js';
import type { Palette } from './palette.js';

/** How a node is drawn. Colours are `#rrggbb` and opaque: a faint colour is mixed with the background. */
export interface NodeStyle {
  readonly shape: 'circle' | 'square' | 'ringed';
  readonly fill: string;
  readonly border: string;
  /** In CSS pixels when everything is seen. */
  readonly borderWidth: number;
  readonly label: string;
  readonly labelColor: string;
  /** Fills of the tabs of a box, by port. Null where the node is no box. */
  readonly tabs: Readonly<Record<'q' | 'k' | 'v', string>> | null;
  /** The node has its label even where labels are crowded. */
  readonly forceLabel: boolean;
  /** A larger depth is drawn later. */
  readonly depth: number;
}

export interface EdgeStyle {
  readonly color: string;
  /** In CSS pixels when everything is seen. */
  readonly width: number;
  readonly depth: number;
  /** Letter of the edge's port. Null when the target shows it. */
  readonly label: string | null;
  readonly dashed: boolean;
}

export interface StyleContext {
  readonly palette: Palette;
  readonly hue: ViewState['hue'];
  readonly focus: Focus | null;
  readonly selected: string | null;
}

export interface Styles {
  node(id: string): NodeStyle;
  edge(id: string): EdgeStyle;
  /** The same by the index of the edge. */
  edgeAt(index: number): EdgeStyle;
  /** Null when nothing is in focus. */
  readonly focus: Focus | null;
  /** The styles without focus and selection. The same object as long as graph, palette and hue are the same. */
  readonly base: Styles;
}

/** Most connected nodes that are all labelled. Of more nodes the labels that find a place are drawn. */
const LABEL_ALL = 120;
/** Contrast of an edge to the background where edges are drawn one by one. */
const CONTRAST = 3;
/** The same of an edge that is lit: on a weak path it is fainter than on a strong one. */
const LIT_CONTRAST = 2;
/** Shades of a hue in a haze. */
const SHADES = 40;
/** How much of its hue an edge that fades keeps, and one that carries nothing. */
const FADED = 0.1;
const IDLE = 0.3;
/** How much of its colour a port's mark keeps where the hue of edges does not stand for ports. */
const MUTED = 0.7;
const TAB = 0.3;

/** The styles of every node and edge. A style is computed when it is asked for. */
export function stylesOf(graph: DisplayGraph, context: StyleContext): Styles {
  const { palette, selected, hue } = context;
  const focus = context.focus && context.focus.nodes.size + context.focus.edges.size > 0 ? context.focus : null;
  const labelAll = graph.filterNodes((_, node) => node.connected && node.kind !== 'port').length <= LABEL_ALL;
  const strongestInFocus = focus ? strongest(graph, focus.edges.keys()) : 1;
  const fine = graph.size <= FINE_EDGES;
  const tint = hue === 'port' ? 0.6 : TAB;

  /** A frame asks for the same style several times. */
  const ofNodes = new Map<string, NodeStyle>();

  function node(id: string): NodeStyle {
    let style = ofNodes.get(id);
    if (!style) ofNodes.set(id, (style = styleOf(id)));
    return style;
  }

  function styleOf(id: string): NodeStyle {
    const node = graph.getNodeAttributes(id);
    const marked = id === selected || (node.found === true && node.kind !== 'port');
    const lit = focus?.nodes.get(id);
    const faded = focus !== null && lit === undefined && !marked;
    const share = faded ? 0.25 : node.found === false ? 0.45 : marked ? 1 : 0.45 + 0.55 * (lit ?? 1);
    const outline = outlineOf(node, marked, palette);
    const named = node.connected || marked || node.pinned || lit !== undefined;
    const fill = fillOf(node, palette, hue);
    const tab = (port: 'q' | 'k' | 'v') => mix(palette.background, mix(fill, palette[port], tint), share);
    return {
      shape: shapeOf(node),
      fill: mix(palette.background, fill, share),
      border: mix(palette.background, outline?.color ?? fill, share),
      borderWidth: outline?.width ?? 0,
      label: named || node.box ? node.label : '',
      labelColor: mix(palette.background, palette.text, faded ? share : Math.max(share, 0.75)),
      tabs: node.box && { q: tab('q'), k: tab('k'), v: tab('v') },
      forceLabel: node.kind !== 'port' && named && (labelAll || marked || node.pinned || lit !== undefined),
      depth: (node.connected ? 1 : 0) + (node.kind === 'port' ? 0 : 1) + (marked || lit !== undefined ? 2 : 0),
    };
  }

  function edgeAt(index: number): EdgeStyle {
    const edge = graph.edgeAt(index);
    const [from, to] = [graph.sourceAt(index), graph.targetAt(index)];
    const boxed = from.box !== null;
    const lit = focus?.edges.get(graph.edgeName(index));
    const strength = lit === undefined ? edge.strength : edge.strength / strongestInFocus;
    const letter = edge.port === 'out' || to.kind === 'port' ? null : edge.port;
    const clear = lit !== undefined || fine;
    const faded = !edge.deciding && lit === undefined && (focus !== null || edge.found === false);
    const width = isThin(edge) ? 1 : widthOf(strength, boxed, clear);
    return {
      color: colorOf(edge.deciding ? palette.selected : hueOf(edge, from, graph.layers, context), edge, {
        strength,
        lit,
        faded,
      }),
      width: edge.deciding ? Math.max(3, width) : width,
      depth:
        strength +
        (lit !== undefined || (selected !== null && graph.edgeName(index) === selected) ? 1 : 0) -
        (faded ? 1 : 0) +
        (edge.deciding ? 3 : 0),
      label: faded || letter === 'several' || (edge.kind === 'direct' && letter === null) ? null : letter,
      dashed: edge.pending || !edge.inCircuit || edge.kind === 'shared',
    };
  }

  /** Colours of a haze by hue, and by share in SHADES. A large graph asks for few of them, many times. */
  const mixed = new Map<string, string[]>();

  function colorOf(
    hue: string,
    edge: DisplayEdge,
    { strength, lit, faded }: { readonly strength: number; readonly lit: number | undefined; readonly faded: boolean },
  ): string {
    if (edge.deciding) return hue;
    const clear = lit !== undefined || fine;
    const share = faded ? FADED : presence(edge, strength, clear ? 0 : palette.name === 'dark' ? 0.25 : 0.12);
    if (clear && !faded && !isQuiet(edge)) {
      const least = lit === undefined ? CONTRAST : LIT_CONTRAST;
      return visible(palette.background, hue, share * (0.4 + 0.6 * (lit ?? 1)), least);
    }
    if (clear) return mix(palette.background, hue, share);
    let shades = mixed.get(hue);
    if (!shades) mixed.set(hue, (shades = []));
    const shade = Math.round(share * SHADES);
    return (shades[shade] ??= mix(palette.background, hue, shade / SHADES));
  }

  return {
    node,
    edge: (id) => edgeAt(graph.edgeIndex(id)),
    edgeAt,
    focus,
    get base(): Styles {
      return baseOf(graph, context);
    },
  };
}

/** Width of an edge in CSS pixels. @param clear the edges are drawn one by one. */
export function widthOf(strength: number, boxed: boolean, clear: boolean): number {
  if (boxed) return 0.8 + 4.7 * Math.sqrt(strength);
  return (clear ? 0.8 : 0.3) + 6 * Math.sqrt(strength);
}

const bases = new WeakMap<DisplayGraph, { readonly context: StyleContext; readonly styles: Styles }>();

function baseOf(graph: DisplayGraph, { palette, hue }: StyleContext): Styles {
  const known = bases.get(graph);
  if (known?.context.palette === palette && known.context.hue === hue) return known.styles;
  const context = { palette, hue, focus: null, selected: null };
  const styles = stylesOf(graph, context);
  bases.set(graph, { context, styles });
  return styles;
}

/** Largest strength of some edges. 1 when all are zero. */
function strongest(graph: DisplayGraph, edges: Iterable<string>): number {
  let most = 0;
  for (const id of edges) if (graph.hasEdge(id)) most = Math.max(most, graph.getEdgeAttribute(id, 'strength'));
  return most || 1;
}

function shapeOf(node: DisplayNode): NodeStyle['shape'] {
  if (node.kind === 'mlp') return 'square';
  return node.kind === 'head' || node.kind === 'port' ? 'circle' : 'ringed';
}

function fillOf(node: DisplayNode, palette: Palette, hue: ViewState['hue']): string {
  const colors = node.box ? palette.boxes : palette;
  if (node.port) return portFill(palette, node.port, hue);
  if (!node.connected && !node.pinned && !node.box) return palette.quiet;
  switch (node.kind) {
    case 'mlp':
    case 'error':
      return colors.mlp;
    case 'group':
      return colors.group;
    case 'input':
    case 'logits':
      return colors.terminal;
    default:
      return colors.head;
  }
}

/** Colour of a port's mark. */
function portFill(palette: Palette, port: 'q' | 'k' | 'v', hue: ViewState['hue']): string {
  return mix(palette.background, palette[port], hue === 'port' ? 1 : MUTED);
}

function outlineOf(node: DisplayNode, marked: boolean, palette: Palette): { color: string; width: number } | null {
  if (marked) return { color: palette.selected, width: 3 };
  if (node.pinned) return { color: palette.text, width: 2 };
  if (node.box) return { color: mix(palette.boxes.terminal, palette.text, 0.6), width: 1 };
  return shapeOf(node) === 'ringed' ? { color: palette.text, width: 1.5 } : null;
}

/** In a comparison the sign gives way to what the circuits have in common. */
function hueOf(edge: DisplayEdge, from: DisplayNode, layers: number, { palette, hue }: StyleContext): string {
  if (isThin(edge)) return palette.neutral;
  if (hue === 'port') return edge.port === 'out' || edge.port === 'several' ? palette.neutral : palette[edge.port];
  if (hue === 'source') return sourceHue(from, layers, palette);
  switch (edge.class) {
    case 'both':
    case 'flipped':
      return palette[edge.class];
    case 'only-a':
      return palette.onlyA;
    case 'only-b':
      return palette.onlyB;
    case null:
  }
  if (edge.effect === null || edge.effect === 0) return palette.neutral;
  return edge.effect > 0 ? palette.helps : palette.hurts;
}

function sourceHue(source: DisplayNode, layers: number, palette: Palette): string {
  if (source.kind === 'mlp') return palette.sources.mlp;
  if (source.layer === null) return palette.neutral;
  return ramp(palette.sources.heads, source.layer / Math.max(1, layers - 1));
}

/** Share of an edge's hue in its colour. */
function presence(edge: DisplayEdge, strength: number, floor: number): number {
  if (edge.pending) return 0.3;
  if (isIdle(edge)) return IDLE;
  const share = 0.12 + 0.88 * strength ** 0.45;
  return Math.max(floor, edge.inCircuit ? share : 0.6 * share);
}

/** Not to be read on its own: it may have little contrast. */
function isQuiet(edge: DisplayEdge): boolean {
  return edge.pending || isIdle(edge);
}

function isThin({ pending, kind }: DisplayEdge): boolean {
  return pending || kind === 'shared';
}

/** Nothing that it stands for carries anything in the circuit. */
function isIdle({ idle, edges }: DisplayEdge): boolean {
  return idle > 0 && idle === edges.length;
}
