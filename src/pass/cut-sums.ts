import type { Reach } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';

/** Where the sum over a port's cut writers starts, and the writers that are still to be added to it, in order. */
export interface CutSumUse {
  /** The slot that the sum starts from. Undefined: it starts from the port's constant. */
  readonly slot: number | undefined;
  readonly further: readonly number[];
}

/** A slot to bring up to date before it is read. */
export interface CutSumUpdate {
  readonly slot: number;
  /** Whether to go on from what the slot holds; otherwise the sum starts from the port's constant. */
  readonly resume: boolean;
  readonly writers: readonly number[];
  readonly reach: Reach;
}

/** What a slot holds. */
interface CutSum {
  readonly slot: number;
  /** The writers that were added up. */
  readonly writers: readonly number[];
  /** The rows that the sum has. */
  readonly reach: Reach;
  /** The pass that read the slot last. */
  readonly usedIn: number;
}

/** Fewer writers than this are added anew each time rather than kept. */
const WORTH_KEEPING = 4;

/**
 * Which ports' sums over cut writers are kept on the device between circuits, and how far. A sum over a list of
 * writers is kept as long as the port's cut writers begin with that list. ACDC cuts the edges into a port in about
 * that order, from the last writer to the first, and never puts back one that it has decided on. Keeping changes no
 * bit: the additions and their order stay.
 *
 * The slots are few. The port that was read longest ago gives up its own.
 */
export class CutSums {
  readonly #topology: Topology;
  readonly #slots: number;
  /** By port. */
  readonly #sums = new Map<number, CutSum>();
  /** Per port the cut writers that it was last asked for with. */
  readonly #asked = new Map<number, readonly number[]>();
  #pass = 0;

  constructor(topology: Topology, slots: number) {
    this.#topology = topology;
    this.#slots = slots;
  }

  /** To be called before each pass: within one, no slot changes after it was first read. */
  nextPass(): void {
    this.#pass++;
  }

  /**
   * @param cut the port's cut writers, last writer first.
   * @returns how to form the sum, and what to do to a slot first.
   */
  use(port: number, reach: Reach, cut: readonly number[]): CutSumUse & { readonly update: CutSumUpdate | undefined } {
    const last = this.#sums.get(port);
    const valid = last !== undefined && last.reach >= reach && startsWith(cut, last.writers);
    const held = valid ? last.writers.length : 0;
    // What is asked for twice is likely to be asked for again; otherwise the edges cut last may be only on trial.
    const settled = sameList(cut, this.#asked.get(port));
    this.#asked.set(port, cut);
    const keep = settled ? cut.length : this.#decided(cut);
    const slot = keep - held >= WORTH_KEEPING ? this.#slotFor(last) : undefined;
    if (slot !== undefined) {
      this.#sums.set(port, { slot, writers: cut.slice(0, keep), reach, usedIn: this.#pass });
      const update = { slot, resume: held > 0, writers: cut.slice(held, keep), reach };
      return { slot, further: cut.slice(keep), update };
    }
    if (held === 0) return { slot: undefined, further: cut, update: undefined };
    this.#sums.set(port, { ...last!, usedIn: this.#pass });
    return { slot: last!.slot, further: cut.slice(held), update: undefined };
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

  /** A slot that may be written now: the port's last one, a free one, or that of the port that was read longest ago. */
  #slotFor(last: CutSum | undefined): number | undefined {
    if (last) return last.usedIn < this.#pass ? last.slot : undefined;
    if (this.#sums.size < this.#slots) return this.#sums.size;
    let oldest: [number, CutSum] | undefined;
    for (const entry of this.#sums) if (!oldest || entry[1].usedIn < oldest[1].usedIn) oldest = entry;
    if (!oldest || oldest[1].usedIn === this.#pass) return undefined;
    this.#sums.delete(oldest[0]);
    return oldest[1].slot;
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
