import { createEdgeCurveProgram } from '@sigma/edge-curve';
import { createNodeBorderProgram } from '@sigma/node-border';
import { NodeSquareProgram } from '@sigma/node-square';
import { MultiDirectedGraph } from 'graphology';
import Sigma from 'sigma';
import { EdgeRectangleProgram, NodeCircleProgram, type ProgramInfo } from 'sigma/rendering';
import type { EdgeDisplayData, NodeDisplayData, RenderParams } from 'sigma/types';
import { EdgewiseError } from '../../../src/base/errors.js';
import type { Frame } from '../../scene/draw/marks.js';
import { PALETTES, type Palette } from '../../scene/style/palette.js';
import { PICKABLE_EDGES, pick, type Target } from '../../scene/pick/pick.js';
import type { DisplayEdge, DisplayGraph, DisplayNode, Scene } from '../../scene/scene.js';
import type { Styles } from '../../scene/style/style.js';
import {
  clear,
  paintAxes,
  paintBands,
  paintEdges,
  paintLabels,
  paintNodes,
  paintSelectionBox,
  paintVeil,
  type Surface,
} from '../painter.js';
import { followPointer, type Point } from '../pointer.js';
import type { CameraView, Stage, StageEvents } from '../stage.js';

// The only file that knows Sigma. Sigma draws the edges and nodes of grid and force layout and moves the camera; what it
// has no marks for is painted on 2D layers in the same frame: bands below, then loops and the figure, then what is in
// focus on a veil over the rest, then labels. Hover therefore costs no pass over the graph, whatever its size.

const LAYERS = ['bands', 'figure', 'focus', 'names'] as const;
type Layer = (typeof LAYERS)[number];
const PLACES: Readonly<Record<Layer, object>> = {
  bands: { beforeLayer: 'edges' },
  figure: { beforeLayer: 'nodes' },
  focus: { afterLayer: 'nodes' },
  names: { afterLayer: 'focus' },
};

/** CSS pixels around the scene at the fitted camera, for labels. */
const PADDING = 36;
/** CSS pixels beside a mark that still count as on it. */
const SLACK = 4;
const ZOOM_MS = 200;
/** How much closer a double click goes. */
const ZOOM_STEP = 2;
/** Pixels of the screen over which Sigma fades a curve inwards: so much wider it looks as wide as its style says. */
const FEATHER = 1;

/** Edges grow with the square root of the zoom: their widths are CSS pixels at the fitted camera. */
function growSlowly(params: RenderParams): RenderParams {
  return { ...params, sizeRatio: Math.sqrt(params.zoomRatio) };
}
class LineProgram extends EdgeRectangleProgram<DisplayNode, DisplayEdge> {
  override setUniforms(params: RenderParams, info: ProgramInfo): void {
    super.setUniforms(growSlowly(params), info);
  }
}
class CurveProgram extends (createEdgeCurveProgram() as typeof EdgeRectangleProgram<DisplayNode, DisplayEdge>) {
  override setUniforms(params: RenderParams, info: ProgramInfo): void {
    super.setUniforms(growSlowly(params), info);
  }
}

const RingProgram = createNodeBorderProgram<DisplayNode, DisplayEdge>({
  borders: [
    { size: { attribute: 'borderSize', defaultValue: 1.5, mode: 'pixels' }, color: { attribute: 'borderColor' } },
    { size: { fill: true }, color: { attribute: 'color' } },
  ],
});

/**
 * A drawing surface in `container`, which it fills.
 *
 * @throws EdgewiseError kind `device` where the browser has no WebGL.
 */
export function createStage(container: HTMLElement, events: StageEvents): Stage {
  if (!document.createElement('canvas').getContext('webgl2')) {
    throw new EdgewiseError('device', 'this browser', 'has no WebGL 2, which the drawing needs; is it switched off?');
  }
  return new SigmaStage(container, events);
}

const EMPTY: Scene = {
  layout: 'grid',
  graph: new MultiDirectedGraph(),
  bands: [],
  columns: [],
  routes: new Map(),
  bounds: { left: 0, right: 1, bottom: 0, top: 1 },
};

class SigmaStage implements Stage {
  readonly #container: HTMLElement;
  readonly #renderer: Sigma<DisplayNode, DisplayEdge>;
  readonly #resized: ResizeObserver;
  readonly #contexts: Readonly<Record<Layer, CanvasRenderingContext2D>>;
  /** The figure is painted; Sigma only moves the camera over it, for which it needs a graph that is not empty. */
  readonly #ground: DisplayGraph = new MultiDirectedGraph();
  #scene = EMPTY;
  #styles: Styles | null = null;
  #palette: Palette = PALETTES.light;
  #box: { from: Point; to: Point } | null = null;

