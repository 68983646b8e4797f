import type { MultiDirectedGraph } from 'graphology';
import type { EdgeClass } from '../data/circuit-data.js';
import type { LayoutName } from '../data/saved-view.js';

/**
 * What is drawn. Derived from the data and the view, never the other way round; the canvas, the SVG writer and the tests
 * read the same scene. Coordinates are layout units, y upwards.
 */
export interface Scene {
  readonly layout: LayoutName;
  readonly graph: DisplayGraph;
  /** Grid only: one row per layer, and a label over each column of heads. */
  readonly bands: readonly Band[];
  readonly columns: readonly { readonly x: number; readonly label: string }[];
  /**
   * A smooth path per display edge, and where its port letter stands. In the figure all edges have one; elsewhere only
   * loops (direct edges of heads without ports), all other edges being curves by their `curvature`.
   */
  readonly routes: ReadonlyMap<string, Route>;
  /** The smallest box around everything drawn: bands, boxes, routes. */
  readonly bounds: Box;
  /** What the reader should know of this picture: that another layout stands in for the one asked for. */
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

/** Cubic Bézier pieces: start point, then three points for each piece. */
export interface Route {
  readonly points: readonly (readonly [number, number])[];
  readonly label: readonly [number, number] | null;
}

export type DisplayGraph = MultiDirectedGraph<DisplayNode, DisplayEdge>;

export interface DisplayNode {
  x: number;
  y: number;
  label: string;
  /** `port`: q, k or v of a head (grid only), drawn under it. `group`: several nodes as one. */
  kind: 'input' | 'head' | 'mlp' | 'logits' | 'port' | 'group';
  layer: number | null;
  /** Of a port: which one, and its head's display node. */
  port: 'q' | 'k' | 'v' | null;
  parent: string | null;
  /** Names of the circuit's nodes that it stands for. */
  members: readonly string[];
  /** Radius (circles) or half the side (squares) in layout units. */
  size: number;
  /** Figure only: width and height of its box in layout units. */
  box: readonly [number, number] | null;
  /** Touches a shown edge. */
  connected: boolean;
  pinned: boolean;
  noted: boolean;
  /** Fits the search; null while nothing is searched. */
  found: boolean | null;
}

export interface DisplayEdge {
  /** Names of the circuit's edges that it stands for, strongest first. */
  edges: readonly string[];
  port: 'q' | 'k' | 'v' | 'out' | 'several';
  kind: 'addition' | 'direct';
  /** Sum over `edges`; null where none was measured. */
  effect: number | null;
  /** |effect| / largest |effect| shown, 0..1; 0 where not measured. */
  strength: number;
  class: EdgeClass | null;
  pending: boolean;
  inCircuit: boolean;
  /** The quadratic curve's control point is the midpoint of its ends + curvature * (-dy, dx), y upwards. */
  curvature: number;
  found: boolean | null;
}
