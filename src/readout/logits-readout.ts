import { readoutTensors, type ReadoutShape } from './readout-plan.js';
import type { RowPiece } from '../block/piece.js';
import { logProbabilities, unembedding } from '../block/unembedding.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import { sliceOf, type Arena, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/gpu.js';
import type { ModelWeights } from '../model/weights.js';
import { answerLists, type Answers } from './answers.js';
import { bindAnswerDirections, bindLogitDifferences } from './answer-directions.js';
import type { Readout, ReadoutPart } from './metrics.js';

/** What a readout works on: a pass, or anything else that leaves normed rows and has room for their logits. */
export interface ReadoutFrame {
  readonly weights: ModelWeights;
  readonly shape: ReadoutShape;
  readonly tensors: {
    /** The final norm's output at the metric positions [circuits, prompts, width]. */
    readonly normed: Tensor;
    /** [circuits, prompts, vocabStride] */
    readonly logits: Tensor;
  };
}

/** Operations that turn the end of a pass into readouts of one micro-batch of prompts. */
export interface BoundReadout {
  readonly logitDifferences: RowPiece;
  readonly logits: RowPiece;
  readonly logSoftmax: RowPiece;
  readonly kl: Operation;
  readonly probabilityScores: Operation;
  readonly best: Operation;
}

/**
 * Logits at the metric positions, and what the metrics read of them. Works on what passes leave in the room that they share; its outputs
 * are small (at most five numbers per circuit and prompt) and are all that is copied to the host.
 */
export class LogitsReadout {
  readonly #frame: ReadoutFrame;
  readonly #kl: Tensor;
  readonly #logitDifferences: Tensor;
  readonly #probabilityScores: Tensor;
  readonly #best: Tensor;

  constructor(frame: ReadoutFrame, arena: Arena) {
    this.#frame = frame;
    const shapes = readoutTensors(frame.shape);
    this.#kl = arena.tensor('kl', shapes.kl);
    this.#logitDifferences = arena.tensor('logit differences', shapes.logitDifferences);
    this.#probabilityScores = arena.tensor('probability scores', shapes.probabilityScores);
    this.#best = arena.tensor('argmax', shapes.best);
  }

  /** @param reference clean log-probabilities [prompts, vocabStride]; @param answers one entry per prompt of the pass. */
  async bind(arena: Arena, reference: Tensor, answers: readonly Answers[]): Promise<BoundReadout> {
    const { tensors, shape, weights } = this.#frame;
    const { spec, layout } = weights;
    const rows = shape.circuits * shape.prompts;
    const stride = layout.vocabStride;
    const directions = arena.tensor('answer directions', [shape.prompts, 4 * layout.width4]);
    const encodeDirections = await bindAnswerDirections(arena, weights, directions, answers);
    const recording = weights.gpu.record();
    encodeDirections(recording);
    recording.submit();
    return {
      logitDifferences: await bindLogitDifferences(
        arena,
        weights,
        { normed: tensors.normed, directions, dots: this.#logitDifferences },
        rows,
      ),
      logits: await unembedding({ arena, weights }, tensors, rows),
      logSoftmax: await logProbabilities({ arena, weights }, tensors.logits, rows),
      kl: await arena.operation('kl_divergence', {
        buffers: { p: reference, q: tensors.logits, kl: this.#kl },
        params: { rows, prompts: shape.prompts, vocab: spec.vocab, stride },
        overrides: {},
      }),
      probabilityScores: await arena.operation('answer_scores', {
        buffers: {
          answers: arena.upload('answers', answerLists(answers)),
          values: tensors.logits,
          scores: this.#probabilityScores,
        },
        params: { rows, prompts: shape.prompts, stride },
        overrides: {},
      }),
      best: await arena.operation('argmax', {
        buffers: { values: tensors.logits, best: this.#best },
        params: { rows, vocab: spec.vocab, stride },
        overrides: {},
      }),
    };
  }

  /** Records the logits of `count` circuits [count, prompts, vocabStride] into `logits`. */
  encodeLogits(recording: Recording, bound: BoundReadout, count: number): void {
    bound.logits.encode(recording, count * this.#frame.shape.prompts);
  }

  /** Turns the logits into log-probabilities, in place. */
  encodeLogProbs(recording: Recording, bound: BoundReadout, count: number): void {
    bound.logSoftmax.encode(recording, count * this.#frame.shape.prompts);
  }

  /**
   * Records the logits and the asked parts, and queues their copies to the host.
   *
   * @returns call it after submission: readouts [circuit][prompt].
   */
  encode(
    recording: Recording,
    bound: BoundReadout,
    count: number,
    parts: ReadonlySet<ReadoutPart>,
  ): () => Promise<Readout[][]> {
    const prompts = this.#frame.shape.prompts;
    const rows = count * prompts;
    if (parts.has('logit-difference')) bound.logitDifferences.encode(recording, rows);
    if ([...parts].some((part) => part !== 'logit-difference')) this.encodeLogits(recording, bound, count);
    if (parts.has('best')) recording.dispatchRows(bound.best, rows);
    if (parts.has('kl') || parts.has('log-probs')) this.encodeLogProbs(recording, bound, count);
    if (parts.has('log-probs')) recording.dispatch(bound.probabilityScores, groupsOf64(rows));
    if (parts.has('kl')) recording.dispatchRows(bound.kl, rows);

    const read = (part: ReadoutPart, tensor: Tensor, perRow: number): (() => Promise<ArrayBuffer>) | undefined =>
      parts.has(part) ? recording.readback(sliceOf(tensor, 0, rows * perRow)) : undefined;
    const kl = read('kl', this.#kl, 1);
    const differences = read('logit-difference', this.#logitDifferences, 1);
    const probabilities = read('log-probs', this.#probabilityScores, 2);
    const best = read('best', this.#best, 1);
    return async () => {
      const [klData, differenceData, probabilityData, bestData] = await Promise.all([
        kl?.(),
        differences?.(),
        probabilities?.(),
        best?.(),
      ]);
      const floats = (data: ArrayBuffer | undefined): Float32Array | undefined => data && new Float32Array(data);
      const [klValues, differenceValues, probabilityValues] = [klData, differenceData, probabilityData].map(floats);
      const bestValues = bestData && new Uint32Array(bestData);
      // A part that was not asked for reads as NaN: a metric that forgot to ask for it cannot pass for a number.
      const at = (values: Float32Array | undefined, i: number): number => values?.[i] ?? Number.NaN;
      return Array.from({ length: count }, (_, c) =>
        Array.from({ length: prompts }, (_unused, n) => {
          const row = c * prompts + n;
          return {
            kl: at(klValues, row),
            logitDifference: at(differenceValues, row),
            correctLogProb: at(probabilityValues, 2 * row),
            wrongLogProb: at(probabilityValues, 2 * row + 1),
            best: bestValues?.[row] ?? -1,
          };
        }),
      );
    };
  }
}
