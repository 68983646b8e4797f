import type { Box } from '../scene.js';

/** The smallest box around what was included: of nothing, an inside-out one. */
export class Extent {
  #box: Box;

  /** @param start a box that belongs to it. */
  constructor(start: Box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity }) {
    this.#box = start;
  }

  /** Includes a point, or what reaches `dx` and `dy` to each side of it. */
  include([x, y]: readonly [x: number, y: number], dx = 0, dy = 0): void {
    const { left, right, bottom, top } = this.#box;
    this.#box = {
      left: Math.min(left, x - dx),
      right: Math.max(right, x + dx),
      bottom: Math.min(bottom, y - dy),
      top: Math.max(top, y + dy),
    };
  }

  get box(): Box {
    return this.#box;
  }
}
