import type { EdgeDisplayData, NodeDisplayData } from 'sigma/types';
import { PICKABLE_EDGES } from '../../scene/pick/pick.js';
import { isFine, type DisplayEdge, type DisplayNode, type Scene } from '../../scene/scene.js';
import type { Styles } from '../../scene/style/style.js';

/** Sigma fades a curve inwards over this many pixels of the screen. A wider curve looks as wide as its style says. */
const FEATHER = 1;

/** How Sigma draws a node of its graph. A node that the scene does not have is hidden. */
export function nodeData(
  scene: Scene,
  styles: Styles | null,
  id: string,
  node: Pick<DisplayNode, 'x' | 'y' | 'size'>,
): Partial<NodeDisplayData> {
  if (!styles || !scene.graph.hasNode(id)) return { x: node.x, y: node.y, hidden: true };
  const style = styles.base.node(id);
  const ringed = style.borderWidth > 0 && style.shape !== 'square';
  return {
    x: node.x,
    y: node.y,
    size: node.size,
    label: null,
    color: style.fill,
    type: ringed ? 'ringed' : style.shape === 'square' ? 'square' : 'circle',
    zIndex: style.depth,
    ...(ringed ? { borderColor: style.border, borderSize: style.borderWidth } : {}),
  };
}

/** How Sigma draws an edge of its graph. Edges that are drawn one by one, and loops, are painted on a 2D layer instead. */
export function edgeData(
  scene: Scene,
  styles: Styles | null,
  id: string,
  edge: Pick<DisplayEdge, 'curvature'>,
): Partial<EdgeDisplayData> {
  if (!styles || isFine(scene) || scene.routes.has(id)) return { hidden: true };
  const style = styles.base.edge(id);
  const size = style.width + FEATHER / window.devicePixelRatio;
  return {
    color: style.color,
    zIndex: style.depth,
    ...(scene.graph.size > PICKABLE_EDGES
      ? { type: 'line', size: style.width }
      : { type: 'curve', size, curvature: edge.curvature }),
  };
}
