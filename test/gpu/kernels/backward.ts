import { groupsOf64, rowBlocks } from '../../../src/gpu/workgroups.js';
import { ACTIVATIONS } from '../../../src/block/activation.js';
import { describe, expect, test } from 'vitest';
import { answerLists } from '../../../src/readout/answers.js';
import { METRICS, SEED_METRICS } from '../../../src/readout/metrics.js';
import { seedOverrides } from '../../../src/readout/metric-seeds.js';
import {
  activationGate,
  activationSlope,
  layerNormBackward,
  rmsNormBackward,
  metricSeeds,
  softmaxBackward,
} from '../../oracle/gradient-ops.js';
import { activate, logSoftmax } from '../../oracle/ops.js';
import { expectRounded, expectSame, runKernel, untouched, UNTOUCHED, type TestDevice } from '../../support/gpu.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

const EPSILON = 1e-5;
const KINDS = ['gelu', 'gelu-tanh', 'relu', 'silu'] as const;
/** Ends of the range too: exponentials that overflow and vanish. */
const RANGE = Float32Array.from({ length: 404 }, (_, i) => (i - 200) / 10 + 0.003);
RANGE.set([-100, 100, -1e-6, 1e-6, -1e-20, -50, 50]);

export function activateRowsTests(device: TestDevice): void {
  test.each(KINDS)('%s', async (kind) => {
    const got = new Float32Array(
      await runKernel(device.gpu, 'activate_rows', {
        buffers: { x: RANGE, y: untouched(RANGE.length + 4) },
        params: { count4: RANGE.length / 4 },
        overrides: { ACTIVATION: ACTIVATIONS[kind] },
        grid: { rows: groupsOf64(RANGE.length / 4) },
        read: 'y',
      }),
    );
    expectSame('beyond the last', got.subarray(RANGE.length), untouched(4));
    const expected = Array.from(RANGE, (x) => activate(kind, x));
    // The exponent of up to x^3 is rounded; the oracle's 1 + erf and 1 + tanh cancel to 2^-53 of x.
    const sizes = expected.map(
      (y, i) => Math.abs(y) * (1 + 3 * Math.abs(RANGE[i]!) ** 3) + Math.abs(RANGE[i]!) * 2 ** -29,
    );
    expectRounded(
      kind,
      got.subarray(0, RANGE.length),
      expected,
      sizes.map((size) => size + 2 ** -102),
      6,
    );
  });
}

export function activationBackwardTests(device: TestDevice): void {
  const rng = randomNumbers(51);

  describe.each(KINDS)('%s', (kind) => {
    test.each([
      ['derivative', 0, activationSlope],
      ['identity rule', 1, activationGate],
    ] as const)('%s', async (_, rule, slope) => {
      const gradient = rng.normals(RANGE.length + 4);
      const got = new Float32Array(
        await runKernel(device.gpu, 'activation_backward', {
          buffers: { x: RANGE, gradient },
          params: { count4: RANGE.length / 4 },
          overrides: { ACTIVATION: ACTIVATIONS[kind], IDENTITY_RULE: rule },
          grid: { rows: groupsOf64(RANGE.length / 4) },
          read: 'gradient',
        }),
      );
      expectSame('beyond the last', got.subarray(RANGE.length), gradient.subarray(RANGE.length));
      const expected = Array.from(RANGE, (x, i) => gradient[i]! * slope(kind, x));
      // Of two terms of which one may cancel the other, and whose exponents are rounded.
      const sizes = Array.from(RANGE, (x, i) => {
        const near = Math.exp(-Math.min(Math.abs(x), (x * x) / 2)) * Math.abs(x);
        return Math.abs(gradient[i]!) * (Math.min(1, Math.abs(slope(kind, x)) + near) + 4 * near * x * x + 2 ** -29);
      });
      expectRounded(kind, got.subarray(0, RANGE.length), expected, sizes, 16);
    });
  });
}

