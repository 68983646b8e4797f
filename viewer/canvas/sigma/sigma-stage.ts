import { MultiDirectedGraph } from 'graphology';
import Sigma from 'sigma';
import { EdgewiseError } from '../../../src/base/errors.js';
import { nodesIn, PICKABLE_EDGES, pick, type Target } from '../../scene/pick/pick.js';
import type { DisplayEdge, DisplayGraph, DisplayNode, Scene } from '../../scene/scene.js';
import { PALETTES, type Palette } from '../../scene/style/palette.js';
import type { Styles } from '../../scene/style/style.js';
import { dragNode } from '../drag-node.js';
import { LAYERS, paintFocus, paintLayers, type Layer, type Picture, type SurfaceOf } from '../layers.js';
import type { Surface } from '../painter.js';
import { followPointer, type Point } from '../pointer.js';
import type { CameraView, Stage, StageEvents } from '../stage.js';
import { StageCamera, type Renderer } from './camera.js';
import { EDGE_PROGRAMS, NODE_PROGRAMS } from './programs.js';
import { edgeData, nodeData } from './reducers.js';

// The drawing surface on Sigma. Only the files of this folder know Sigma.
//
// Sigma moves the camera. It draws the nodes of the grid and of the force layout with WebGL, and their edges where they
// are many. Sigma has no marks for the rest: the rest is painted on 2D layers, in the same frame. From the lowest to the
// highest:
//
// - bands: the bands of the grid
// - figure: edges that are drawn one by one, or the whole of a scene of boxes
// - focus: lit nodes and edges, on a veil that dims the layers below; the selection box
// - names: labels
//
// Hover repaints 2D layers only. It costs no pass over the graph.

/** Where Sigma puts each 2D layer among its own layers. */
const PLACES: Readonly<Record<Layer, object>> = {
  bands: { beforeLayer: 'edges' },
  figure: { beforeLayer: 'nodes' },
  focus: { afterLayer: 'nodes' },
  names: { afterLayer: 'focus' },
};

/** CSS pixels around the scene, for labels, when everything is seen. */
const PADDING = 36;
/** CSS pixels beside a mark that still count as on it. */
const SLACK = 4;

const EMPTY: Scene = {
  layout: 'grid',
  boxed: false,
  graph: new MultiDirectedGraph(),
  bands: [],
  columns: [],
  tokens: [],
  reads: [],
  routes: new Map(),
  bounds: { left: 0, right: 1, bottom: 0, top: 1 },
};

/**
 * A drawing surface in `container`, which it fills.
 *
 * @throws EdgewiseError kind `device` when the browser has no WebGL 2.
 */
export function createStage(container: HTMLElement, events: StageEvents): Stage {
  if (!document.createElement('canvas').getContext('webgl2')) {
    throw new EdgewiseError('device', 'this browser', 'has no WebGL 2, which the drawing needs; is it switched off?');
  }
  return new SigmaStage(container, events);
}

class SigmaStage implements Stage {
  readonly #container: HTMLElement;
  readonly #renderer: Renderer;
  readonly #camera: StageCamera;
  readonly #resized: ResizeObserver;
  readonly #surfaceOf: SurfaceOf;
  /** Sigma's graph while boxes are painted. Sigma moves no camera over an empty graph: this one has a node. */
  readonly #ground: DisplayGraph = new MultiDirectedGraph();
  #scene = EMPTY;
  #styles: Styles | null = null;
  #palette: Palette = PALETTES.light;
  #box: Picture['box'] = null;

