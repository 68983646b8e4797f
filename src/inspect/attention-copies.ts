import type { Topology } from '../circuit/topology.js';
import { sliceOf } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { Taps } from '../block/places.js';
import type { PatchedPass } from '../pass/patched-pass.js';

/** Attention of heads on prompts, by the head's writer: patterns [n, n] row-major, n = tokens of the prompt. */
export type HeadPatterns = Map<number, Float32Array[]>;

/** Copies of whole patterns, made while a pass is recorded: the next layer overwrites them. */
export class AttentionCopies {
  readonly #copies = new Map<number, () => Promise<ArrayBuffer>>();
  readonly taps: Taps;

  /** @param heads writers. */
  constructor(recording: Recording, pass: PatchedPass, topology: Topology, heads: readonly number[]) {
    const { tensors, shape } = pass;
    const size = shape.prompts * shape.sequence * shape.sequence;
    const pattern = (layer: number): void => {
      for (const writer of heads) {
        const node = topology.writers[writer]!;
        if (node.kind !== 'head' || node.layer !== layer) continue;
        this.#copies.set(writer, recording.readback(sliceOf(tensors.pattern, node.head * size, size)));
      }
    };
    this.taps = { pattern };
  }

  /**
   * Call it after submission.
   *
   * @param lengths tokens of each prompt. @param sequence tokens that the pass has of each.
   */
  async read(lengths: readonly number[], sequence: number): Promise<HeadPatterns> {
    const read = [...this.#copies].map(
      async ([writer, copy]) => [writer, unpadded(new Float32Array(await copy()), sequence, lengths)] as const,
    );
    return new Map(await Promise.all(read));
  }
}

/** Patterns [prompts, sequence, sequence] without the rows and columns that fill up short prompts. */
export function unpadded(patterns: Float32Array, sequence: number, lengths: readonly number[]): Float32Array[] {
  return lengths.map((length, n) => {
    const pattern = new Float32Array(length * length);
    for (let query = 0; query < length; query++) {
      const at = (n * sequence + query) * sequence;
      pattern.set(patterns.subarray(at, at + length), query * length);
    }
    return pattern;
  });
}
