import type { Frame } from '../../scene/draw/marks.js';
import type { Point } from '../pointer.js';
import type { CameraView } from '../stage.js';
import type { Renderer } from './renderer.js';

const ZOOM_MS = 200;

/** Sigma divides by the duration: there is no 0. */
function duration(): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 1 : ZOOM_MS;
}

/** How many times closer a double click goes. */
const ZOOM_STEP = 2;

/** Moves Sigma's camera, and turns layout units into CSS pixels of the surface. */
export class StageCamera {
  readonly #renderer: Renderer;

  constructor(renderer: Renderer) {
    this.#renderer = renderer;
  }

  /** CSS pixels per layout unit. */
  scale(): number {
    const { x, y } = this.toSurface({ x: 0, y: 0 });
    const unit = this.toSurface({ x: 1, y: 0 });
    return Math.hypot(unit.x - x, unit.y - y);
  }

  frame(): Frame {
    const origin = this.toSurface({ x: 0, y: 0 });
    const scale = this.scale();
    return { scale, x: (x) => origin.x + x * scale, y: (y) => origin.y - y * scale };
  }

  toSurface(place: Point): Point {
    return this.#renderer.graphToViewport(place);
  }

  toLayout(point: Point): Point {
    return this.#renderer.viewportToGraph(point);
  }

  /** Sees everything at once, without an animation. */
  reset(): void {
    this.#renderer.getCamera().setState({ x: 0.5, y: 0.5, ratio: 1, angle: 0 });
  }

  fit(): void {
    void this.#renderer.getCamera().animatedReset({ duration: duration() });
  }

  zoom(factor: number): void {
    void this.#renderer.getCamera().animatedZoom({ factor, duration: duration() });
  }

  /** Comes closer to a point of the surface, which stays where it is. */
  zoomInAt(point: Point): void {
    const camera = this.#renderer.getCamera();
    const closer = camera.getBoundedRatio(camera.ratio / ZOOM_STEP);
    void camera.animate(this.#renderer.getViewportZoomedState(point, closer), { duration: duration() });
  }

  pan(dx: number, dy: number): void {
    const camera = this.#renderer.getCamera();
    const from = this.#renderer.viewportToFramedGraph({ x: 0, y: 0 });
    const to = this.#renderer.viewportToFramedGraph({ x: dx, y: dy });
    camera.setState({ x: camera.x + to.x - from.x, y: camera.y + to.y - from.y });
  }

  /** Moves to a point of the surface. */
  moveTo(point: Point): void {
    const { x, y } = this.#renderer.viewportToFramedGraph(point);
    void this.#renderer.getCamera().animate({ x, y }, { duration: duration() });
  }

  view(): CameraView {
    const { x, y, ratio } = this.#renderer.getCamera().getState();
    return { x, y, ratio };
  }

  setView(view: CameraView): void {
    this.#renderer.getCamera().setState(view);
  }
}
