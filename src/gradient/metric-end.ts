import { inTurn, type Piece, type PieceContext } from '../block/piece.js';
import { norm, normBackward } from '../block/norm.js';
import { logitsOf, logProbabilities, softcapBackward, unembeddingBackward } from '../block/unembedding.js';
import { sliceOf, type Arena } from '../gpu/arena.js';
import { rowBlocks } from '../gpu/workgroups.js';
import { answerLists, type Answers } from '../readout/answers.js';
import { readsProbabilities, seedOverrides } from '../readout/metric-seeds.js';
import { METRICS, type SeedMetric } from '../readout/metrics.js';
import type { GradientFrame } from './gradient-frame.js';

/** The pieces at the end of a pass that depend on no metric. */
export type EndPieces = Awaited<ReturnType<typeof bindEnd>>;

export async function bindEnd(context: PieceContext, { tensors, shape, weights, columns, rules }: GradientFrame) {
  const { prompts } = shape;
  const { last, lastNormed, lastGradient, logits, seeds } = tensors;
  return {
    norm: await norm(context, weights.finalNorm, { x: last, y: lastNormed }, prompts),
    logits: await logitsOf(context, columns, { normed: lastNormed, logits }, prompts),
    // Log-probabilities take the place of the logits. The way back through a softcap needs them.
    keepCapped: {
      encode(recording) {
        if (weights.spec.logitSoftcap !== null) recording.copy(logits, tensors.cappedLogits);
      },
    } satisfies Piece,
    logSoftmax: await logProbabilities(context, logits, prompts),
    softcapBackward: await softcapBackward(
      context,
      columns,
      { logits: tensors.cappedLogits, logitGradient: seeds },
      prompts,
    ),
    logitsBackward: await unembeddingBackward(
      context,
      columns,
      { logitGradient: seeds, normedGradient: lastGradient },
      prompts,
    ),
    normBackward: await normBackward(context, rules, weights.finalNorm, {
      x: last,
      xRows: prompts,
      gradient: lastGradient,
      rows: prompts,
    }),
  };
}

/** A metric of one micro-batch's prompts at the end of a pass. */
export interface MetricEnd {
  /** The last stream [T, d] -> what the metric's gradient depends on. */
  readonly forwards: Piece;
  /** The metric's gradient -> that at the last stream [T, d], which is 0 but at the metric positions. */
  readonly back: Piece;
}

/**
 * Binds a metric. Logits are computed where its gradient depends on them, log-probabilities where it reads these: the
 * gradient of a difference of logits is the same at every run.
 *
 * @param answers one entry per prompt of the pass. @param metricRows rows of their metric positions.
 */
export async function bindMetric(
  arena: Arena,
  frame: GradientFrame,
  { norm: lastNorm, logits, keepCapped, logSoftmax, ...back }: EndPieces,
  metric: SeedMetric,
  answers: readonly Answers[],
  metricRows: readonly number[],
): Promise<MetricEnd> {
  const { weights, tensors, shape, columns } = frame;
  const { seed } = METRICS[metric];
  const stride = 4 * columns.unembed.columns4;
  const seeds = await arena.operation('metric_seeds', {
    buffers: {
      answers: arena.upload('answers', answerLists(answers.map(columns.placed))),
      values: tensors.logits,
      log_p: tensors.reference,
      seeds: tensors.seeds,
    },
    params: { rows: shape.prompts, vocab: columns.tokens, stride },
    overrides: seedOverrides(seed),
  });
  const width = 4 * weights.layout.width4;
  const forwards = [takeRows(frame, metricRows)];
  const probabilities = readsProbabilities(seed);
  if (probabilities || weights.spec.logitSoftcap !== null) forwards.push(lastNorm, logits, keepCapped);
  if (probabilities) forwards.push(logSoftmax);
  const toStream: Piece = {
    encode(recording) {
      recording.clear(tensors.streamGradient);
      metricRows.forEach((row, n) => {
        const to = sliceOf(tensors.streamGradient, row * width, width);
        recording.copy(sliceOf(tensors.lastGradient, n * width, width), to);
      });
    },
  };
  return {
    forwards: inTurn(forwards),
    back: inTurn([
      { encode: (recording) => recording.dispatchRows(seeds, shape.prompts, rowBlocks(stride)) },
      back.softcapBackward,
      back.logitsBackward,
      back.normBackward,
      toStream,
    ]),
  };
}

/** Copies rows of the last stream [T, d] -> last [N, d]. */
export function takeRows({ tensors, weights }: GradientFrame, rows: readonly number[]): Piece {
  const width = 4 * weights.layout.width4;
  return {
    encode(recording) {
      rows.forEach((row, n) => {
        recording.copy(sliceOf(tensors.lastStream, row * width, width), sliceOf(tensors.last, n * width, width));
      });
    },
  };
}
