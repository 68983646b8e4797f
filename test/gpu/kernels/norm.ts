import { describe, expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { padBlocks } from '../../../src/model/layout.js';
import { layerNorm } from '../../oracle/ops.js';
import { rmsNorm } from './rms-norm.js';
import { expectRounded, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

const EPSILON = 1e-5;

interface Norm {
  readonly centred: boolean;
  readonly width: number;
  readonly gain: Float32Array;
  readonly bias: Float32Array;
}

/** Norms rows of `width4` vec4s; gives all of `y`, padding included. */
async function norm(gpu: Gpu, x: Float32Array, { centred, width, gain, bias }: Norm): Promise<Float32Array> {
  const width4 = Math.ceil(width / 4);
  const vector = (values: Float32Array): Float32Array => padBlocks(values, 1, width, 1, width).subarray(0, 4 * width4);
  const rows = x.length / (4 * width4);
  const y = await runKernel(gpu, 'norm', {
    buffers: { x, gain: vector(gain), bias: vector(bias), y: untouched(x.length + 8) },
    params: { rows, width, width4, epsilon: EPSILON },
    overrides: { CENTRED: centred ? 1 : 0 },
    grid: { rows },
    read: 'y',
  });
  return new Float32Array(y);
}

/** Sizes of what is rounded: the offset cancels, so that its roundings are those of the mean and of x. */
function magnitude(x: Float32Array, { centred, width, gain, bias }: Norm): Float64Array {
  const sizes = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const row = x.subarray(start, start + width);
    const mean = centred ? row.reduce((sum, v) => sum + v / width, 0) : 0;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2 / width, 0);
    const scale = 1 / Math.sqrt(variance + EPSILON);
    row.forEach((value, i) => {
      sizes[start + i] = Math.abs(gain[i]!) * scale * (Math.abs(value) + Math.abs(mean)) + Math.abs(bias[i]!);
    });
  }
  return sizes;
}

export function normTests(device: TestDevice): void {
  const rng = randomNumbers(2);
  const weights = (width: number, centred = true): Norm => ({
    centred,
    width,
    gain: rng.normals(width, 0.5, 1),
    bias: rng.normals(width),
  });

  describe.each([
    ['layer norm', true, layerNorm],
    ['RMS norm', false, rmsNorm],
  ] as const)('%s', (_, centred, reference) => {
    describe.each([
      ['centred', 1, 0],
      ['far off with little variance', 0.1, 1e3],
      ['far below with variance of one', 1, -1e3],
      ['small', 1e-3, 0],
      ['large', 1e17, 0],
    ])('rows %s', (__, deviation, mean) => {
      test.each([
        [1, 1],
        [1, 4],
        [3, 5],
        [2, 30],
        [5, 257],
        [3, 768],
        [1, 5001],
      ])('%i rows of %i', async (rows, width) => {
        const own = weights(width, centred);
        const x = rng.normals(rows * width, deviation, mean);
        const y = await norm(device.gpu, paddedRows(x, width), own);
        const stride = 4 * Math.ceil(width / 4);
        const expected = reference(x, own.gain, own.bias, EPSILON);
        const sizes = magnitude(x, own);
        for (let r = 0; r < rows; r++) {
          const at = [r * width, (r + 1) * width] as const;
          const real = y.subarray(r * stride, r * stride + width);
          expectRounded('norm', real, expected.subarray(...at), sizes.subarray(...at), 8);
          expectSame('padding', y.subarray(r * stride + width, (r + 1) * stride), new Float32Array(stride - width));
        }
        expectSame('beyond the last row', y.subarray(rows * stride), untouched(8));
      });
    });

    test('a row whose squares overflow f32 becomes infinite or NaN, never the bias', async () => {
      const own = weights(30, centred);
      const x = rng.normals(60, 1e20);
      x.fill(centred ? 1 : 0, 30); // the row after it is sound
      const y = await norm(device.gpu, paddedRows(x, 30), own);
      expect(y.subarray(0, 30).filter(Number.isFinite)).toHaveLength(0);
      expectSame('the other row', y.subarray(32, 62), own.bias);
    });

    test('a row of zeros becomes the bias', async () => {
      const own = weights(7, centred);
      const y = await norm(device.gpu, new Float32Array(8), own);
      expectSame('norm', y.subarray(0, 7), own.bias);
      const none = await norm(device.gpu, new Float32Array(8), { ...own, bias: new Float32Array(7) });
      expect([...none.subarray(0, 7)].every((value) => value === 0)).toBe(true);
    });
  });

  test('a row without variance becomes the bias', async () => {
    const own = weights(6);
    const y = await norm(device.gpu, paddedRows(new Float32Array(6).fill(3), 6), own);
    expectSame('norm', y.subarray(0, 6), own.bias);
  });

  test('more rows than one dimension of a grid takes; a row gives the same bits wherever it stands', async () => {
    const [rows, own] = [70_001, weights(7)];
    const x = paddedRows(rng.normals(rows * 7), 7);
    const y = await norm(device.gpu, x, own);
    expectSame('beyond the last row', y.subarray(rows * 8), untouched(8));
    for (const row of [0, 35_000, 65_535, 65_536, rows - 1]) {
      const alone = await norm(device.gpu, x.subarray(row * 8, row * 8 + 8), own);
      expectSame(`row ${row}`, y.subarray(row * 8, row * 8 + 8), alone.subarray(0, 8));
    }
  });
}
