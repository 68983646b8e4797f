import { nearestRoute } from './hit-test.js';
import { curve } from '../draw/marks.js';
import type { DisplayNode, Route, Scene } from '../scene.js';

/** What the pointer is on. */
export type Target = { readonly node: string } | { readonly edge: string };

/** More edges than this are a haze in which none can be pointed at. */
export const PICKABLE_EDGES = 2000;

/**
 * The node or else the edge at a point, both in layout units; null on empty ground.
 *
 * @param within how far beside a mark the pointer may be.
 */
export function pick(scene: Scene, x: number, y: number, within: number): Target | null {
  let node: string | null = null;
  let least = Infinity;
  scene.graph.forEachNode((id, attributes) => {
    const distance = outside(attributes, x, y) - (attributes.kind === 'port' ? 0.001 : 0); // ports lie on their heads
    if (distance <= within && distance < least) [least, node] = [distance, id];
  });
  if (node !== null) return { node };
  if (scene.graph.size > PICKABLE_EDGES) return null;
  const edge = nearestRoute(pathsOf(scene), x, y, within);
  return edge === null ? null : { edge };
}

/** How far a point is outside of a node's mark; negative inside. */
function outside({ box, ...node }: DisplayNode, x: number, y: number): number {
  const [dx, dy] = [Math.abs(x - node.x), Math.abs(y - node.y)];
  if (box) return Math.max(dx - box[0] / 2, dy - box[1] / 2);
  return node.kind === 'mlp' ? Math.max(dx, dy) - node.size : Math.hypot(dx, dy) - node.size;
}

const paths = new WeakMap<Scene, ReadonlyMap<string, Route>>();

/** A path for every edge, by route or curve. */
function pathsOf(scene: Scene): ReadonlyMap<string, Route> {
  const known = paths.get(scene);
  if (known) return known;
  const all = new Map(scene.routes);
  scene.graph.forEachEdge((id) => {
    if (!all.has(id)) all.set(id, { points: curve(scene, id), label: null });
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
