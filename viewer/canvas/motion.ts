import type { Read, Route, Scene } from '../scene/scene.js';
import type { Point } from './pointer.js';

/** Milliseconds in which nodes go to their new places. */
export const MOVE_MS = 250;

/** A scene whose nodes are on their way. */
export interface Motion {
  readonly scene: Scene;
  /** Puts every node and every edge where it is after a share of the time, 0..1. */
  at(share: number): void;
}

/**
 * Nodes that go to their places in a scene. The scene itself stays as it is: a copy of it moves. Edges take their final
 * shape, and their ends go along with the nodes.
 *
 * @param starts where nodes come from, in layout units. A node that is not there does not move.
 */
export function motionTo(scene: Scene, starts: ReadonlyMap<string, Point>): Motion {
  const graph = scene.graph.copy();
  const routes = new Map(scene.routes);
  const reads = [...scene.reads];
  const offsets = new Map<string, readonly [number, number]>();
  scene.graph.forEachNode((id, { x, y }) => {
    const start = starts.get(id);
    if (start) offsets.set(id, [start.x - x, start.y - y]);
  });
  const still = [0, 0] as const;
  return {
    scene: { ...scene, graph, routes, reads },
    at(share) {
      const left = 1 - eased(share);
      const offsetOf = (id: string) => {
        const [dx, dy] = offsets.get(id) ?? still;
        return [left * dx, left * dy] as const;
      };
      scene.graph.forEachNode((id, { x, y }) => {
        const [dx, dy] = offsetOf(id);
        graph.mergeNodeAttributes(id, { x: x + dx, y: y + dy });
      });
      for (const [edge, route] of scene.routes) {
        const [source, target] = scene.graph.extremities(edge);
        routes.set(edge, shifted(route, offsetOf(source), offsetOf(target)));
      }
      scene.reads.forEach((read, i) => (reads[i] = shifted(read, still, offsetOf(read.node))));
    },
  };
}

/** A path whose ends are moved. A point between them moves by its share of both. */
function shifted<Path extends Route | Read>(
  path: Path,
  start: readonly [number, number],
  end: readonly [number, number],
): Path {
  const last = path.points.length - 1;
  const points = path.points.map(([x, y], i) => {
    const t = i / last;
    return [x + (1 - t) * start[0] + t * end[0], y + (1 - t) * start[1] + t * end[1]] as const;
  });
  return { ...path, points };
}

/** Slow at both ends. */
function eased(share: number): number {
  const t = Math.min(1, Math.max(0, share));
  return t < 0.5 ? 2 * t * t : 1 - 2 * (1 - t) * (1 - t);
}