  constructor(container: HTMLElement, events: StageEvents) {
    this.#container = container;
    // The node is hidden. Nothing but its place is ever read.
    this.#ground.addNode('', { x: 0, y: 0 } as DisplayNode);
    const renderer = this.#createRenderer();
    this.#renderer = renderer;
    this.#camera = new StageCamera(renderer);
    this.#surfaceOf = addLayers(renderer);
    renderer.on('afterRender', () => this.#paint());
    // A render measures the container.
    this.#resized = new ResizeObserver(() => renderer.scheduleRender());
    this.#resized.observe(container);
    container.addEventListener(
      'webglcontextlost',
      () => events.failed?.('The browser took the drawing surface away. Please reload the page.'),
      true,
    );
    this.#followPointer(events);
  }

  #createRenderer(): Renderer {
    return new Sigma<DisplayNode, DisplayEdge>(new MultiDirectedGraph<DisplayNode, DisplayEdge>(), this.#container, {
      allowInvalidContainer: true,
      itemSizesReference: 'positions',
      zoomToSizeRatioFunction: (ratio) => ratio,
      minEdgeThickness: 0.3,
      zIndex: true,
      renderLabels: false,
      stagePadding: PADDING,
      minCameraRatio: 0.02,
      maxCameraRatio: 4,
      defaultDrawNodeHover: () => undefined,
      nodeProgramClasses: NODE_PROGRAMS,
      edgeProgramClasses: EDGE_PROGRAMS,
      nodeReducer: (id, node) => nodeData(this.#scene, this.#styles, id, node),
      edgeReducer: (id, edge) => edgeData(this.#scene, this.#styles, id, edge),
    });
  }

  #followPointer(events: StageEvents): void {
    const [mouse, touch] = [this.#renderer.getMouseCaptor(), this.#renderer.getTouchCaptor()];
    // Sigma's own listeners read pixels back at every move to find what is under the pointer. `pick` needs no pixels.
    mouse.removeAllListeners();
    touch.removeAllListeners();
    followPointer(mouse, touch, {
      at: (point) => this.#targetAt(point),
      hover: (target) => events.hover(target),
      click: (target, additive) => events.click(target, additive),
      doubleClick: (target, point) => {
        if (target && 'node' in target) this.reveal(target.node);
        else this.#camera.zoomInAt(point);
      },
      drag: (node, dx, dy) => this.#drag(node, dx, dy),
      dropped: (node) => {
        const { x, y } = this.#scene.graph.getNodeAttributes(node);
        events.moved(node, x, y);
      },
      box: (from, to, done) => {
        this.#box = done ? null : { from, to };
        const picture = this.#picture();
        if (picture) paintFocus(this.#surfaceOf, picture, this.#camera.frame());
        if (done) events.boxed(nodesIn(this.#scene, this.#camera.toLayout(from), this.#camera.toLayout(to)));
      },
    });
  }

  show(scene: Scene, styles: Styles, palette: Palette, { fit = false }: { fit?: boolean } = {}): void {
    const renderer = this.#renderer;
    const sameLayout = scene.layout === this.#scene.layout;
    const crowded = scene.graph.size > PICKABLE_EDGES;
    // Sigma answers a new setting by drawing its graph again. The setting is made while that graph is the smaller one.
    const hideEdges = (): void => {
      if (crowded !== renderer.getSetting('hideEdgesOnMove')) renderer.setSetting('hideEdgesOnMove', crowded);
    };
    if (crowded) hideEdges();
    this.#scene = scene;
    this.#setStyles(styles, palette);
    const { left, right, bottom, top } = scene.bounds;
    renderer.setCustomBBox({ x: [left, right], y: [bottom, top] });
    const graph = scene.boxed ? this.#ground : scene.graph;
    // Both calls make Sigma read the bounds.
    if (graph === renderer.getGraph()) renderer.refresh();
    else renderer.setGraph(graph);
    hideEdges();
    if (fit || !sameLayout) this.#camera.reset();
  }

  restyle(styles: Styles, palette: Palette): void {
    const base = this.#styles?.base;
    const samePalette = palette === this.#palette;
    this.#setStyles(styles, palette);
    if (base === styles.base && samePalette) this.#paint();
    else this.#renderer.refresh({ skipIndexation: true });
  }

  #setStyles(styles: Styles, palette: Palette): void {
    this.#styles = styles;
    this.#palette = palette;
    this.#container.style.background = palette.background;
  }

  /** Null before the first scene is shown. */
  #picture(): Picture | null {
    return this.#styles && { scene: this.#scene, styles: this.#styles, palette: this.#palette, box: this.#box };
  }

  #paint(): void {
    const picture = this.#picture();
    if (picture) paintLayers(this.#surfaceOf, picture, this.#camera.frame());
  }

  #targetAt(point: Point): Target | null {
    const { x, y } = this.#camera.toLayout(point);
    return pick(this.#scene, x, y, SLACK / this.#camera.scale());
  }

  /** Moves a node by CSS pixels. */
  #drag(node: string, dx: number, dy: number): void {
    const scale = this.#camera.scale();
    this.#scene = dragNode(this.#scene, node, dx / scale, -dy / scale);
    // Sigma draws its own graph again when a node of it moves.
    if (this.#scene.boxed) this.#paint();
  }

  fit(): void {
    this.#camera.fit();
  }

  zoom(factor: number): void {
    this.#camera.zoom(factor);
  }

  pan(dx: number, dy: number): void {
    this.#camera.pan(dx, dy);
  }

  reveal(node: string): void {
    const place = this.placeOf(node);
    if (place) this.#camera.moveTo(place);
  }

  camera(): CameraView {
    return this.#camera.view();
  }

  setCamera(camera: CameraView): void {
    this.#camera.setView(camera);
  }

  placeOf(node: string): Point | null {
    const { graph } = this.#scene;
    return graph.hasNode(node) ? this.#camera.toSurface(graph.getNodeAttributes(node)) : null;
  }

  aspect(): number {
    const { width, height } = this.#renderer.getDimensions();
    return width / height;
  }

  rendered(): Promise<void> {
    return new Promise((resolve) => {
      this.#renderer.once('afterRender', () => resolve());
      // A camera that does not move draws no frame of itself.
      this.#renderer.scheduleRender();
    });
  }

  dispose(): void {
    this.#resized.disconnect();
    this.#renderer.kill();
  }
}

/** Adds the 2D layers to Sigma's own. */
function addLayers(renderer: Renderer): SurfaceOf {
  for (const layer of LAYERS) renderer.createCanvasContext(layer, PLACES[layer]);
  const canvases = renderer.getCanvases();
  const contexts = new Map(LAYERS.map((layer) => [layer, canvases[layer]!.getContext('2d')!]));
  renderer.resize(true);
  return (layer): Surface => ({ context: contexts.get(layer)!, ...renderer.getDimensions() });
}
