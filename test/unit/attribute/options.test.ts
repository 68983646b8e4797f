import { describe, expect, test } from 'vitest';
import { STEP_RULES } from '../../../src/circuit/run-identity.js';
import { settleOptions, type AttributionOptions } from '../../../src/attribute/options.js';
import { gradientPoints, stepPoints } from '../../../src/attribute/interpolation.js';

const EAP: AttributionOptions = { method: 'eap', metric: 'logit-diff', ablation: 'resample', input: 'token' };

function refusal(options: Partial<AttributionOptions>, layers = 2): string {
  try {
    settleOptions({ ...EAP, ...options }, layers);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('options that do not go together are refused by name', () => {
  test.each<[Partial<AttributionOptions>, RegExp]>([
    [{ method: 'eap-ig-inputs', steps: 0 }, /^eap-ig-inputs: steps must be a whole number above 0, got 0$/],
    [{ method: 'eap-ig-inputs', steps: 2.5 }, /got 2.5/],
    [{ steps: 2 }, /^steps: has no meaning for eap$/],
    [{ method: 'information-flow', freezePatterns: true }, /^freezePatterns: has no meaning for information-flow$/],
    [{ metric: 'accuracy' }, /accuracy has no gradient; use kl, logit-diff, prob-diff, nll/],
    [{ method: 'eap-ig-inputs', ablation: 'zero' }, /resample ablation, got zero; eap-ig-activations takes any/],
    [{ method: 'clean-corrupted', ablation: 'mean' }, /resample ablation, got mean/],
    [{ metric: 'kl' }, /no gradient at the clean run/],
    [{ method: 'clean-corrupted', metric: 'kl' }, /no gradient at the clean run/],
    [{ method: 'eap-ig-inputs', metric: 'kl', steps: 1 }, /no gradient at the clean run/],
    [{ method: 'eap-ig-activations', metric: 'kl', steps: 1 }, /no gradient at the clean run/],
    [{ method: 'information-flow', granularity: 'node' }, /scores edges only, got granularity node/],
    [{ method: 'information-flow', backward: 'gim' }, /^backward: has no meaning for information-flow$/],
    [{ freezePatterns: true, backward: 'gim' }, /frozen patterns are an option of relp/],
    [{ gradDrop: true }, /gradient dropout is an option of atp-star/],
    [{ backward: 'atp-star', method: 'eap-ig-inputs' }, /atp-star corrects eap, not eap-ig-inputs/],
    [{ backward: 'atp-star', granularity: 'neuron' }, /edges into queries and keys, got granularity neuron/],
  ])('%o', (options, message) => {
    expect(refusal(options)).toMatch(message);
  });

  test('gradient dropout in a model of one layer', () => {
    expect(refusal({ backward: 'atp-star', gradDrop: true }, 1)).toMatch(/at least two layers/);
    expect(refusal({ backward: 'atp-star', gradDrop: true })).toBe('accepted');
  });

  test.each<Partial<AttributionOptions>>([
    { method: 'eap-ig-inputs', metric: 'kl' },
    { method: 'eap-ig-inputs', metric: 'kl', steps: 1, stepRule: 'left' },
    { method: 'eap-ig-activations', metric: 'kl', ablation: 'zero' },
    { method: 'information-flow', metric: 'accuracy' },
    { backward: 'relp', freezePatterns: true, method: 'clean-corrupted' },
  ])('%o is accepted', (options) => {
    expect(refusal(options)).toBe('accepted');
  });
});

describe('points of a step rule', () => {
  test.each(STEP_RULES)('%s: weights add up to 1, and a line is integrated by all but the one-sided rules', (rule) => {
    for (const steps of [1, 2, 5, 30]) {
      const points = stepPoints(rule, steps);
      expect(points.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
      const line = points.reduce((sum, { alpha, weight }) => sum + weight * alpha, 0);
      const offset = { left: -0.5, right: 0.5, midpoint: 0, trapezoid: 0 }[rule];
      expect(line).toBeCloseTo(0.5 + offset / steps, 12);
    }
  });

  test('ends', () => {
    const ends = (rule: (typeof STEP_RULES)[number]): number[] => {
      const alphas = stepPoints(rule, 3).map(({ alpha }) => alpha);
      return [alphas[0]!, alphas.at(-1)!];
    };
    expect(ends('left')).toEqual([0, 2 / 3]);
    expect(ends('right')).toEqual([1 / 3, 1]);
    expect(ends('midpoint')).toEqual([0.5 / 3, 2.5 / 3]);
    expect(ends('trapezoid')).toEqual([0, 1]);
  });
});

describe('runs of a method', () => {
  const groups = [0, 1, 2, 3, 4].map((index) => ({ index }));
  const options = { steps: 2, stepRule: 'right', scope: 'group', metric: 'nll' } as const;

  test('eap-ig-inputs moves the input only; the clean end is no pass of its own', () => {
    expect(gradientPoints({ ...options, method: 'eap-ig-inputs' }, groups)).toEqual([
      { group: null, amount: 0, weight: 1 / 2, own: false },
      { group: 0, amount: 1 / 2, weight: 1 / 2, own: false },
    ]);
  });

  test('eap-ig-activations moves every group, the last one first, which leaves earlier streams clean', () => {
    const own = gradientPoints({ ...options, method: 'eap-ig-activations' }, groups);
    expect(own.map(({ group }) => group)).toEqual([null, 4, 3, 2, 1, 0]);
    expect(own.map(({ weight }) => weight)).toEqual([1, 1, 1, 1, 1, 1].map((x) => x / 2));
    expect(own.map((point) => point.own)).toEqual([false, true, true, true, true, true]);
    const all = gradientPoints({ ...options, method: 'eap-ig-activations', scope: 'all' }, groups);
    expect(all.map(({ weight }) => weight)).toEqual([1 / 2, ...groups.map(() => 1 / 10)]);
    expect(all.every((point) => !point.own)).toBe(true);
  });

  test('the clean run is left out for the KL divergence, whose gradient there is 0', () => {
    const points = gradientPoints({ ...options, method: 'eap-ig-inputs', metric: 'kl' }, groups);
    expect(points).toEqual([{ group: 0, amount: 1 / 2, weight: 1 / 2, own: false }]);
  });
});
