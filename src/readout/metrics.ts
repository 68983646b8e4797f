/**
 * Metrics of one prompt in loss form: lower is better, so that cutting an edge that helps raises the metric.
 * Adding one is an entry in METRICS.
 */
export type MetricName = 'kl' | 'logit-diff' | 'prob-diff' | 'nll' | 'accuracy';

/** What the device reports for one prompt of one circuit; only the parts that the asked metrics read are filled in. */
export interface Readout {
  /** KL(clean || circuit) in nats. */
  readonly kl: number;
  /** Mean logit over the correct answers minus that over the wrong ones. */
  readonly logitDifference: number;
  /** Logarithm of the summed probability of the correct answers, and of the wrong ones. */
  readonly correctLogProb: number;
  readonly wrongLogProb: number;
  /** Token id with the largest logit. */
  readonly best: number;
}

/** Which computation on the logits fills the readout. */
export type ReadoutPart = 'kl' | 'logit-difference' | 'log-probs' | 'best';

export interface Metric {
  readonly about: string;
  readonly part: ReadoutPart;
  readonly needs: { readonly correct: boolean; readonly wrong: boolean };
  value(readout: Readout, correct: readonly number[]): number;
  /** Whether it measures an answer of several tokens. Otherwise it looks at the first token alone. */
  readonly wholeAnswers: boolean;
  /** One value from those at the tokens of an answer. */
  overAnswer(values: readonly number[]): number;
}

const OF_FIRST_TOKEN = { wholeAnswers: false, overAnswer: (values: readonly number[]) => values[0]! };

export const METRICS: Readonly<Record<MetricName, Metric>> = {
  kl: {
    about: 'KL divergence of the circuit from the whole model on the clean prompt, in nats',
    part: 'kl',
    needs: { correct: false, wrong: false },
    value: (r) => r.kl,
    ...OF_FIRST_TOKEN,
  },
  'logit-diff': {
    about: 'minus (mean logit of the correct answers - mean logit of the wrong ones)',
    part: 'logit-difference',
    needs: { correct: true, wrong: true },
    value: (r) => 0 - r.logitDifference, // never -0
    ...OF_FIRST_TOKEN,
  },
  'prob-diff': {
    about: 'minus (summed probability of the correct answers - that of the wrong ones)',
    part: 'log-probs',
    needs: { correct: true, wrong: true },
    value: (r) => Math.exp(r.wrongLogProb) - Math.exp(r.correctLogProb),
    ...OF_FIRST_TOKEN,
  },
  nll: {
    about: 'minus the logarithm of the summed probability of the correct answers, in nats',
    part: 'log-probs',
    needs: { correct: true, wrong: false },
    value: (r) => -r.correctLogProb,
    wholeAnswers: true,
    // The chain rule: the probability of an answer is the product of its tokens'.
    overAnswer: (values) => values.reduce((sum, value) => sum + value, 0),
  },
  accuracy: {
    about: 'minus 1 where the most probable token is a correct answer, else 0',
    part: 'best',
    needs: { correct: true, wrong: false },
    value: (r, correct) => (correct.includes(r.best) ? -1 : 0),
    wholeAnswers: true,
    // Every token must be right.
    overAnswer: (values) => Math.max(...values),
  },
};

export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];
