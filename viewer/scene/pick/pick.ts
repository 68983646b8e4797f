import { curve } from '../draw/marks.js';
import type { DisplayNode } from '../display-graph.js';
import type { Route, Scene } from '../scene.js';
import { nearestRoute } from './hit-test.js';

/** A display node or a display edge that the pointer is on. */
export type Target = { readonly node: string } | { readonly edge: string };

/** Most edges that can be pointed at. More of them are a haze. */
export const PICKABLE_EDGES = 2000;

/**
 * The node at a point, or else the edge. Null on empty ground.
 *
 * @param x in layout units, as are `y` and `within`.
 * @param within how far beside a mark the pointer may be.
 */
export function pick(scene: Scene, x: number, y: number, within: number): Target | null {
  let node: string | null = null;
  let least = Infinity;
  scene.graph.forEachNode((id, attributes) => {
    // A port lies on its head, and wins.
    const distance = outside(attributes, x, y) - (attributes.kind === 'port' ? 0.001 : 0);
    if (distance <= within && distance < least) [least, node] = [distance, id];
  });
  if (node !== null) return { node };
  if (scene.graph.size > PICKABLE_EDGES) return null;
  const edge = nearestRoute(pathsOf(scene), x, y, within);
  return edge === null ? null : { edge };
}

/** Distance of a point from a node's mark. Negative inside of the mark. */
function outside({ box, ...node }: DisplayNode, x: number, y: number): number {
  const [dx, dy] = [Math.abs(x - node.x), Math.abs(y - node.y)];
  if (box) return Math.max(dx - box[0] / 2, dy - box[1] / 2);
  return node.kind === 'mlp' ? Math.max(dx, dy) - node.size : Math.hypot(dx, dy) - node.size;
}

const paths = new WeakMap<Scene, ReadonlyMap<string, Route>>();

/** A path for every edge of the circuit: its route, or else its curve. */
function pathsOf(scene: Scene): ReadonlyMap<string, Route> {
  const known = paths.get(scene);
  if (known) return known;
  const all = new Map(scene.routes);
  scene.graph.forEachEdge((id, { kind }) => {
    if (kind === 'shared') all.delete(id);
    else if (!all.has(id)) all.set(id, { points: curve(scene, id), label: null });
  });
  paths.set(scene, all);
  return all;
}

/** The connected nodes, ports aside, in a box between two corners in layout units. */
export function nodesIn(scene: Scene, a: Corner, b: Corner): string[] {
  const within = (value: number, p: number, q: number): boolean => value >= Math.min(p, q) && value <= Math.max(p, q);
  return scene.graph.filterNodes(
    (_, { kind, connected, x, y }) => connected && kind !== 'port' && within(x, a.x, b.x) && within(y, a.y, b.y),
  );
}

interface Corner {
  readonly x: number;
  readonly y: number;
}
