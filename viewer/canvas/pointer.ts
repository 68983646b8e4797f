import type { Target } from '../scene/pick/pick.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What Sigma's captors tell of: a place on the surface, and a way to keep Sigma from moving the camera. */
interface CaptorEvent extends Point {
  /** Of a touch: where each finger is. */
  readonly touches?: readonly Point[];
  readonly original: MouseEvent | TouchEvent;
  preventSigmaDefault(): void;
}
interface Captor {
  on(event: string, listener: (event: CaptorEvent) => void): unknown;
}

/** What gestures mean, told in CSS pixels of the surface. */
export interface Gestures {
  /** What lies at a place. */
  at(point: Point): Target | null;
  hover(target: Target | null): void;
  click(target: Target | null, additive: boolean): void;
  /** After the clicks of which it is made. */
  doubleClick(target: Target | null, point: Point): void;
  /** Moved by so many pixels since the last time. */
  drag(node: string, dx: number, dy: number): void;
  dropped(node: string): void;
  box(from: Point, to: Point, done: boolean): void;
}

/** CSS pixels that the pointer may move in a click. */
const STILL = 4;

interface Press {
  readonly from: Point;
  last: Point;
  readonly target: Target | null;
  readonly box: boolean;
  moved: boolean;
}

/** Turns what mouse and fingers do into gestures. */
export function followPointer(mouse: object, touch: object, gestures: Gestures): void {
  const on = (captor: object, event: string, listener: (event: CaptorEvent) => void): void => {
    (captor as Captor).on(event, listener); // its own types name every event apart
  };
  let press: Press | null = null;
  let hovered: Target | null = null;
  let pointer: Point | null = null;
  let frame = 0;

  const hover = (target: Target | null): void => {
    if (same(target, hovered)) return;
    hovered = target;
    gestures.hover(target);
  };
  const lookUnder = (): void => {
    frame = 0;
    if (pointer && !press?.moved) hover(gestures.at(pointer));
  };

  on(mouse, 'mousedown', (event) => {
    const original = event.original as MouseEvent;
    if (original.button !== 0) return;
    const target = gestures.at(event);
    press = {
      from: placeOf(event),
      last: placeOf(event),
      target,
      box: original.shiftKey && target === null,
      moved: false,
    };
  });
  on(mouse, 'mousemovebody', (event) => {
    if (!press) return;
    if (Math.hypot(event.x - press.from.x, event.y - press.from.y) > STILL) press.moved = true;
    const node = nodeOf(press.target);
    if (node === null && !press.box) return; // the camera moves
    event.preventSigmaDefault();
    if (!press.moved) return;
    if (node !== null) {
      gestures.drag(node, event.x - press.last.x, event.y - press.last.y);
      press.last = placeOf(event);
    } else gestures.box(press.from, placeOf(event), false);
  });
  on(mouse, 'mousemove', (event) => {
    pointer = placeOf(event);
    frame ||= requestAnimationFrame(lookUnder);
  });
  on(mouse, 'mouseleave', () => {
    pointer = null;
    hover(null);
  });
  on(mouse, 'mouseup', (event) => {
    const ended = press;
    press = null;
    if (!ended) return;
    const node = nodeOf(ended.target);
    const original = event.original as MouseEvent;
    if (!ended.moved) {
      gestures.click(ended.target, original.ctrlKey || original.metaKey);
      if (original.detail > 0 && original.detail % 2 === 0) gestures.doubleClick(ended.target, placeOf(event));
    } else if (node !== null) gestures.dropped(node);
    else if (ended.box) gestures.box(ended.from, placeOf(event), true);
  });
  // Sigma takes two quick clicks for one even where they are far apart; the browser's own count does not.
  on(mouse, 'doubleClick', (event) => event.preventSigmaDefault());

  on(touch, 'touchdown', (event) => {
    const [finger, another] = event.touches ?? [];
    const target = finger && !another ? gestures.at(finger) : null;
    press = finger && nodeOf(target) !== null ? { from: finger, last: finger, target, box: false, moved: false } : null;
  });
  on(touch, 'touchmove', (event) => {
    const finger = event.touches?.[0];
    const node = nodeOf(press?.target ?? null);
    if (!press || !finger || node === null) return; // the camera moves
    event.preventSigmaDefault();
    if (Math.hypot(finger.x - press.from.x, finger.y - press.from.y) > STILL) press.moved = true;
    if (press.moved) gestures.drag(node, finger.x - press.last.x, finger.y - press.last.y);
    if (press.moved) press.last = finger;
  });
  on(touch, 'touchup', () => {
    const node = nodeOf(press?.target ?? null);
    if (press?.moved && node !== null) gestures.dropped(node);
    press = null;
  });
  on(touch, 'tap', (event) => gestures.click(gestures.at(event.touches?.[0] ?? event), false));
}

function placeOf({ x, y }: Point): Point {
  return { x, y };
}

function nodeOf(target: Target | null): string | null {
  return target && 'node' in target ? target.node : null;
}

function same(a: Target | null, b: Target | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
