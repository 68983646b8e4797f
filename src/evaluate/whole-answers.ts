import { METRICS, type MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';

/** A prompt as far as the number of its measurements is concerned. */
type Answered = Pick<PromptPair, 'answer'>;

/** How many positions of each prompt are measured. */
export function measurements(pairs: readonly Answered[]): number {
  return pairs.reduce((sum, { answer }) => sum + (answer?.length ?? 1), 0);
}

/** Of every position that is measured, the index of its prompt. */
export function measuredPrompts(pairs: readonly Answered[]): number[] {
  return pairs.flatMap(({ answer }, prompt) => new Array<number>(answer?.length ?? 1).fill(prompt));
}

/**
 * The pairs as passes measure them: one position each. A whole answer is measured at each of its tokens, which the
 * tokens before it predict (the chain rule: the log-probability of the answer is the sum of theirs). Causal attention
 * gives a position the same values whatever follows, so that the same prompt serves every token.
 *
 * Cost: a pass over the prompt for every token of its answer.
 */
export function measuredPairs(pairs: readonly PromptPair[]): readonly PromptPair[] {
  return pairs.flatMap((pair) => {
    const { answer, ...rest } = pair;
    if (answer === undefined) return [pair];
    return answer.map((id, i) => ({
      ...rest,
      position: pair.position + i,
      correct: [id],
      wrong: i === 0 ? pair.wrong : [],
    }));
  });
}

/** One value a prompt from one a measurement, as the metric puts the tokens of an answer together. */
export function perPrompt(pairs: readonly Answered[], name: MetricName, measured: readonly number[]): number[] {
  let next = 0;
  return pairs.map(({ answer }) => {
    const values = measured.slice(next, (next += answer?.length ?? 1));
    return values.length === 1 ? values[0]! : METRICS[name].overAnswer(values);
  });
}