export function normBackwardTests(device: TestDevice): void {
  const rng = randomNumbers(52);

  describe.each([
    ['layer norm, derivative', 1, 0, layerNormBackward],
    ['layer norm, frozen', 1, 1, layerNormBackward],
    ['RMS norm, derivative', 0, 0, rmsNormBackward],
    ['RMS norm, frozen', 0, 1, rmsNormBackward],
  ] as const)('%s', (_, centred, frozen, reference) => {
    test.each([
      [1, 1, 1, 1, 0],
      [2, 3, 5, 1, 0],
      [3, 2, 30, 1, 0],
      [5, 1, 257, 1, 0],
      [2, 2, 768, 1, 0],
      [4, 3, 30, 0.1, 300],
      [3, 1, 12, 1e-3, 0],
    ])('%i rows of x, %i gradients each, width %i', async (xRows, each, width, deviation, offset) => {
      const rows = xRows * each;
      const width4 = Math.ceil(width / 4);
      const x = rng.normals(xRows * width, deviation, offset);
      const [gain, gradient] = [rng.normals(width, 0.5, 1), rng.normals(rows * width)];
      const got = new Float32Array(
        await runKernel(device.gpu, 'norm_backward', {
          buffers: {
            x: paddedRows(x, width),
            gain: paddedRows(gain, width),
            gradient: Float32Array.from([...paddedRows(gradient, width), ...untouched(4)]),
          },
          params: { rows, x_rows: xRows, width, width4, epsilon: EPSILON },
          overrides: { CENTRED: centred, FROZEN: frozen },
          grid: { rows },
          read: 'gradient',
        }),
      );
      const size = 4 * rows * width4;
      expectSame('beyond the last row', got.subarray(size), untouched(4));
      const own = got.subarray(0, size).map((value) => value + 0); // padding may be -0
      const real = unpaddedRows(own, width);
      expectSame('padding', own, paddedRows(real, width));
      for (let r = 0; r < rows; r++) {
        const stream = x.subarray((r % xRows) * width, ((r % xRows) + 1) * width);
        const g = gradient.subarray(r * width, (r + 1) * width);
        const expected = reference(stream, gain, g, EPSILON, frozen === 1);
        const average = (values: Float32Array): number => values.reduce((sum, v) => sum + v / width, 0);
        const mean = centred ? average(stream) : 0;
        const scale = 1 / Math.sqrt(average(stream.map((v) => (v - mean) ** 2)) + EPSILON);
        // The mean of x is rounded to its own size, which the norm magnifies by scale.
        const magnified = 1 + scale * Math.max(...stream.map(Math.abs));
        const largest = Math.max(...g.map((v, i) => Math.abs(v * gain[i]!)));
        const tilt = frozen ? 1 : 1 + magnified * Math.max(...stream.map((v) => Math.abs(v - mean) * scale), 1);
        const sizes = expected.map(() => scale * largest * tilt);
        expectRounded(`row ${r}`, real.subarray(r * width, (r + 1) * width), expected, sizes, 24);
      }
    });

    test('a row whose squares overflow f32 gives no finite gradient', async () => {
      const [width, gain] = [8, rng.normals(8, 0.5, 1)];
      const got = await runKernel(device.gpu, 'norm_backward', {
        buffers: { x: rng.normals(width, 1e20), gain, gradient: rng.normals(width, 10) },
        params: { rows: 1, x_rows: 1, width, width4: width / 4, epsilon: EPSILON },
        overrides: { CENTRED: centred, FROZEN: frozen },
        grid: { rows: 1 },
        read: 'gradient',
      });
      expect([...new Float32Array(got)].some(Number.isFinite)).toBe(false);
    });

    test('a row of zeros has a finite gradient', async () => {
      const [width, gain, gradient] = [8, rng.normals(8, 0.5, 1), rng.normals(8)];
      const x = new Float32Array(width);
      const got = await runKernel(device.gpu, 'norm_backward', {
        buffers: { x, gain, gradient },
        params: { rows: 1, x_rows: 1, width, width4: width / 4, epsilon: EPSILON },
        overrides: { CENTRED: centred, FROZEN: frozen },
        grid: { rows: 1 },
        read: 'gradient',
      });
      const expected = reference(x, gain, gradient, EPSILON, frozen === 1);
      const sizes = new Float64Array(width).fill(
        Math.max(...gradient.map((v, i) => Math.abs(v * gain[i]!))) / EPSILON ** 0.5,
      );
      expectRounded('gradient', new Float32Array(got), expected, sizes, 8);
    });
  });
}

