import type { LensReport } from '../../files/own/lens-json.js';
import type { TokenText } from '../../inspect/circuit-details.js';
import type { ModelWeights } from '../../model/weights.js';
import type { PromptPair } from '../../task/types.js';
import type { ObservedRuns } from './observed-runs.js';
import { likeliest } from '../host-readout.js';
import { eachLogits, rankOf } from './stream-logits.js';

type LogitLens = NonNullable<LensReport['logit_lens']>;
type LensLayer = LogitLens['prompts'][number]['layers'][number];

/** How many of the most probable tokens are told. */
const TOP = 5;

/**
 * The logit lens (nostalgebraist 2020): the logits that the residual stream would give before every layer and after the
 * last, through the final norm with its own scale, at the measured position of each prompt.
 *
 * @param skip rows of the task before the first prompt.
 * @param onDone is told how many rows are done.
 */
export async function logitLens(
  weights: ModelWeights,
  pairs: readonly PromptPair[],
  { streams }: Pick<ObservedRuns, 'streams'>,
  { skip, maxBytes, tokenText }: { readonly skip: number; readonly maxBytes: number; readonly tokenText: TokenText },
  onDone: (layers: number) => void = () => {},
): Promise<LogitLens> {
  const answers = pairs.map(({ correct }) => correct[0]);
  if (pairs.some(({ correct }) => correct.length !== 1)) {
    const rows = streams.at(-1)!;
    await eachLogits(weights, { rows, normed: false, maxBytes }, (n, logits) => (answers[n] = likeliest(logits)));
  }
  const prompts = pairs.map((_, n) => ({
    row: skip + n,
    answer: answers[n]!,
    answer_token: tokenText(answers[n]!),
    layers: [] as LensLayer[],
  }));
  for (const [layer, rows] of streams.entries()) {
    await eachLogits(weights, { rows, normed: false, maxBytes }, (n, logits) =>
      prompts[n]!.layers.push(layerOf(layer, logits, answers[n]!, pairs[n]!.correct, tokenText)),
    );
    onDone(layer + 1);
  }
  return { prompts };
}

function layerOf(
  layer: number,
  logits: Float32Array,
  answer: number,
  correct: readonly number[],
  tokenText: TokenText,
): LensLayer {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  const probability = (id: number): number => Math.exp(logits[id]! - most) / total;
  return {
    layer,
    p_answer: probability(answer),
    rank: rankOf(logits, [answer]),
    logit_answer: logits[answer]!,
    p_correct_set: correct.length === 0 ? null : correct.reduce((sum, id) => sum + probability(id), 0),
    top5: largest(logits, TOP).map((id) => [tokenText(id), probability(id)]),
  };
}

/** The ids of the largest values, largest first, of equal ones the lower first. */
function largest(values: Float32Array, count: number): number[] {
  const found: number[] = [];
  values.forEach((value, id) => {
    if (found.length === count && !(value > values[found.at(-1)!]!)) return;
    const at = found.findIndex((other) => value > values[other]!);
    found.splice(at === -1 ? found.length : at, 0, id);
    if (found.length > count) found.pop();
  });
  return found;
}
