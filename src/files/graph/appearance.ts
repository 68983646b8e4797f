import type { CircuitGraph, EdgeAttributes, NodeAttributes } from './circuit-graph.js';
import { HELPS, HURTS, type Rgb } from './colors.js';

const NODE_COLORS: Readonly<Record<NodeAttributes['kind'], Rgb>> = {
  input: [153, 153, 153],
  head: [146, 197, 222],
  kv: [166, 219, 160],
  mlp: [253, 219, 199],
  logits: [153, 153, 153],
};
const UNTESTED: Rgb = [136, 136, 136];

/** How a file shows a graph: sizes relative to the strongest node and edge in it, colours by kind and sign. */
export interface Appearance {
  nodeColor(node: Readonly<NodeAttributes>): Rgb;
  /** Diameter from 4 to 20. */
  nodeSize(node: Readonly<NodeAttributes>): number;
  /** Blue where the edge helps, red where it hurts, grey where that is unknown. */
  edgeColor(edge: Readonly<EdgeAttributes>): Rgb;
  /** Width from 0.3 to 6.3. */
  edgeWidth(edge: Readonly<EdgeAttributes>): number;
}

/** Areas, not lengths, are proportional to effects. What the circuit does not hold is pale. */
export function appearance(graph: CircuitGraph): Appearance {
  const strongestNode = strongest(graph.mapNodes((_, node) => node.effect));
  const strongestEdge = strongest(graph.mapEdges((_, edge) => edge.effect ?? 0));
  return {
    nodeColor: (node) => shade(NODE_COLORS[node.kind], node.inCircuit),
    nodeSize: (node) => hundredths(4 + 16 * Math.sqrt(magnitude(node.effect) / strongestNode)),
    edgeColor: (edge) => shade(edge.effect ? (edge.effect > 0 ? HELPS : HURTS) : UNTESTED, edge.inCircuit),
    edgeWidth: (edge) => hundredths(0.3 + 6 * Math.sqrt(magnitude(edge.effect ?? 0) / strongestEdge)),
  };
}

/** Largest magnitude, or 1 where all are zero. */
function strongest(effects: readonly number[]): number {
  return effects.reduce((largest, effect) => Math.max(largest, magnitude(effect)), 0) || 1;
}

/** A sum of huge effects may overflow: shown as if there were none. */
function magnitude(effect: number): number {
  return Number.isFinite(effect) ? Math.abs(effect) : 0;
}

function shade(color: Rgb, strong: boolean): Rgb {
  if (strong) return color;
  const [r, g, b] = color.map((channel) => Math.round(channel + 0.7 * (255 - channel)));
  return [r!, g!, b!];
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
