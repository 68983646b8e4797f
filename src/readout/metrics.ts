import type { Seed } from './metric-seeds.js';
import type { Readout } from './part.js';
import type { ReadoutPart } from './parts.js';

/** A metric of one prompt in loss form: lower is better, so that cutting an edge that helps raises it. */
export interface Metric {
  /** One line for help texts. */
  readonly about: string;
  readonly source: string;
  /** The part of the readout that `value` reads. */
  readonly part: ReadoutPart;
  /** The answers that a prompt must have. */
  readonly needs: { readonly correct: boolean; readonly wrong: boolean };
  value(readout: Readout, correct: readonly number[]): number;
  /** Whether it measures an answer of several tokens. Otherwise it looks at the first token alone. */
  readonly wholeAnswers: boolean;
  /** One value from those at the tokens of an answer. */
  overAnswer(values: readonly number[]): number;
  /** Its gradient at the logits; null: it is a step function, which neither gradients nor a search can follow. */
  readonly seed: Seed | null;
}

const OF_FIRST_TOKEN = { wholeAnswers: false, overAnswer: (values: readonly number[]) => values[0]! };

/** Adding a metric of existing parts is an entry here. */
export const METRICS = {
  kl: {
    about: 'KL divergence of the circuit from the whole model on the clean prompt, in nats',
    source: 'ACDC, Conmy et al. 2023 (arXiv:2304.14997)',
    part: 'kl',
    needs: { correct: false, wrong: false },
    value: (r) => r.kl,
    ...OF_FIRST_TOKEN,
    seed: { q: 1, p: -1 },
  },
  'logit-diff': {
    about: 'minus (mean logit of the correct answers - mean logit of the wrong ones)',
    source: 'IOI, Wang et al. 2022 (arXiv:2211.00593)',
    part: 'logit-difference',
    needs: { correct: true, wrong: true },
    value: (r) => 0 - r.logitDifference, // never -0
    ...OF_FIRST_TOKEN,
    seed: { correct: { mean: -1 }, wrong: { mean: 1 } },
  },
  'prob-diff': {
    about: 'minus (summed probability of the correct answers - summed probability of the wrong ones)',
    source: 'greater-than, Hanna et al. 2023 (arXiv:2305.00586)',
    part: 'log-probs',
    needs: { correct: true, wrong: true },
    value: (r) => Math.exp(r.wrongLogProb) - Math.exp(r.correctLogProb),
    ...OF_FIRST_TOKEN,
    seed: { advantage: -1, correct: { q: -1 }, wrong: { q: 1 } },
  },
  nll: {
    about: 'minus the logarithm of the summed probability of the correct answers, in nats',
    source: 'the training loss of language models',
    part: 'log-probs',
    needs: { correct: true, wrong: false },
    value: (r) => -r.correctLogProb,
    wholeAnswers: true,
    // The chain rule: the probability of an answer is the product of its tokens'.
    overAnswer: (values) => values.reduce((sum, value) => sum + value, 0),
    seed: { q: 1, correct: { share: -1 } },
  },
  accuracy: {
    about: 'minus 1 where the most probable token is a correct answer, else 0',
    source: 'the share of prompts answered correctly, negated',
    part: 'best',
    needs: { correct: true, wrong: false },
    value: (r, correct) => (correct.includes(r.best) ? -1 : 0),
    wholeAnswers: true,
    // Every token must be right.
    overAnswer: (values) => Math.max(...values),
    seed: null,
  },
} satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];

/** A metric with a gradient. */
export type SeedMetric = { [N in MetricName]: (typeof METRICS)[N]['seed'] extends null ? never : N }[MetricName];

function hasSeed(name: MetricName): name is SeedMetric {
  return METRICS[name].seed !== null;
}

/** The metrics with a gradient: those that a search or a score can use. */
export const SEED_METRICS: readonly SeedMetric[] = METRIC_NAMES.filter(hasSeed);
