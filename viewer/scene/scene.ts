import type { LayoutName } from '../data/saved-view.js';
import type { DisplayGraph } from './display-graph.js';

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
