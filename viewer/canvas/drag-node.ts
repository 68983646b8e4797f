import type { Route, Scene } from '../scene/scene.js';

/**
 * Moves a node of the scene by layout units, while it is dragged. A head takes its ports along. A box of the figure
 * takes the ends of its edges along. The app routes the edges anew when the drag ends.
 *
 * The nodes of the scene's graph are changed in place.
 *
 * @returns the scene with the moved routes.
 */
export function dragNode(scene: Scene, node: string, dx: number, dy: number): Scene {
  const { graph, routes } = scene;
  const id = graph.getNodeAttribute(node, 'parent') ?? node;
  graph.forEachNode((name, { parent, x, y }) => {
    if (name === id || parent === id) graph.mergeNodeAttributes(name, { x: x + dx, y: y + dy });
  });
  const moved = new Map(routes);
  graph.forEachEdgeOf(id, (edge, _, source, target) => {
    const route = moved.get(edge);
    if (route) moved.set(edge, dragRoute(route, source === id, target === id, dx, dy));
  });
  return { ...scene, routes: moved };
}

/** Each end that moves takes its next point along. A loop moves whole. */
function dragRoute(route: Route, atStart: boolean, atEnd: boolean, dx: number, dy: number): Route {
  const last = route.points.length - 1;
  const points = route.points.map(([x, y], i): readonly [number, number] => {
    const goes = (atStart && i <= 1) || (atEnd && i >= last - 1) || (atStart && atEnd);
    return goes ? [x + dx, y + dy] : [x, y];
  });
  return { ...route, points };
}
