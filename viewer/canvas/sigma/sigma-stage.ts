import { EdgewiseError } from '../../../src/base/errors.js';
import { nodesIn, pick, type Target } from '../../scene/pick/pick.js';
import { emptyGraph } from '../../scene/display-graph.js';
import { isFine, type Scene } from '../../scene/scene.js';
import { PALETTES, type Palette } from '../../scene/style/palette.js';
import type { Styles } from '../../scene/style/style.js';
import { dragNode } from '../drag-node.js';
import { paintFocus, paintLayers, paintStyled, type Picture, type SurfaceOf } from '../layers.js';
import { MOVE_MS, motionTo } from '../motion.js';
import { followPointer, type Point } from '../pointer.js';
import type { CameraView, Stage, StageEvents } from '../stage.js';
import { StageCamera } from './camera.js';
import { addLayers, createRenderer, type Renderer } from './renderer.js';

// The drawing surface on Sigma. Only the files of this folder know Sigma.
//
// Sigma has the camera, and follows mouse and fingers. Everything is painted on 2D layers, in Sigma's frames: its own
// programs have neither dashes nor arrow heads nor boxes, and take seconds to read a large graph.

/** CSS pixels beside a mark that still count as on it. */
const SLACK = 4;
/** Milliseconds without a move of the camera after which a haze of edges is drawn again. */
const REST = 120;

const EMPTY: Scene = {
  layout: 'grid',
  boxed: false,
  graph: emptyGraph(),
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
  #scene = EMPTY;
  /** What is drawn while nodes go to their places in the scene. */
  #moving: Scene | null = null;
  /** Request of the next frame of that. 0 = none. */
  #frame = 0;
  #styles: Styles | null = null;
  #palette: Palette = PALETTES.light;
  /** Who waits until nodes are at their places. */
  readonly #arrivals: (() => void)[] = [];
  #box: Picture['box'] = null;
  /** The camera and the scene of the last frame. */
  #seenFrom = '';
  #painted: Scene | null = null;
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor(container: HTMLElement, events: StageEvents) {
    this.#container = container;
    const renderer = createRenderer(container);
    this.#renderer = renderer;
    this.#camera = new StageCamera(renderer);
    this.#surfaceOf = addLayers(renderer);
    // A render measures the container.
    this.#resized = new ResizeObserver(() => renderer.scheduleRender());
    this.#resized.observe(container);
    container.addEventListener(
      'webglcontextlost',
      () => events.failed?.('The browser took the drawing surface away. Please reload the page.'),
      true,
    );
    const lookAgain = this.#followPointer(events);
    renderer.on('afterRender', () => {
      this.#paint();
      lookAgain();
    });
  }

  #followPointer(events: StageEvents): () => void {
    const [mouse, touch] = [this.#renderer.getMouseCaptor(), this.#renderer.getTouchCaptor()];
    // Sigma's own listeners read pixels back at every move to find what is under the pointer. `pick` needs no pixels.
    mouse.removeAllListeners();
    touch.removeAllListeners();
    return followPointer(mouse, touch, {
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
    const before = sameLayout && movesSeen(scene) ? this.#placesSeen() : new Map<string, Point>();
    this.#stopMotion();
    this.#scene = scene;
    this.#setStyles(styles, palette);
    const { left, right, bottom, top } = scene.bounds;
    renderer.setCustomBBox({ x: [left, right], y: [bottom, top] });
    renderer.refresh();
    if (fit || !sameLayout) this.#camera.reset();
    this.#move(before);
  }

  /** Where the nodes are on the surface now. */
  #placesSeen(): ReadonlyMap<string, Point> {
    return new Map(this.#shown().graph.mapNodes((id, node) => [id, this.#camera.toSurface(node)]));
  }

  /** Lets the nodes go from where they were seen, in pixels, to their places. */
  #move(before: ReadonlyMap<string, Point>): void {
    const scene = this.#scene;
    const starts = new Map<string, Point>();
    let farthest = 0;
    scene.graph.forEachNode((id, node) => {
      const from = before.get(id);
      if (!from) return;
      const to = this.#camera.toSurface(node);
      farthest = Math.max(farthest, Math.hypot(to.x - from.x, to.y - from.y));
      starts.set(id, this.#camera.toLayout(from));
    });
    if (farthest < 1) return;
    const motion = motionTo(scene, starts);
    const began = performance.now();
    const step = (): void => {
      const share = (performance.now() - began) / MOVE_MS;
      if (share >= 1) return this.#stopMotion();
      motion.at(share);
      this.#moving = motion.scene;
      this.#paint();
      this.#frame = requestAnimationFrame(step);
    };
    step();
  }

  /** Nodes are at their places from now on. */
  #stopMotion(): void {
    cancelAnimationFrame(this.#frame);
    if (this.#moving === null) return;
    this.#moving = null;
    this.#paint();
    for (const resolve of this.#arrivals.splice(0)) resolve();
  }

  /** What is drawn now. */
  #shown(): Scene {
    return this.#moving ?? this.#scene;
  }

  restyle(styles: Styles, palette: Palette): void {
    const base = this.#styles?.base;
    const samePalette = palette === this.#palette;
    this.#setStyles(styles, palette);
    const picture = this.#picture();
    if (base === styles.base && samePalette && picture) paintStyled(this.#surfaceOf, picture, this.#camera.frame());
    else this.#paint();
  }

  #setStyles(styles: Styles, palette: Palette): void {
    this.#styles = styles;
    this.#palette = palette;
    this.#container.style.background = palette.background;
  }

  /** Null before the first scene is shown. */
  #picture(): Picture | null {
    return this.#styles && { scene: this.#shown(), styles: this.#styles, palette: this.#palette, box: this.#box };
  }

  /** While the camera moves, a haze of edges is left out: it would take longer than a frame. */
  #paint(): void {
    const picture = this.#picture();
    if (!picture) return;
    const camera = JSON.stringify(this.#camera.view());
    const moves = camera !== this.#seenFrom && picture.scene === this.#painted;
    this.#seenFrom = camera;
    this.#painted = picture.scene;
    clearTimeout(this.#resting);
    const hazy = !isFine(picture.scene);
    if (hazy && moves) this.#resting = setTimeout(() => this.#paint(), REST);
    paintLayers(this.#surfaceOf, picture, this.#camera.frame(), { haze: !(hazy && moves) });
  }

  #targetAt(point: Point): Target | null {
    const { x, y } = this.#camera.toLayout(point);
    return pick(this.#shown(), x, y, SLACK / this.#camera.scale());
  }

  /** Moves a node by CSS pixels. */
  #drag(node: string, dx: number, dy: number): void {
    this.#stopMotion();
    const scale = this.#camera.scale();
    this.#scene = dragNode(this.#scene, node, dx / scale, -dy / scale);
    this.#paint();
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
      if (this.#moving) {
        this.#arrivals.push(() => resolve(this.rendered()));
        return;
      }
      this.#renderer.once('afterRender', () => resolve());
      // A camera that does not move draws no frame of itself.
      this.#renderer.scheduleRender();
    });
  }

  dispose(): void {
    this.#stopMotion();
    clearTimeout(this.#resting);
    this.#resized.disconnect();
    this.#renderer.kill();
  }
}

/** Whether the reader sees nodes of the scene move. In the grid nothing but the size of the surface moves them. */
function movesSeen({ layout, graph }: Scene): boolean {
  return (
    layout !== 'grid' && isFine({ boxed: false, graph }) && !matchMedia('(prefers-reduced-motion: reduce)').matches
  );
}
