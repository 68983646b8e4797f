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
  /** Grid only: one row per layer, from the bottom. */
  readonly bands: readonly Band[];
  /** Grid only: the labels of the columns of heads. */
  readonly columns: readonly { readonly x: number; readonly label: string }[];
  /**
   * Smooth paths by display edge. In the figure every edge has a route. In the other layouts only loops have one: the
   * direct edges of heads without ports. An edge without a route is a curve by its `curvature`.
   */
  readonly routes: ReadonlyMap<string, Route>;
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
  /** Figure only: width and height of its box in layout units. */
  box: readonly [number, number] | null;
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
  /** `shared`: from a key/value head to a head that reads it. It is drawn so that paths go on, and cannot be chosen. */
  kind: 'addition' | 'direct' | 'shared';
  /** Sum of the effects of `edges`. Null when none was measured. */
  effect: number | null;
  /** |effect| / largest |effect| of the scene, 0..1. 0 when not measured. */
  strength: number;
  class: EdgeClass | null;
  pending: boolean;
  inCircuit: boolean;
  /**
   * The edge is a quadratic curve. Its control point is the midpoint of its ends + curvature * (-dy, dx), where (dx,
   * dy) leads from source to target.
   */
  curvature: number;
  found: boolean | null;
}
