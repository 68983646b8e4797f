import type { ViewState } from '../../view/view-state.js';
import type { DisplayEdge, DisplayGraph, DisplayNode } from '../scene.js';
import { mix, ramp } from './color.js';
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
  /** Null when nothing is in focus. */
  readonly focus: Focus | null;
  /** The styles without focus and selection. The same object as long as graph, palette and hue are the same. */
  readonly base: Styles;
}

/** Most connected nodes that are all labelled. Of more nodes the labels that find a place are drawn. */
const LABEL_ALL = 120;
/** Up to this number of edges, even weak edges are clear. More weak edges would drown the strong ones. */
const FEW = 400;

/** The styles of every node and edge. A style is computed when it is asked for. */
export function stylesOf(graph: DisplayGraph, context: StyleContext): Styles {
  const { palette, selected } = context;
  const focus = context.focus && context.focus.nodes.size + context.focus.edges.size > 0 ? context.focus : null;
  const labelAll = graph.filterNodes((_, node) => node.connected && node.kind !== 'port').length <= LABEL_ALL;
  const strongestInFocus = focus ? strongest(graph, focus.edges) : 1;

  function node(id: string): NodeStyle {
    const node = graph.getNodeAttributes(id);
    const marked = id === selected || (node.found === true && node.kind !== 'port');
    const faded = focus !== null && !focus.nodes.has(id) && !marked;
    const share = faded ? 0.25 : node.found === false ? 0.45 : 1;
    const outline = outlineOf(node, marked, palette);
    const named = node.connected || marked || node.pinned || focus?.nodes.has(id) === true;
    return {
      shape: shapeOf(node),
      fill: mix(palette.background, fillOf(node, palette), share),
      border: mix(palette.background, outline?.color ?? fillOf(node, palette), share),
      borderWidth: outline?.width ?? 0,
      label: named || node.box ? node.label : '',
      labelColor: mix(palette.background, palette.text, share),
      forceLabel: node.kind !== 'port' && named && (labelAll || marked || node.pinned || focus?.nodes.has(id) === true),
      depth: (node.connected ? 1 : 0) + (node.kind === 'port' ? 0 : 1) + (marked || focus?.nodes.has(id) ? 2 : 0),
    };
  }

  function edge(id: string): EdgeStyle {
    const edge = graph.getEdgeAttributes(id);
    const figure = graph.getSourceAttribute(id, 'box') !== null;
    const inFocus = focus?.edges.has(id) ?? false;
    const strength = inFocus ? edge.strength / strongestInFocus : edge.strength;
    const letter = edge.port === 'out' || graph.getTargetAttribute(id, 'kind') === 'port' ? null : edge.port;
    const few = inFocus || graph.size <= FEW;
    const floor = figure ? 0.6 : few ? 0.35 : palette.name === 'dark' ? 0.25 : 0.12;
    const thinnest = few ? 0.8 : 0.3;
    const faded = !inFocus && (focus !== null || edge.found === false);
    return {
      color: mix(palette.background, hueOf(graph, id, edge, context), faded ? 0.1 : presence(edge, strength, floor)),
      width:
        edge.pending || edge.kind === 'shared'
          ? 1
          : figure
            ? 0.8 + 4.7 * Math.sqrt(strength)
            : thinnest + 6 * Math.sqrt(strength),
      depth: strength + (inFocus || id === selected ? 1 : 0) - (faded ? 1 : 0),
      label: faded || letter === 'several' || (edge.kind === 'direct' && letter === null) ? null : letter,
      dashed: edge.pending || !edge.inCircuit || edge.kind === 'shared',
    };
  }

  return {
    node,
    edge,
    focus,
    get base(): Styles {
      return baseOf(graph, context);
    },
  };
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
function strongest(graph: DisplayGraph, edges: ReadonlySet<string>): number {
  let most = 0;
  for (const id of edges) if (graph.hasEdge(id)) most = Math.max(most, graph.getEdgeAttribute(id, 'strength'));
  return most || 1;
}

function shapeOf(node: DisplayNode): NodeStyle['shape'] {
  if (node.kind === 'mlp') return 'square';
  return node.kind === 'head' || node.kind === 'port' ? 'circle' : 'ringed';
}

function fillOf(node: DisplayNode, palette: Palette): string {
  const colors = node.box ? palette.boxes : palette;
  if (node.port) return palette[node.port];
  if (!node.connected && !node.pinned && !node.box) return palette.quiet;
  switch (node.kind) {
    case 'mlp':
    case 'group':
      return colors[node.kind];
    case 'input':
    case 'logits':
      return colors.terminal;
    default:
      return colors.head;
  }
}

function outlineOf(node: DisplayNode, marked: boolean, palette: Palette): { color: string; width: number } | null {
  if (marked) return { color: palette.selected, width: 3 };
  if (node.pinned) return { color: palette.text, width: 2 };
  if (node.box) return { color: mix(palette.boxes.terminal, palette.text, 0.6), width: 1 };
  return shapeOf(node) === 'ringed' ? { color: palette.text, width: 1.5 } : null;
}

function hueOf(graph: DisplayGraph, id: string, edge: DisplayEdge, { palette, hue }: StyleContext): string {
  if (edge.pending || edge.kind === 'shared') return palette.neutral;
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
  if (hue === 'port') return edge.port === 'out' || edge.port === 'several' ? palette.neutral : palette[edge.port];
  if (hue === 'source') return sourceHue(graph, id, palette);
  if (edge.effect === null || edge.effect === 0) return palette.neutral;
  return edge.effect > 0 ? palette.helps : palette.hurts;
}

function sourceHue(graph: DisplayGraph, id: string, palette: Palette): string {
  const source = graph.getSourceAttributes(id);
  if (source.kind === 'mlp') return palette.sources.mlp;
  if (source.layer === null) return palette.neutral;
  const layers = Number(graph.getAttribute('layers') ?? 1);
  return ramp(palette.sources.heads, source.layer / Math.max(1, layers - 1));
}

/** Share of an edge's hue in its colour. */
function presence(edge: DisplayEdge, strength: number, floor: number): number {
  if (edge.pending) return 0.3;
  const share = 0.12 + 0.88 * strength ** 0.45;
  return Math.max(floor, edge.inCircuit ? share : 0.6 * share);
}
