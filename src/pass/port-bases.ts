import type { Reach } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';

/** Where the sum over a port's cut edges starts, and the writers that are still to be added to it, in order. */
export interface BaseUse {
  /** Undefined: from the port's constant. */
  readonly slab: number | undefined;
  readonly further: readonly number[];
}

/** A slab to bring up to date before it is used. */
export interface BaseUpdate {
  readonly slab: number;
  /** Go on from what the slab holds; otherwise start from the port's constant. */
  readonly resume: boolean;
  readonly writers: readonly number[];
  readonly reach: Reach;
}

/** What a slab holds. */
interface Base {
  readonly slab: number;
  /** Writers that its sum is over, and the rows that it has them in. */
  readonly writers: readonly number[];
  readonly reach: Reach;
  /** The pass that read it last. */
  readonly usedIn: number;
}

/** Fewer writers than this are added anew each time rather than kept. */
const WORTH_KEEPING = 4;

/**
 * Which ports' sums over cut edges are kept on the device between circuits, and how far. A sum over a list of writers is kept as
 * long as the port's cut writers begin with that list: ACDC cuts the edges into a port in about that order (from the last writer
 * to the first), and never puts back one that it has decided on. Keeping changes no bit: the additions and their order stay.
 *
 * The slabs are few; the port that was read longest ago gives up its own.
 */
export class PortBases {
  readonly #topology: Topology;
  readonly #slabs: number;
  readonly #bases = new Map<number, Base>();
  /** Per port the cut writers that it was last asked for with. */
  readonly #asked = new Map<number, readonly number[]>();
  #pass = 0;

  constructor(topology: Topology, slabs: number) {
    this.#topology = topology;
    this.#slabs = slabs;
  }

  /** To be called before each pass: within one, no slab changes after it was first read. */
  nextPass(): void {
    this.#pass++;
  }

  /**
   * @param cut the port's cut writers, last writer first.
   * @returns how to form the sum, and what to do to a slab first.
   */
  use(port: number, reach: Reach, cut: readonly number[]): BaseUse & { readonly update: BaseUpdate | undefined } {
    const last = this.#bases.get(port);
    const valid = last !== undefined && last.reach >= reach && startsWith(cut, last.writers);
    const held = valid ? last.writers.length : 0;
    // What is asked for twice is likely to be asked for again; otherwise the edges cut last may be only on trial.
    const settled = sameList(cut, this.#asked.get(port));
    this.#asked.set(port, cut);
    const keep = settled ? cut.length : this.#decided(cut);
    const slab = keep - held >= WORTH_KEEPING ? this.#slabFor(last) : undefined;
    if (slab !== undefined) {
      this.#bases.set(port, { slab, writers: cut.slice(0, keep), reach, usedIn: this.#pass });
      const update = { slab, resume: held > 0, writers: cut.slice(held, keep), reach };
      return { slab, further: cut.slice(keep), update };
    }
    if (held === 0) return { slab: undefined, further: cut, update: undefined };
    this.#bases.set(port, { ...last!, usedIn: this.#pass });
    return { slab: last!.slab, further: cut.slice(held), update: undefined };
  }

  /** How many of the cut writers lie in layers after the earliest one with a cut. */
  #decided(cut: readonly number[]): number {
    const earliest = cut.at(-1);
    if (earliest === undefined) return 0;
    const layer = layerOf(this.#topology, earliest);
    let count = cut.length;
    while (count > 0 && layerOf(this.#topology, cut[count - 1]!) === layer) count--;
    return count;
  }

  /** A slab that may be written now: the port's own, a free one, or that of the port that was read longest ago. */
  #slabFor(own: Base | undefined): number | undefined {
    if (own) return own.usedIn < this.#pass ? own.slab : undefined;
    if (this.#bases.size < this.#slabs) return this.#bases.size;
    let oldest: [number, Base] | undefined;
    for (const entry of this.#bases) if (!oldest || entry[1].usedIn < oldest[1].usedIn) oldest = entry;
    if (!oldest || oldest[1].usedIn === this.#pass) return undefined;
    this.#bases.delete(oldest[0]);
    return oldest[1].slab;
  }
}

function layerOf(topology: Topology, writer: number): number {
  const node = topology.writers[writer]!;
  return node.kind === 'input' ? -1 : node.layer;
}

function startsWith(list: readonly number[], start: readonly number[]): boolean {
  return start.length <= list.length && start.every((writer, i) => writer === list[i]);
}

function sameList(a: readonly number[], b: readonly number[] | undefined): boolean {
  return b !== undefined && a.length === b.length && startsWith(a, b);
}
