import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.js';
import { isAccurate, metricValue } from '../../oracle/metrics.js';
import {
  activate,
  attentionMix,
  attentionPattern,
  erf,
  kl,
  layerNorm,
  logSoftmax,
  matmul,
  matmulTransposed,
} from '../../oracle/ops.js';

const rng = createRng(3);
const normals = (count: number): number[] => Array.from({ length: count }, () => rng.normal());

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-13): void {
  expect(got.length).toBe(expected.length);
  const wrong = Array.from(got).filter((value, i) => !(Math.abs(value - expected[i]!) <= tolerance));
  expect(wrong).toEqual([]);
}

test('matmul by hand, with and without bias', () => {
  const x = [1, 2, 3, 4, 5, 6];
  const w = [1, 0, -1, 2, 0.5, 1];
  expectClose(matmul(x, w, null, 3, 2), [0.5, 7, 2, 16]);
  expectClose(matmul(x, w, [10, 20], 3, 2), [10.5, 27, 12, 36]);
  expectClose(matmulTransposed(x, [1, -1, 0.5, 0, 2, 1], 3), [0.5, 7, 2, 16]);
});

test('layerNorm has mean 0 and variance 1 before gain and bias, and epsilon is inside the root', () => {
  const x = normals(3 * 7);
  const ones = Array(7).fill(1) as number[];
  const zeros = Array(7).fill(0) as number[];
  const y = layerNorm(x, ones, zeros, 0);
  for (let row = 0; row < 3; row++) {
    const part = y.subarray(row * 7, row * 7 + 7);
    expectClose([part.reduce((a, b) => a + b) / 7, part.reduce((a, b) => a + b * b, 0) / 7], [0, 1]);
  }
  const gain = normals(7);
  const bias = normals(7);
  expectClose(
    layerNorm(x, gain, bias, 0),
    y.map((value, i) => value * gain[i % 7]! + bias[i % 7]!),
  );
  expectClose(layerNorm([3, -3], [1, 1], [0, 0], 16), [0.6, -0.6]);
  expectClose(layerNorm([5, 5], [2, 2], [1, 3], 1e-5), [1, 3]);
});

describe('activations', () => {
  test('erf', () => {
    // Abramowitz & Stegun, table 7.1 and 7.2.
    expectClose(
      [0, 0.5, 1, 2, -1, 3, 7, -7].map(erf),
      [0, 0.5204998778, 0.8427007929, 0.995322265, -0.8427007929, 0.9999779095, 1, -1],
      5e-11,
    );
  });

  test('values at hand-checked points', () => {
    expectClose(
      ['gelu', 'gelu-tanh', 'relu', 'silu'].map((kind) => activate(kind as 'gelu', 0)),
      [0, 0, 0, 0],
    );
    expectClose([activate('gelu', 1), activate('gelu', -1)], [0.8413447460685429, -0.15865525393145707], 1e-12);
    expectClose(
      [activate('gelu-tanh', 1), activate('gelu-tanh', -1)],
      [0.8411919906082768, -0.15880800939172324],
      1e-12,
    );
    expectClose(
      [activate('silu', 1), activate('silu', -40), activate('relu', -2), activate('relu', 2)],
      [1 / (1 + Math.exp(-1)), 0, 0, 2],
      1e-12,
    );
  });

  test('both gelus are near each other everywhere, but not the same', () => {
    for (let x = -8; x <= 8; x += 0.25) {
      expect(Math.abs(activate('gelu', x) - activate('gelu-tanh', x))).toBeLessThan(5e-4);
    }
    expect(Math.abs(activate('gelu', 2) - activate('gelu-tanh', 2))).toBeGreaterThan(1e-5);
  });
});

test('attention is causal, its rows sum to 1 and shifting the scores changes nothing', () => {
  const [q, k, v] = [normals(5 * 4), normals(5 * 4), normals(5 * 4)];
  const pattern = attentionPattern(q, k, 4, 0.7);
  for (let i = 0; i < 5; i++) {
    const row = pattern.subarray(i * 5, i * 5 + 5);
    expectClose([row.reduce((a, b) => a + b)], [1]);
    expect([...row.subarray(i + 1)]).toEqual(Array(4 - i).fill(0));
    const scores = Array.from(
      { length: i + 1 },
      (_, j) => 0.7 * [0, 1, 2, 3].reduce((s, c) => s + q[i * 4 + c]! * k[j * 4 + c]!, 0),
    );
    expectClose(
      row.subarray(0, i + 1),
      scores.map((s) => Math.exp(s) / scores.reduce((sum, t) => sum + Math.exp(t), 0)),
    );
  }
  const mixed = attentionMix(pattern, v, 4);
  expectClose(mixed.subarray(0, 4), v.slice(0, 4));
  expectClose(
    attentionMix(attentionPattern(Array(20).fill(0), k, 4, 1), v, 4).subarray(16),
    [0, 1, 2, 3].map((c) => [0, 1, 2, 3, 4].reduce((s, j) => s + v[j * 4 + c]! / 5, 0)),
  );
});

test('log-softmax and KL', () => {
  const logits = [1000, 1001, 998];
  const p = logSoftmax(logits).map(Math.exp);
  expectClose([p.reduce((a, b) => a + b), p[1]! / p[0]!], [1, Math.E], 1e-12);
  expect(kl(logSoftmax([0.3, -1, 2]), logSoftmax([5.3, 4, 7]))).toBeCloseTo(0, 13);
  expect(kl(logSoftmax([0, 0]), logSoftmax([0, Math.log(3)]))).toBeCloseTo(Math.log(2) - Math.log(3) / 2, 13);
  expect(kl(logSoftmax([0, -Infinity]), logSoftmax([0, 0]))).toBeCloseTo(Math.log(2), 13);
});

test('metrics in loss form', () => {
  const p = [0.5, 0.25, 0.125, 0.125];
  const input = { logits: p.map(Math.log), clean: [0, 0, 0, 0], correct: [0, 2], wrong: [1, 3] };
  expect(metricValue('kl', input)).toBeCloseTo(
    p.reduce((sum, x) => sum + 0.25 * Math.log(0.25 / x), 0),
    13,
  );
  expect(metricValue('logit-diff', input)).toBeCloseTo((Math.log(0.25 * 0.125) - Math.log(0.5 * 0.125)) / 2, 13);
  expect(metricValue('prob-diff', input)).toBeCloseTo(0.375 - 0.625, 13);
  expect(metricValue('nll', input)).toBeCloseTo(-Math.log(0.625), 13);
  expect([isAccurate(p, [0]), isAccurate(p, [1, 2]), isAccurate([1, 1], [1])]).toEqual([true, false, false]);
});
