import type { MetricName } from '../../src/readout/metrics.js';

/** Seeds of the model and of its prompts. */
export const PLANTED_SEED = 1;
export const PROMPT_SEED = 2;
export const PROMPTS = 8;

/**
 * A search in the planted model of GPT-2 small's shape: its threshold is chosen for a circuit of `least` to `most`
 * edges.
 */
export interface PlantedSearch {
  readonly metric: Extract<MetricName, 'logit-diff' | 'kl'>;
  readonly threshold: number;
  readonly least: number;
  readonly most: number;
}

/** `npm run bench -- planted` shows what a threshold gives. */
export const PLANTED_SEARCHES: readonly PlantedSearch[] = [
  { metric: 'logit-diff', threshold: 0.1, least: 100, most: 200 },
  { metric: 'kl', threshold: 0.015, least: 100, most: 200 },
  { metric: 'logit-diff', threshold: 0.002, least: 700, most: 900 },
  { metric: 'logit-diff', threshold: 0.001, least: 1000, most: 1200 },
];
