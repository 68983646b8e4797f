/**
 * The float64 formulas that the backward kernels are judged by, against central differences of the operations they
 * belong to.
 */
import { describe, expect, test } from 'vitest';
import {
  activationGate,
  activationSlope,
  layerNormBackward,
  metricSeeds,
  rmsNormBackward,
  softcapSlope,
  softmaxBackward,
} from '../../oracle/gradient-ops.js';
import { metricValue } from '../../oracle/metrics.js';
import { activate, attentionPattern, layerNorm, rmsNorm, softcap } from '../../oracle/ops.js';
import { rotate } from '../../oracle/rotary.js';
import { randomNumbers } from '../../support/random.js';

const STEP = 1e-5;

/** Gradient of `value` at x by central differences. */
function differences(x: ArrayLike<number>, value: (x: Float64Array) => number): number[] {
  return Array.from(x, (_, i) => {
    const moved = (step: number): number => value(Float64Array.from(x, (v, j) => (j === i ? v + step : v)));
    return (moved(STEP) - moved(-STEP)) / (2 * STEP);
  });
}

function expectNear(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    if (!(Math.abs(got[i]! - value) <= 1e-8 * (1 + Math.abs(value)))) expect(got[i], `[${i}]`).toBe(value);
  });
}

const rng = randomNumbers(31);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);

test('layer norm', () => {
  const [x, gain, bias, g] = [rng.normals(14), rng.normals(7), rng.normals(7), rng.normals(14)];
  const wanted = differences(x, (moved) => dot(layerNorm(moved, gain, bias, 1e-5), g));
  expectNear(layerNormBackward(x, gain, g, 1e-5, false), wanted);
});

test('layer norm with the scale of a row as it stands', () => {
  const [x, gain, g] = [rng.normals(7), rng.normals(7), rng.normals(7)];
  const average = (v: ArrayLike<number>): number => Array.from(v).reduce((sum, a) => sum + a, 0) / 7;
  const scale = 1 / Math.sqrt(average(x.map((v) => (v - average(x)) ** 2)) + 1e-5);
  const wanted = differences(x, (moved) => {
    const centre = average(moved);
    return dot(
      moved.map((v, i) => (v - centre) * scale * gain[i]!),
      g,
    );
  });
  expectNear(layerNormBackward(x, gain, g, 1e-5, true), wanted);
});

test('rms norm', () => {
  const [x, gain, g] = [rng.normals(14), rng.normals(7), rng.normals(14)];
  const wanted = differences(x, (moved) => dot(rmsNorm(moved, gain, 1e-5), g));
  expectNear(rmsNormBackward(x, gain, g, 1e-5, false), wanted);
  const row = x.subarray(0, 7);
  const scale = 1 / Math.sqrt(dot(row, row) / 7 + 1e-5);
  const frozen = Float64Array.from(row, (_, i) => g[i]! * gain[i]! * scale);
  expectNear(rmsNormBackward(row, gain, g.subarray(0, 7), 1e-5, true), [...frozen]);
});

test('rotary positions turn a gradient back', () => {
  const [x, g] = [rng.normals(30), rng.normals(30)];
  const frequencies = [1, 0.3];
  const wanted = differences(x, (moved) => dot(rotate(moved, 6, frequencies), g));
  expectNear(rotate(g, 6, frequencies, -1), wanted);
});

test('softcap', () => {
  for (const x of [-9, -1, 0, 0.2, 4]) {
    expectNear(
      [softcapSlope(softcap(x, 3), 3)],
      differences([x], ([moved]) => softcap(moved!, 3)),
    );
    expect(softcapSlope(softcap(x, null), null)).toBe(1);
  }
});

test.each(['gelu', 'gelu-tanh', 'relu', 'silu'] as const)('%s', (kind) => {
  for (const x of [-7.3, -2, -0.751, -0.1, 0.003, 0.5, 1, 2.5, 6]) {
    expectNear(
      [activationSlope(kind, x)],
      differences([x], ([moved]) => activate(kind, moved!)),
    );
    expectNear([x * activationGate(kind, x)], [activate(kind, x)]);
    if (kind !== 'relu') expectNear([activationGate(kind, 0)], [activate(kind, 1e-9) / 1e-9]);
  }
});

test('softmax of an attention pattern', () => {
  const [q, k, g] = [rng.normals(20), rng.normals(20), rng.normals(25)];
  const pattern = (keys: ArrayLike<number>): Float64Array => attentionPattern(q, keys, 4, 0.5);
  const scores = softmaxBackward(pattern(k), g, 5, 0.5);
  const atKeys = Float64Array.from(k, (_, at) => {
    const [j, c] = [Math.floor(at / 4), at % 4];
    let sum = 0;
    for (let i = j; i < 5; i++) sum += scores[i * 5 + j]! * q[i * 4 + c]!;
    return sum;
  });
  expectNear(
    atKeys,
    differences(k, (moved) => dot(pattern(moved), g)),
  );
});

describe('metrics', () => {
  test.each(['kl', 'logit-diff', 'prob-diff', 'nll'] as const)('%s', (metric) => {
    const [logits, clean] = [rng.normals(9, 2), rng.normals(9, 2)];
    const [correct, wrong] = [
      [1, 4, 4],
      [0, 7],
    ];
    const wanted = differences(logits, (moved) => metricValue(metric, { logits: moved, clean, correct, wrong }));
    expectNear(metricSeeds(metric, logits, clean, correct, wrong), wanted);
  });
});
