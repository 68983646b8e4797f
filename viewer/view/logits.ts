import type { CircuitDetails } from '../../src/circuit/details.js';
import { spreadOf } from './heads.js';

/** One part of the logit difference. */
export interface WaterfallStep {
  /** Name of a node of the circuit; null for what is no single node of it. */
  readonly node: string | null;
  /** Words for a step without a node. */
  readonly words: string | null;
  readonly value: number;
  /** Sum of the steps before it. */
  readonly from: number;
}

/** The logit difference as a sum of direct effects. All of it is of the whole model on clean prompts. */
export interface Waterfall {
  readonly steps: readonly WaterfallStep[];
  readonly sum: number;
  /** As it was measured; null where it was not. */
  readonly measured: number | null;
  /** Whether the sum is what was measured, within rounding of the file's numbers. */
  readonly addsUp: boolean;
}

/** Relative error of numbers that are rounded to seven digits and added up in single precision. */
const ROUNDING = 1e-3;
/** Nodes that have a step of their own; the others of the circuit share one. */
const OWN_STEPS = 12;

/**
 * The direct effects of the nodes of the circuit, the strongest first, what is left of the model, and their sum.
 *
 * @param prompt null: means over the prompts. Null without answers.
 */
export function waterfallOf({ nodes, rest, prompts }: CircuitDetails, prompt: number | null): Waterfall | null {
  if (!rest) return null;
  const at = (values: readonly number[] | null): number => spreadOf(values, prompt)?.value ?? Number.NaN;
  const parts = Object.entries(nodes)
    .flatMap(([node, { direct }]) => (direct ? [{ node, value: at(direct) }] : []))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const others = parts.slice(OWN_STEPS);
  const total = others.reduce((sum, { value }) => sum + value, 0);
  const listed = [
    ...parts.slice(0, OWN_STEPS).map(({ node, value }) => ({ node, words: null, value })),
    ...(others.length > 0 ? [{ node: null, words: `${others.length} other nodes`, value: total }] : []),
    { node: null, words: 'outside the circuit', value: at(rest.writers) },
    { node: null, words: 'biases, constants', value: at(rest.constants) },
  ];
  if (!listed.every(({ value }) => Number.isFinite(value))) return null;
  let from = 0;
  const steps = listed.map((part): WaterfallStep => {
    const step = { ...part, from };
    from += part.value;
    return step;
  });
  const differences = prompts.map(({ logitDifference }) => logitDifference ?? Number.NaN);
  const isKnown = prompt === null ? differences.every(Number.isFinite) : Number.isFinite(differences[prompt]);
  const measured = isKnown ? at(differences) : null;
  const size = Math.max(1, ...steps.map(({ value }) => Math.abs(value)));
  return { steps, sum: from, measured, addsUp: measured !== null && Math.abs(from - measured) <= ROUNDING * size };
}

/** What the model predicts at the measured position. */
export interface Prediction {
  /** Probability of the right answers and of the wrong ones, on the chosen prompt or the mean. Null: not measured. */
  readonly correct: number | null;
  readonly wrong: number | null;
  /** Prompts on which a right answer is the likeliest token, of those where that is known. */
  readonly answered: number;
  readonly of: number;
}

/** Null where it was not measured. */
export function predictionOf({ prompts }: CircuitDetails, prompt: number | null): Prediction | null {
  const told = prompts.filter(({ top, correct }) => top.length > 0 && correct.length > 0);
  const chosen = prompt === null ? null : (prompts[prompt] ?? null);
  const chances = prompts.flatMap(({ probability }) => probability ?? []);
  if (told.length + chances.length === 0 && !chosen?.top.length) return null;
  const mean = (side: 'correct' | 'wrong'): number | null =>
    chances.length > 0 && chances.length === prompts.length
      ? chances.reduce((sum, chance) => sum + chance[side], 0) / chances.length
      : null;
  return {
    correct: chosen ? (chosen.probability?.correct ?? null) : mean('correct'),
    wrong: chosen ? (chosen.probability?.wrong ?? null) : mean('wrong'),
    answered: told.filter(({ top, correct }) => correct.includes(top[0]!.token)).length,
    of: told.length,
  };
}
