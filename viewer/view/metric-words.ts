/** A metric for the reader. Files hold its loss form, which is lower where the model does better. */
export interface MetricWords {
  /** `logit difference`. */
  readonly name: string;
  /** `nats`; null for none. */
  readonly unit: string | null;
  readonly better: 'lower' | 'higher';
}

const NATURAL: Readonly<Record<string, MetricWords>> = {
  kl: { name: 'KL divergence from the whole model', unit: 'nats', better: 'lower' },
  nll: { name: 'negative log-likelihood of the answer', unit: 'nats', better: 'lower' },
  'logit-diff': { name: 'logit difference', unit: null, better: 'higher' },
  'prob-diff': { name: 'probability difference', unit: null, better: 'higher' },
  accuracy: { name: 'accuracy', unit: null, better: 'higher' },
};

/** A metric in its usual form. One of an unknown name stays in loss form. */
export function metricWords(metric: string): MetricWords {
  if (Object.hasOwn(NATURAL, metric)) return NATURAL[metric]!;
  return { name: metric, unit: null, better: 'lower' };
}

/** A value in loss form as the metric's usual form: minus the logit difference becomes the logit difference. */
export function naturalValue(metric: string, loss: number | null): number | null {
  return loss === null || metricWords(metric).better === 'lower' ? loss : 0 - loss;
}

/** `logit difference, higher is better`; `KL divergence from the whole model in nats, lower is better`. */
export function metricLine(metric: string): string {
  const { name, unit, better } = metricWords(metric);
  return `${name}${unit ? ` in ${unit}` : ''}, ${better} is better`;
}

/** What a positive effect does: `the logit difference falls`, `the KL divergence from the whole model rises`. */
export function worseWords(metric: string): string {
  const { name, better } = metricWords(metric);
  return `the ${name} ${better === 'higher' ? 'falls' : 'rises'}`;
}
