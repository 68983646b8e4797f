import type { Arena, Tensor } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import type { Answers } from './answers.js';

/** Numbers of circuits and prompts that one readout covers. */
export interface ReadoutShape {
  readonly circuits: number;
  readonly prompts: number;
}

/** The end of a pass, or anything else that leaves normed rows and has room for their logits. */
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

/** The numbers of one prompt of one circuit. Parts that were not asked for read NaN, and -1 for a token. */
export interface Readout {
  /** KL(clean || circuit) in nats. */
  readonly kl: number;
  /** Mean logit over the correct answers minus mean logit over the wrong ones. */
  readonly logitDifference: number;
  /** Logarithm of the summed probability of the correct answers. */
  readonly correctLogProb: number;
  /** Logarithm of the summed probability of the wrong answers. */
  readonly wrongLogProb: number;
  /** Id of the token with the largest logit. */
  readonly best: number;
}

/**
 * What parts are computed from, in the order in which a readout makes it. Log-probabilities take the place of the
 * logits.
 */
export const READ_FROM = ['normed', 'logits', 'log-probs'] as const;
export type ReadFrom = (typeof READ_FROM)[number];

/** What a part compares with: one micro-batch of prompts. */
export interface PartInputs {
  /** Log-probabilities of the clean run [prompts, vocabStride]. */
  readonly reference: Tensor;
  /** One entry per prompt of the pass. */
  readonly answers: readonly Answers[];
}

/** A part of one micro-batch of prompts. */
export interface BoundPart {
  readonly from: ReadFrom;
  /** Records it for the first `rows` rows. */
  encode(recording: Recording, rows: number): void;
}

/** One computation at the end of a pass: it fills some fields of a Readout. */
export interface Part {
  /** Numbers that it copies to the host for each row, which is a prompt of a circuit. */
  readonly perRow: number;
  /** @param out [circuits, prompts, perRow]. */
  bind(arena: Arena, frame: ReadoutFrame, inputs: PartInputs, out: Tensor): Promise<BoundPart>;
  /** The fields of one row, from what was copied to the host. */
  read(data: ArrayBuffer, row: number): Partial<Readout>;
}
