import { PLACES, type Place } from '../block/places.js';
import type { PartOfLane } from './changes.js';

/** Whole places of layers that one run had, on the host. */
export class Recorded {
  readonly #values: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  readonly #length: number;
  readonly #heads: number;

  /**
   * @param parts whole places of a layer. @param values of each [heads, positions, columns].
   * @param length positions of the prompt. @param heads of a layer.
   */
  constructor(
    parts: readonly Pick<PartOfLane, 'place' | 'layer'>[],
    values: readonly Float32Array<ArrayBuffer>[],
    length: number,
    heads: number,
  ) {
    this.#values = new Map(parts.map(({ place, layer }, i) => [`${place} ${layer}`, values[i]!]));
    this.#length = length;
    this.#heads = heads;
  }

  /** [heads, positions, columns] */
  all(place: Place, layer: number): Float32Array<ArrayBuffer> {
    return this.#values.get(`${place} ${layer}`)!;
  }

  /** [positions, columns] of one head. */
  ofHead(place: Place, layer: number, head: number): Float32Array<ArrayBuffer> {
    const all = this.all(place, layer);
    const size = all.length / (PLACES[place].heads ? this.#heads : 1);
    return all.subarray(head * size, (head + 1) * size);
  }

  /** [columns] of one position of one head; of the place, where it has no heads. */
  row(place: Place, layer: number, position: number, head = 0): Float32Array<ArrayBuffer> {
    const ofHead = this.ofHead(place, layer, head);
    const width = ofHead.length / this.#length;
    return ofHead.subarray(position * width, (position + 1) * width);
  }
}