export function softmaxBackwardTests(device: TestDevice): void {
  const rng = randomNumbers(53);
  test.each([
    [1, 1],
    [3, 2],
    [65, 9],
    [130, 17],
    [7, 131],
  ])('%i rows of %i', async (rows, columns) => {
    const [weights, gradient] = [rng.normals(rows * columns).map(Math.abs), rng.normals(rows * columns)];
    const p = weights.map((value, i) => {
      const row = weights.subarray(Math.floor(i / columns) * columns, (Math.floor(i / columns) + 1) * columns);
      return value / row.reduce((sum, v) => sum + v, 0);
    });
    p[p.length - 1] = 0; // a key behind the query
    const scale = Math.fround(0.37);
    const got = new Float32Array(
      await runKernel(device.gpu, 'softmax_backward', {
        buffers: { p, gradient: Float32Array.from([...gradient, UNTOUCHED]) },
        params: { rows, columns, scale },
        overrides: {},
        grid: { rows: groupsOf64(rows) },
        read: 'gradient',
      }),
    );
    expectSame('beyond the last row', got.subarray(rows * columns), untouched(1));
    const largest = Math.max(...gradient.map(Math.abs));
    const sizes = Array.from(p, (value) => scale * value * 2 * largest);
    const expected = softmaxBackward(p, gradient, columns, scale);
    expectRounded('gradient', got.subarray(0, rows * columns), expected, sizes, 8);
    expect(Math.abs(got[rows * columns - 1]!)).toBe(0);
  });
}

export function metricSeedsTests(device: TestDevice): void {
  const rng = randomNumbers(54);
  const few = [
    { correct: [0, 4], wrong: [2] },
    { correct: [3, 3, 1], wrong: [4, 0, 0] },
    { correct: [2], wrong: [1, 3] },
  ];

  describe.each(SEED_METRICS)('%s', (metric) => {
    test.each([
      [5, 1],
      [33, 2],
      [1003, 30],
      [4099, 3],
    ])('%i tokens, deviation %i', async (vocab, deviation) => {
      const stride = 4 * Math.ceil(vocab / 4);
      // Apart in long rows, so that they lie in several blocks.
      const apart = (ids: readonly number[]): number[] => ids.map((id) => Math.floor((id * (vocab - 1)) / 4));
      const answers = few.map(({ correct, wrong }) => ({ correct: apart(correct), wrong: apart(wrong) }));
      const rows = answers.length;
      const logits = Array.from({ length: rows }, () => rng.normals(vocab, deviation));
      const clean = Array.from({ length: rows }, () => rng.normals(vocab, deviation));
      const logs = (all: readonly Float32Array[]): Float32Array =>
        Float32Array.from(
          all.flatMap((row) => [...logSoftmax(row), ...Array<number>(stride - vocab).fill(Number.NaN)]),
        );
      const [logQ, logP] = [logs(logits), logs(clean)];
      const got = new Float32Array(
        await runKernel(device.gpu, 'metric_seeds', {
          buffers: { answers: answerLists(answers), values: logQ, log_p: logP, seeds: untouched(rows * stride + 1) },
          params: { rows, vocab, stride },
          overrides: seedOverrides(METRICS[metric].seed),
          grid: [rows, 1, rowBlocks(stride)],
          read: 'seeds',
        }),
      );
      expectSame('beyond the last row', got.subarray(rows * stride), untouched(1));
      answers.forEach(({ correct, wrong }, n) => {
        const [from, to] = [n * stride, n * stride + vocab];
        // From the log-probabilities as the device has them: their rounding belongs to the kernel that made them.
        const [q, p] = [logQ.subarray(from, to), logP.subarray(from, to)];
        const expected = metricSeeds(metric, q, p, correct, wrong);
        // A probability is as wrong as its logarithm is rounded; so is the ratio of two.
        const rounding = (logs: Float32Array, v: number): number => Math.exp(logs[v]!) * (1 + Math.abs(logs[v]!));
        const ofAnswers = [...correct, ...wrong].reduce((sum, v) => sum + rounding(q, v), 0);
        const sizes = expected.map((seed, v) => {
          const ratio = metric === 'nll' && correct.includes(v) ? 1 + 2 * Math.abs(q[v]!) : 0;
          return Math.abs(seed) + rounding(q, v) + rounding(p, v) + Math.exp(q[v]!) * ofAnswers + ratio + 2 ** -60;
        });
        expectRounded(metric, got.subarray(from, to), expected, sizes, 8);
        expectSame('padding', got.subarray(to, (n + 1) * stride), new Float32Array(stride - vocab));
      });
    });
  });

  test('a right answer of no probability still has a gradient', async () => {
    const logQ = Float32Array.from(logSoftmax([0, -300, 0, 1]));
    const got = await runKernel(device.gpu, 'metric_seeds', {
      buffers: {
        answers: answerLists([{ correct: [1], wrong: [] }]),
        values: logQ,
        log_p: logQ,
        seeds: untouched(4),
      },
      params: { rows: 1, vocab: 4, stride: 4 },
      overrides: seedOverrides(METRICS.nll.seed),
      grid: { rows: 1 },
      read: 'seeds',
    });
    expect(new Float32Array(got)[1]).toBe(-1);
  });
}
