import { MultiDirectedGraph } from 'graphology';
import Sigma from 'sigma';
import { LAYERS, type SurfaceOf } from '../layers.js';
import type { Surface } from '../painter.js';

export type Renderer = Sigma<{ x: number; y: number }>;

/** CSS pixels around the scene, for labels, when everything is seen. */
const PADDING = 36;
/** Where Sigma puts the 2D layers among its own: its types do not know the option. */
const BELOW_MOUSE: object = { beforeLayer: 'mouse' };

/** Sigma moves no camera over an empty graph. This one has a node, which is hidden: nothing but its place is read. */
export function createRenderer(container: HTMLElement): Renderer {
  const ground = new MultiDirectedGraph<{ x: number; y: number }>();
  ground.addNode('', { x: 0, y: 0 });
  return new Sigma(ground, container, {
    allowInvalidContainer: true,
    renderLabels: false,
    stagePadding: PADDING,
    minCameraRatio: 0.02,
    maxCameraRatio: 4,
    defaultDrawNodeHover: () => undefined,
    nodeReducer: (_, place) => ({ ...place, hidden: true }),
  });
}

/** Adds the 2D layers to Sigma's own. */
export function addLayers(renderer: Renderer): SurfaceOf {
  for (const layer of LAYERS) renderer.createCanvasContext(layer, BELOW_MOUSE);
  const canvases = renderer.getCanvases();
  const contexts = new Map(LAYERS.map((layer) => [layer, canvases[layer]!.getContext('2d')!]));
  renderer.resize(true);
  return (layer): Surface => ({ context: contexts.get(layer)!, ...renderer.getDimensions() });
}