  constructor(container: HTMLElement, events: StageEvents) {
    this.#container = container;
    this.#ground.addNode('', { x: 0, y: 0 } as DisplayNode); // hidden, and never asked for more than its place
    const renderer = new Sigma<DisplayNode, DisplayEdge>(
      new MultiDirectedGraph<DisplayNode, DisplayEdge>(),
      container,
      {
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
        nodeProgramClasses: { circle: NodeCircleProgram, square: NodeSquareProgram, ringed: RingProgram },
        edgeProgramClasses: { curve: CurveProgram, line: LineProgram },
        nodeReducer: (id, node) => this.#nodeData(id, node),
        edgeReducer: (id, edge) => this.#edgeData(id, edge),
      },
    );
    this.#renderer = renderer;
    for (const layer of LAYERS) renderer.createCanvasContext(layer, PLACES[layer]);
    const canvases = renderer.getCanvases();
    this.#contexts = Object.fromEntries(LAYERS.map((layer) => [layer, canvases[layer]!.getContext('2d')!])) as Record<
      Layer,
      CanvasRenderingContext2D
    >;
    renderer.resize(true);
    renderer.on('afterRender', () => this.#paint());
    this.#resized = new ResizeObserver(() => renderer.scheduleRender()); // which measures the container
    this.#resized.observe(container);
    container.addEventListener(
      'webglcontextlost',
      () => events.failed?.('The browser took the drawing surface away; please reload the page.'),
      true,
    );
    // Sigma would read pixels back at every move to find what the pointer is on; the gestures ask `pick` instead.
    renderer.getMouseCaptor().removeAllListeners();
    renderer.getTouchCaptor().removeAllListeners();
    followPointer(renderer.getMouseCaptor(), renderer.getTouchCaptor(), {
      at: (point) => this.#targetAt(point),
      hover: (target) => events.hover(target),
      click: (target, additive) => events.click(target, additive),
      doubleClick: (target, point) => {
        if (target && 'node' in target) this.reveal(target.node);
        else this.#zoomIn(point);
      },
      drag: (node, dx, dy) => this.#drag(node, dx / this.#scale(), -dy / this.#scale()),
      dropped: (node) => {
        const { x, y } = this.#scene.graph.getNodeAttributes(node);
        events.moved(node, x, y);
      },
      box: (from, to, done) => {
        this.#box = done ? null : { from, to };
        this.#paintFocus(this.#frame());
        if (done) events.boxed(this.#nodesIn(from, to));
      },
    });
  }

  show(scene: Scene, styles: Styles, palette: Palette, { fit = false }: { fit?: boolean } = {}): void {
    const renderer = this.#renderer;
    const sameLayout = scene.layout === this.#scene.layout;
    const crowded = scene.graph.size > PICKABLE_EDGES;
    // Sigma answers a setting by drawing anew what it has: this one is made while that is little.
    const hideEdges = (): void => {
      if (crowded !== renderer.getSetting('hideEdgesOnMove')) renderer.setSetting('hideEdgesOnMove', crowded);
    };
    if (crowded) hideEdges();
    this.#scene = scene;
    this.#setStyles(styles, palette);
    const { left, right, bottom, top } = scene.bounds;
    renderer.setCustomBBox({ x: [left, right], y: [bottom, top] });
    const graph = scene.layout === 'figure' ? this.#ground : scene.graph;
    if (graph === renderer.getGraph()) renderer.refresh(); // which takes note of the bounds
    else renderer.setGraph(graph);
    hideEdges();
    if (fit || !sameLayout) renderer.getCamera().setState({ x: 0.5, y: 0.5, ratio: 1, angle: 0 });
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

  #scale(): number {
    const { x, y } = this.#renderer.graphToViewport({ x: 0, y: 0 });
    const unit = this.#renderer.graphToViewport({ x: 1, y: 0 });
    return Math.hypot(unit.x - x, unit.y - y);
  }

  #frame(): Frame {
    const origin = this.#renderer.graphToViewport({ x: 0, y: 0 });
    const scale = this.#scale();
    return { scale, x: (x) => origin.x + x * scale, y: (y) => origin.y - y * scale };
  }

  #nodeData(id: string, node: DisplayNode): Partial<NodeDisplayData> {
    if (!this.#styles || !this.#scene.graph.hasNode(id)) return { x: node.x, y: node.y, hidden: true };
    const style = this.#styles.base.node(id);
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

  #edgeData(id: string, edge: DisplayEdge): Partial<EdgeDisplayData> {
    if (!this.#styles || this.#scene.routes.has(id)) return { hidden: true };
    const style = this.#styles.base.edge(id);
    const size = style.width + FEATHER / window.devicePixelRatio;
    return {
      color: style.color,
      zIndex: style.depth,
      ...(this.#scene.graph.size > PICKABLE_EDGES
        ? { type: 'line', size: style.width }
        : { type: 'curve', size, curvature: edge.curvature }),
    };
  }

  #surface(layer: Layer): Surface {
    const surface = { context: this.#contexts[layer], ...this.#renderer.getDimensions() };
    clear(surface);
    return surface;
  }

  #paint(): void {
    const styles = this.#styles;
    if (!styles) return;
    const scene = this.#scene;
    const palette = this.#palette;
    const frame = this.#frame();
    paintBands(this.#surface('bands'), scene, palette, frame);
    const figure = this.#surface('figure');
    if (scene.layout === 'figure') {
      paintEdges(figure, scene, scene.graph.edges(), styles, palette, frame);
      paintNodes(figure, scene, scene.graph.nodes(), styles, frame);
    } else {
      paintEdges(figure, scene, scene.routes.keys(), styles.base, palette, frame);
    }
    this.#paintFocus(frame);
    const names = this.#surface('names');
    paintAxes(names, scene, palette, frame);
    paintLabels(names, scene, styles, palette, frame);
  }

  #paintFocus(frame: Frame): void {
    const styles = this.#styles!;
    const scene = this.#scene;
    const surface = this.#surface('focus');
    if (scene.layout !== 'figure') {
      const { focus } = styles;
      if (focus) {
        paintVeil(surface, this.#palette);
        paintEdges(surface, scene, focus.edges, styles, this.#palette, frame);
      }
      const squares = scene.graph.filterNodes((id, node) => node.kind === 'mlp' && styles.node(id).borderWidth > 0);
      paintNodes(surface, scene, new Set([...(focus ? focus.nodes : []), ...squares]), styles, frame);
    }
    if (this.#box) paintSelectionBox(surface, this.#box.from, this.#box.to, this.#palette);
  }

  #targetAt(point: Point): Target | null {
    const { x, y } = this.#renderer.viewportToGraph(point);
    return pick(this.#scene, x, y, SLACK / this.#scale());
  }

  /** A head takes its ports along, a box the ends of its edges; the app routes them anew when it is let go. */
  #drag(node: string, dx: number, dy: number): void {
    const { graph, layout, routes } = this.#scene;
    const id = graph.getNodeAttribute(node, 'parent') ?? node;
    graph.forEachNode((name, { parent, x, y }) => {
      if (name === id || parent === id) graph.mergeNodeAttributes(name, { x: x + dx, y: y + dy });
    });
    const moved = new Map(routes);
    graph.forEachEdge(id, (edge, _, source, target) => {
      const route = moved.get(edge);
      if (!route) return;
      const last = route.points.length - 1;
      const points = route.points.map(([x, y], i): readonly [number, number] => {
        const goes = (source === id && i <= 1) || (target === id && i >= last - 1) || source === target;
        return goes ? [x + dx, y + dy] : [x, y];
      });
      moved.set(edge, { ...route, points });
    });
    this.#scene = { ...this.#scene, routes: moved };
    if (layout === 'figure') this.#paint();
  }

  #nodesIn(from: Point, to: Point): string[] {
    const [a, b] = [this.#renderer.viewportToGraph(from), this.#renderer.viewportToGraph(to)];
    const within = (value: number, p: number, q: number): boolean => value >= Math.min(p, q) && value <= Math.max(p, q);
    return this.#scene.graph.filterNodes(
      (_, { kind, connected, x, y }) => connected && kind !== 'port' && within(x, a.x, b.x) && within(y, a.y, b.y),
    );
  }

  fit(): void {
    void this.#renderer.getCamera().animatedReset({ duration: ZOOM_MS });
  }

  zoom(factor: number): void {
    void this.#renderer.getCamera().animatedZoom({ factor, duration: ZOOM_MS });
  }

  #zoomIn(at: Point): void {
    const camera = this.#renderer.getCamera();
    const closer = camera.getBoundedRatio(camera.ratio / ZOOM_STEP);
    void camera.animate(this.#renderer.getViewportZoomedState(at, closer), { duration: ZOOM_MS });
  }

  pan(dx: number, dy: number): void {
    const camera = this.#renderer.getCamera();
    const [from, to] = [
      { x: 0, y: 0 },
      { x: dx, y: dy },
    ].map((point) => this.#renderer.viewportToFramedGraph(point));
    camera.setState({ x: camera.x + to!.x - from!.x, y: camera.y + to!.y - from!.y });
  }

  reveal(node: string): void {
    const place = this.placeOf(node);
    if (!place) return;
    const { x, y } = this.#renderer.viewportToFramedGraph(place);
    void this.#renderer.getCamera().animate({ x, y }, { duration: ZOOM_MS });
  }

  camera(): CameraView {
    const { x, y, ratio } = this.#renderer.getCamera().getState();
    return { x, y, ratio };
  }

  setCamera(camera: CameraView): void {
    this.#renderer.getCamera().setState(camera);
  }

  placeOf(node: string): Point | null {
    const { graph } = this.#scene;
    return graph.hasNode(node) ? this.#renderer.graphToViewport(graph.getNodeAttributes(node)) : null;
  }

  aspect(): number {
    const { width, height } = this.#renderer.getDimensions();
    return width / height;
  }

  rendered(): Promise<void> {
    return new Promise((resolve) => {
      this.#renderer.once('afterRender', () => resolve());
      this.#renderer.scheduleRender(); // an unchanged camera draws no frame of itself
    });
  }

  dispose(): void {
    this.#resized.disconnect();
    this.#renderer.kill();
  }
}
