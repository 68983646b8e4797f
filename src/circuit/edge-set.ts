import { EdgewiseError } from '../base/errors.js';
import type { Topology } from './topology.js';

/** An immutable set of edge ids of one topology: the edges that a circuit keeps. One bit per edge. */
export class EdgeSet {
  readonly topology: Topology;
  readonly #words: Uint32Array;

  private constructor(topology: Topology, words: Uint32Array) {
    this.topology = topology;
    this.#words = words;
  }

  /** Every addition and direct edge kept: the whole model. */
  static full(topology: Topology): EdgeSet {
    return EdgeSet.where(topology, () => true);
  }

  /** No addition edge kept. Direct edges stay, so that heads compute from their ablated inputs. */
  static empty(topology: Topology): EdgeSet {
    return EdgeSet.where(topology, (id) => id >= topology.additionEdges);
  }

  static where(topology: Topology, keep: (id: number) => boolean): EdgeSet {
    const words = new Uint32Array(Math.ceil(topology.edgeCount / 32));
    for (let id = 0; id < topology.edgeCount; id++) if (keep(id)) words[id >> 5]! |= 1 << (id & 31);
    return new EdgeSet(topology, words);
  }

  static of(topology: Topology, ids: Iterable<number>): EdgeSet {
    const words = new Uint32Array(Math.ceil(topology.edgeCount / 32));
    for (const id of ids) {
      if (!(Number.isInteger(id) && id >= 0 && id < topology.edgeCount)) {
        throw new EdgewiseError('circuit', `edge ${id}`, `expected an integer from 0 to ${topology.edgeCount - 1}`);
      }
      words[id >> 5]! |= 1 << (id & 31);
    }
    return new EdgeSet(topology, words);
  }

  has(id: number): boolean {
    return ((this.#words[id >> 5]! >>> (id & 31)) & 1) === 1;
  }

  /** Whether all of the edges `first .. first + count - 1` are kept. */
  hasAll(first: number, count: number): boolean {
    for (let i = 0; 32 * i < count; i++) {
      const left = count - 32 * i;
      if (this.#word(first, count, i) >>> 0 !== (left < 32 ? 2 ** left - 1 : 0xffffffff)) return false;
    }
    return true;
  }

  without(id: number): EdgeSet {
    const words = this.#words.slice();
    words[id >> 5]! &= ~(1 << (id & 31));
    return new EdgeSet(this.topology, words);
  }

  with(id: number): EdgeSet {
    const words = this.#words.slice();
    words[id >> 5]! |= 1 << (id & 31);
    return new EdgeSet(this.topology, words);
  }

  /** Kept addition edges. */
  get additionSize(): number {
    return this.#count(0, this.topology.additionEdges);
  }

  /** Kept addition and direct edges. */
  get size(): number {
    return this.#count(0, this.topology.edgeCount);
  }

  /** Bits `first .. first + count - 1` as words, bit 0 of word 0 first; unused bits of the last word are 0. */
  bits(first: number, count: number): Uint32Array {
    const words = new Uint32Array(Math.ceil(count / 32));
    this.addBits(first, count, words);
    return words;
  }

  /** Adds bits `first .. first + count - 1` to those of `into`, bit 0 of word 0 first. */
  addBits(first: number, count: number, into: Uint32Array): void {
    for (let i = 0; 32 * i < count; i++) into[i]! |= this.#word(first, count, i);
  }

  /**
   * Whether one of the edges `first .. first + count - 1` is kept here and not there, or there and not here, or is kept
   * and marked. @param marked bit 0 of word 0 for the first of them.
   */
  differs(other: EdgeSet, first: number, count: number, marked: Uint32Array): boolean {
    for (let i = 0; 32 * i < count; i++) {
      const word = this.#word(first, count, i);
      if (word !== other.#word(first, count, i) || (word & marked[i]!) !== 0) return true;
    }
    return false;
  }

  equals(other: EdgeSet): boolean {
    return this.topology === other.topology && this.#words.every((word, i) => word === other.#words[i]);
  }

  *[Symbol.iterator](): Generator<number> {
    for (let id = 0; id < this.topology.edgeCount; id++) if (this.has(id)) yield id;
  }

  /** Word `i` of bits `first .. first + count - 1`. */
  #word(first: number, count: number, i: number): number {
    const at = (first >> 5) + i;
    const shift = first & 31;
    const low = this.#words[at]! >>> shift;
    const word = shift === 0 ? low : low | ((this.#words[at + 1] ?? 0) << (32 - shift));
    const left = count - 32 * i;
    return left < 32 ? word & (0xffffffff >>> (32 - left)) : word;
  }

  #count(from: number, to: number): number {
    let count = 0;
    for (let id = from; id < to; id++) if (this.has(id)) count++;
    return count;
  }
}
