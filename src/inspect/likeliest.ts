import { logProbabilities, modelLogits } from '../block/unembedding.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import { PARTS } from '../readout/parts.js';
import type { PromptPair } from '../task/types.js';
import { bindTopColumns } from '../readout/top-columns.js';
import { tokenLists, type TokenValue } from './top-tokens.js';

/** What the model predicts at the measured position of a prompt. */
export interface Prediction {
  /** Its likeliest tokens, likeliest first, with their logits as the model has them. */
  readonly top: readonly (TokenValue & { readonly probability: number })[];
  /** Probability of all right answers together, and of all wrong ones. */
  readonly probability: { readonly correct: number; readonly wrong: number };
}

/** How many of the likeliest tokens are told. */
const LIKELIEST = 10;

export interface Predictions {
  /** Records it after a whole pass. Returns what reads it after submission. */
  encode(recording: Recording): () => Promise<Prediction[]>;
}

/**
 * Binds the predictions of a pass of one circuit:
 *
 *   normed [N, d] -> logits [N, V] -> the largest -> log-probabilities in place -> those of the answers
 */
export async function bindPredictions(
  arena: Arena,
  pass: PatchedPass,
  weights: ModelWeights,
  pairs: readonly PromptPair[],
): Promise<Predictions> {
  const { prompts } = pass.shape;
  const { normed, logits } = pass.tensors;
  const columns = (count: number) =>
    bindTopColumns(arena, {
      values: logits,
      rows: prompts,
      vocab: weights.spec.vocab,
      stride: weights.layout.vocabStride,
      count,
      sign: 1,
      centred: false,
    });
  const filling = Array.from({ length: prompts - pairs.length }, () => ({ correct: [], wrong: [] }));
  const scores: Tensor = arena.tensor('log-probabilities of answers', [prompts, PARTS['log-probs'].perRow]);
  const frame = { weights, shape: { circuits: 1, prompts }, tensors: { normed, logits } };
  const toLogits = await modelLogits({ arena, weights }, { normed, logits }, prompts);
  const toLogProbs = await logProbabilities({ arena, weights }, logits, prompts);
  // The reference is of other parts.
  const inputs = { reference: logits, answers: [...pairs, ...filling] };
  const answers = await PARTS['log-probs'].bind(arena, frame, inputs, scores);
  const largest = await columns(LIKELIEST);
  const first = await columns(1);
  return {
    encode(recording) {
      toLogits.encode(recording);
      largest.encode(recording);
      toLogProbs.encode(recording);
      first.encode(recording);
      answers.encode(recording, prompts);
      const copies = [largest.columns, largest.amounts, first.amounts, scores].map((tensor) =>
        recording.readback(tensor),
      );
      return async () => {
        const [ids, amounts, logProbs, answered] = await Promise.all(copies.map((copy) => copy()));
        const best = new Float32Array(logProbs!);
        return tokenLists(new Uint32Array(ids!), new Float32Array(amounts!), pairs.length, LIKELIEST).map(
          (tokens, n) => {
            const { correctLogProb, wrongLogProb } = PARTS['log-probs'].read(answered!, n);
            return {
              top: tokens.map((token) => ({
                ...token,
                probability: probabilityOf(best[n]! + token.logit - tokens[0]!.logit),
              })),
              probability: { correct: probabilityOf(correctLogProb!), wrong: probabilityOf(wrongLogProb!) },
            };
          },
        );
      };
    },
  };
}

/** Rounding may take a sum of probabilities above 1. */
function probabilityOf(logProbability: number): number {
  return Math.min(1, Math.exp(logProbability));
}
