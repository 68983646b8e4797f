import type { MultiDirectedGraph } from 'graphology';
import type { EdgeClass, NodeKind } from '../data/circuit-data.js';
import type { LayoutName } from '../data/saved-view.js';

/**
 * What is drawn. A scene follows from the data and the view, and nothing follows back. The canvas, the SVG writer and
 * the tests read the same scene. Coordinates are layout units. y goes upwards.
 */
export interface Scene {
  readonly layout: LayoutName;
  readonly graph: DisplayGraph;
  /** Nodes are boxes with their names inside, in layout units that are pixels at a scale of 1. */
  readonly boxed: boolean;
  /** The layers, from the bottom. The force layout has none. */
  readonly bands: readonly Band[];
  /** Grid only: the labels of the columns of heads. */
  readonly columns: readonly { readonly x: number; readonly label: string }[];
  /**
   * Smooth paths by display edge. Where nodes are boxes, every edge has a route. In the other layouts only loops have
   * one: the direct edges of heads without ports. An edge without a route is a curve by its `curvature`.
   */
  readonly routes: ReadonlyMap<string, Route>;
  /** Tokens only: the tokens of the prompt, in the box of the input. */
  readonly tokens: readonly TokenLabel[];
  /** Tokens only: where heads read, behind the edges. */
  readonly reads: readonly Read[];
  /** The smallest box around everything drawn: bands, boxes, routes. */
  readonly bounds: Box;
  /** A message for the reader: another layout than the chosen one is shown. */
  readonly notice?: string;
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

export interface Band {
  readonly label: string;
  readonly bottom: number;
  readonly top: number;
  readonly layer: number;
  /** Every second one is tinted. */
  readonly tinted: boolean;
}

/** A path of cubic Bézier pieces. */
export interface Route {
  /** The start point, then three points for each piece. */
  readonly points: readonly (readonly [number, number])[];
  /** Place of the letter of the port. */
  readonly label: readonly [number, number] | null;
}

/** A token of the prompt. */
export interface TokenLabel {
  /** With spaces made visible, and cut where it is long. */
  readonly text: string;
  readonly x: number;
  /** Middle of the text; where it ends if it is upright. */
  readonly y: number;
  /** It is written upwards. */
  readonly upright: boolean;
  /** Another token in the corrupted prompt. */
  readonly changed: boolean;
  /** Its next token is what is measured. */
  readonly measured: boolean;
}

/** Where a head reads from the token that it stands at. */
export interface Read {
  /** The display node. */
  readonly node: string;
  /** Share of its attention, 0..1. */
  readonly share: number;
  /** From the token that is read to the head: start point, then three points for each Bézier piece. */
  readonly points: readonly (readonly [number, number])[];
}

/**
 * Up to this number, edges are drawn one by one, with arrow heads and dashes. More of them are a haze of plain lines.
 */
export const FINE_EDGES = 500;

export function isFine({ boxed, graph }: Pick<Scene, 'boxed' | 'graph'>): boolean {
  return boxed || graph.size <= FINE_EDGES;
}

/** A part of the lower edge of a box. */
export interface Tab {
  /** Null: for edges that have no port. */
  readonly port: 'q' | 'k' | 'v' | null;
  /** From the middle of the box, in layout units. */
  readonly left: number;
  readonly width: number;
}

export type DisplayGraph = MultiDirectedGraph<DisplayNode, DisplayEdge>;

export interface DisplayNode {
  x: number;
  y: number;
  label: string;
  /** `port`: q, k or v of a head, drawn under the head in the grid. `group`: several nodes as one. */
  kind: NodeKind | 'port' | 'group';
  layer: number | null;
  /** Ports only: its letter. */
  port: 'q' | 'k' | 'v' | null;
  /** Ports only: the display node of its head. */
  parent: string | null;
  /** Names of the circuit's nodes that the display node stands for. */
  members: readonly string[];
  /** Radius (circles) or half the side (squares) in layout units. */
  size: number;
  /** Where it stands among the rows of the model, from the bottom: a layer has several. See `levelOf`. */
  level: number;
  /** Width and height of its box in layout units. Null where nodes are no boxes. */
  box: readonly [number, number] | null;
  /** Parts of the lower edge of its box that edges into its ports end at, from the left. */
  tabs: readonly Tab[];
  /** A shown edge starts or ends here. */
  connected: boolean;
  pinned: boolean;
  /** The reader left a note on it. */
  noted: boolean;
  /** The search finds it. Null while nothing is searched. */
  found: boolean | null;
}

export interface DisplayEdge {
  /** Names of the circuit's edges that the display edge stands for, strongest first. A `shared` link has none. */
  edges: readonly string[];
  port: 'q' | 'k' | 'v' | 'out' | 'several';
  /** Where nodes are boxes: the tab of its target that it ends at. Null = none. */
  tab: 'q' | 'k' | 'v' | null;
  /** `shared`: from a key/value head to a head that reads it. It is drawn so that paths go on, and cannot be chosen. */
  kind: 'addition' | 'direct' | 'shared';
  /** Sum of the effects of `edges`. Null when none was measured. */
  effect: number | null;
  /** |effect| / largest |effect| of the scene, 0..1. 0 when not measured. */
  strength: number;
  class: EdgeClass | null;
  pending: boolean;
  inCircuit: boolean;
  /** Number of its edges that are kept and carry nothing in the circuit. */
  idle: number;
  /** In a replay: it was decided on last. */
  deciding: boolean;
  /**
   * The edge is a quadratic curve. Its control point is the midpoint of its ends + curvature * (-dy, dx), where (dx,
   * dy) leads from source to target.
   */
  curvature: number;
  found: boolean | null;
}
