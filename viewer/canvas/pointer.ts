import type { Target } from '../scene/pick/pick.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An event of Sigma's mouse and touch captors: a place on the surface in CSS pixels. */
export interface CaptorEvent extends Point {
  /** Of a touch: the place of each finger. */
  readonly touches?: readonly Point[];
  readonly original: MouseEvent | TouchEvent;
  /** Keeps Sigma from moving the camera. */
  preventSigmaDefault(): void;
}

/** What the reader means. Places are CSS pixels of the surface. */
export interface Gestures {
  /** The mark at a place. */
  at(point: Point): Target | null;
  hover(target: Target | null): void;
  click(target: Target | null, additive: boolean): void;
  /** Follows the two clicks that it is made of. */
  doubleClick(target: Target | null, point: Point): void;
  /** The node moved by `dx` and `dy` pixels since the last call. */
  drag(node: string, dx: number, dy: number): void;
  dropped(node: string): void;
  box(from: Point, to: Point, done: boolean): void;
}

/** CSS pixels that the pointer may move in a click. */
const STILL = 4;

/** A button or a finger that is down. */
interface Press {
  readonly from: Point;
  last: Point;
  readonly target: Target | null;
  /** A selection box is drawn. */
  readonly box: boolean;
  /** It moved too far for a click. */
  moved: boolean;
}

/**
 * Turns events of mouse and fingers into gestures.
 *
 * @returns looks again under a mouse that rests, after marks have moved: what went away is no longer hovered.
 */
export function followPointer(mouse: object, touch: object, gestures: Gestures): () => void {
  const reader = new GestureReader(gestures);
  const listen = (captor: object, listeners: Readonly<Record<string, (event: CaptorEvent) => void>>): void => {
    for (const [event, listener] of Object.entries(listeners)) (captor as Captor).on(event, listener);
  };
  listen(mouse, {
    mousedown: (event) => reader.mouseDown(event),
    mousemovebody: (event) => reader.mouseDrag(event),
    mousemove: (event) => reader.mouseMove(event),
    mouseleave: () => reader.mouseLeave(),
    mouseup: (event) => reader.mouseUp(event),
    // Sigma counts two quick clicks as one double click, even far apart. The browser's own count does not.
    doubleClick: (event) => event.preventSigmaDefault(),
  });
  listen(touch, {
    touchdown: (event) => reader.touchDown(event),
    touchmove: (event) => reader.touchMove(event),
    touchup: () => reader.touchUp(),
    tap: (event) => gestures.click(gestures.at(event.touches?.[0] ?? event), false),
  });
  return () => reader.lookAgain();
}

/** A captor of Sigma. Sigma's own type names every event apart, so that no table of listeners fits it. */
interface Captor {
  on(event: string, listener: (event: CaptorEvent) => void): unknown;
}

class GestureReader {
  readonly #gestures: Gestures;
  #press: Press | null = null;
  #hovered: Target | null = null;
  /** Place of the mouse. Null outside of the surface. */
  #pointer: Point | null = null;
  /** Request of the frame that looks under the mouse. 0 = none. */
  #frame = 0;

  constructor(gestures: Gestures) {
    this.#gestures = gestures;
  }

  mouseDown(event: CaptorEvent): void {
    const { button, shiftKey } = event.original as MouseEvent;
    if (button !== 0) return;
    const target = this.#gestures.at(event);
    const place = placeOf(event);
    this.#press = { from: place, last: place, target, box: shiftKey && target === null, moved: false };
  }

  mouseDrag(event: CaptorEvent): void {
    const press = this.#press;
    if (!press) return;
    press.moved ||= isMove(press.from, event);
    const node = nodeOf(press.target);
    // Without a node and a box the drag is the camera's.
    if (node === null && !press.box) return;
    event.preventSigmaDefault();
    if (!press.moved) return;
    if (node === null) this.#gestures.box(press.from, placeOf(event), false);
    else this.#drag(press, node, placeOf(event));
  }

  mouseMove(event: CaptorEvent): void {
    this.#pointer = placeOf(event);
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#pointer && !this.#press?.moved) this.#hover(this.#gestures.at(this.#pointer));
    });
  }

  /** What a mouse that rests is on now is not hovered: the reader did not point at it. */
  lookAgain(): void {
    if (this.#hovered === null || this.#pointer === null || this.#press?.moved) return;
    if (JSON.stringify(this.#gestures.at(this.#pointer)) !== JSON.stringify(this.#hovered)) this.#hover(null);
  }

  mouseLeave(): void {
    this.#pointer = null;
    this.#hover(null);
  }

  mouseUp(event: CaptorEvent): void {
    const press = this.#press;
    this.#press = null;
    if (!press) return;
    const node = nodeOf(press.target);
    const { ctrlKey, metaKey, detail } = event.original as MouseEvent;
    if (!press.moved) {
      this.#gestures.click(press.target, ctrlKey || metaKey);
      if (detail > 0 && detail % 2 === 0) this.#gestures.doubleClick(press.target, placeOf(event));
    } else if (node !== null) this.#gestures.dropped(node);
    else if (press.box) this.#gestures.box(press.from, placeOf(event), true);
  }

  touchDown(event: CaptorEvent): void {
    const [finger, another] = event.touches ?? [];
    const target = finger && !another ? this.#gestures.at(finger) : null;
    this.#press =
      finger && nodeOf(target) !== null ? { from: finger, last: finger, target, box: false, moved: false } : null;
  }

  touchMove(event: CaptorEvent): void {
    const press = this.#press;
    const finger = event.touches?.[0];
    const node = nodeOf(press?.target ?? null);
    // Without a node the drag is the camera's.
    if (!press || !finger || node === null) return;
    event.preventSigmaDefault();
    press.moved ||= isMove(press.from, finger);
    if (press.moved) this.#drag(press, node, finger);
  }

  touchUp(): void {
    const node = nodeOf(this.#press?.target ?? null);
    if (this.#press?.moved && node !== null) this.#gestures.dropped(node);
    this.#press = null;
  }

  #drag(press: Press, node: string, to: Point): void {
    this.#gestures.drag(node, to.x - press.last.x, to.y - press.last.y);
    press.last = to;
  }

  #hover(target: Target | null): void {
    if (JSON.stringify(target) === JSON.stringify(this.#hovered)) return;
    this.#hovered = target;
    this.#gestures.hover(target);
  }
}

function isMove(from: Point, to: Point): boolean {
  return Math.hypot(to.x - from.x, to.y - from.y) > STILL;
}

function placeOf({ x, y }: Point): Point {
  return { x, y };
}

function nodeOf(target: Target | null): string | null {
  return target && 'node' in target ? target.node : null;
}
