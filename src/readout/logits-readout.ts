import { sliceOf, type Arena, type Tensor } from '../gpu/arena.js';
import type { RowPiece } from '../block/piece.js';
import { logProbabilities, modelLogits } from '../block/unembedding.js';
import type { Recording } from '../gpu/recording.js';
import type { Answers } from './answers.js';
import { READ_FROM, type BoundPart, type ReadFrom, type Readout, type ReadoutFrame } from './part.js';
import { PARTS, PART_NAMES, readoutTensors, type ReadoutPart } from './parts.js';

/** Operations that turn the end of a pass into readouts of one micro-batch of prompts. */
export interface BoundReadout {
  readonly logits: RowPiece;
  readonly logSoftmax: RowPiece;
  readonly parts: Readonly<Record<ReadoutPart, BoundPart>>;
}

/** A metric that reads a part which it did not ask for gets no number. */
const UNREAD: Readout = {
  kl: Number.NaN,
  logitDifference: Number.NaN,
  correctLogProb: Number.NaN,
  wrongLogProb: Number.NaN,
  best: -1,
};

/**
 * Logits at the metric positions, and the parts that metrics read:
 *   normed [C, N, width] -> logits [C, N, vocabStride] -> log-probabilities, in place -> parts [C, N, numbers] -> host.
 * It works in the room that passes share. Only the parts are copied to the host, at most five numbers per circuit and
 * prompt.
 */
export class LogitsReadout {
  readonly #frame: ReadoutFrame;
  readonly #outputs: Readonly<Record<ReadoutPart, Tensor>>;

  constructor(frame: ReadoutFrame, arena: Arena) {
    this.#frame = frame;
    const shapes = readoutTensors(frame.shape);
    this.#outputs = ofEveryPart((name) => arena.tensor(name, shapes[name]));
  }

  /**
   * @param reference clean log-probabilities [prompts, vocabStride]; @param answers one entry per prompt of the pass.
   */
  async bind(arena: Arena, reference: Tensor, answers: readonly Answers[]): Promise<BoundReadout> {
    const { tensors, shape, weights } = this.#frame;
    const rows = shape.circuits * shape.prompts;
    const inputs = { reference, answers };
    const bound = await Promise.all(
      PART_NAMES.map((name) => PARTS[name].bind(arena, this.#frame, inputs, this.#outputs[name])),
    );
    return {
      logits: await modelLogits({ arena, weights }, tensors, rows),
      logSoftmax: await logProbabilities({ arena, weights }, tensors.logits, rows),
      parts: ofEveryPart((_, i) => bound[i]!),
    };
  }

  /** Records the logits of the first `count` circuits, [count, prompts, vocabStride]. */
  encodeLogits(recording: Recording, bound: BoundReadout, count: number): void {
    bound.logits.encode(recording, count * this.#frame.shape.prompts);
  }

  /** Turns the logits into log-probabilities, in place. */
  encodeLogProbs(recording: Recording, bound: BoundReadout, count: number): void {
    bound.logSoftmax.encode(recording, count * this.#frame.shape.prompts);
  }

  /**
   * Records the asked parts and what they are computed from, and queues their copies to the host.
   *
   * @returns call it after submission: readouts [circuit][prompt].
   */
  encode(
    recording: Recording,
    bound: BoundReadout,
    count: number,
    asked: ReadonlySet<ReadoutPart>,
  ): () => Promise<Readout[][]> {
    const { prompts } = this.#frame.shape;
    const rows = count * prompts;
    const parts = PART_NAMES.filter((name) => asked.has(name));
    const fromOf = (name: ReadoutPart): ReadFrom => bound.parts[name].from;
    const last = Math.max(...parts.map((name) => READ_FROM.indexOf(fromOf(name))));
    for (const [i, from] of READ_FROM.entries()) {
      if (i > last) break;
      if (from === 'logits') this.encodeLogits(recording, bound, count);
      if (from === 'log-probs') this.encodeLogProbs(recording, bound, count);
      for (const name of parts) if (fromOf(name) === from) bound.parts[name].encode(recording, rows);
    }
    const copies = parts.map((name) => recording.readback(sliceOf(this.#outputs[name], 0, rows * PARTS[name].perRow)));
    return async () => {
      const data = await Promise.all(copies.map((copy) => copy()));
      const readoutOf = (row: number): Readout =>
        Object.assign({}, UNREAD, ...parts.map((name, i) => PARTS[name].read(data[i]!, row))) as Readout;
      return Array.from({ length: count }, (_, c) =>
        Array.from({ length: prompts }, (_unused, n) => readoutOf(c * prompts + n)),
      );
    };
  }
}

function ofEveryPart<T>(value: (name: ReadoutPart, index: number) => T): Record<ReadoutPart, T> {
  return Object.fromEntries(PART_NAMES.map((name, i) => [name, value(name, i)])) as Record<ReadoutPart, T>;
}
