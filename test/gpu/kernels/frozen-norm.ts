import { describe, expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { layerNorm } from '../../oracle/ops.js';
import { expectRounded, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

const EPSILON = 1e-5;

interface FrozenNorm {
  readonly width: number;
  readonly centred: boolean;
  /** [parts, tokens, width] */
  readonly x: Float32Array;
  /** Token of every stream. */
  readonly rows: readonly number[];
  /** [streams, width] */
  readonly stream: Float32Array;
  readonly gain: Float32Array;
  readonly bias: Float32Array;
  readonly tokens: number;
}

async function frozenNorm(gpu: Gpu, { width, centred, tokens, ...data }: FrozenNorm): Promise<Float32Array> {
  const parts = data.x.length / (tokens * width);
  const streams = data.rows.length;
  const width4 = Math.ceil(width / 4);
  const got = await runKernel(gpu, 'frozen_norm', {
    buffers: {
      x: paddedRows(data.x, width),
      rows: Uint32Array.from(data.rows),
      stream: paddedRows(data.stream, width),
      gain: paddedRows(data.gain, width),
      bias: paddedRows(data.bias, width),
      y: untouched(parts * streams * 4 * width4 + 8),
    },
    params: { parts, tokens, streams, width, width4, epsilon: EPSILON },
    overrides: { CENTRED: centred ? 1 : 0 },
    grid: { rows: parts * streams },
    read: 'y',
  });
  return new Float32Array(got);
}

const average = (values: Float32Array): number => values.reduce((sum, x) => sum + x / values.length, 0);

/** Row by row in float64, with the size of what is rounded. */
function expectedNorm({ width, centred, tokens, x, rows, stream, gain, bias }: FrozenNorm) {
  const parts = x.length / (tokens * width);
  const values: number[] = [];
  const sizes: number[] = [];
  for (let u = 0; u < parts; u++) {
    rows.forEach((token, n) => {
      const own = x.subarray((u * tokens + token) * width, (u * tokens + token + 1) * width);
      const whole = stream.subarray(n * width, (n + 1) * width);
      const [mean, wholeMean] = centred ? [average(own), average(whole)] : [0, 0];
      const variance = whole.reduce((sum, value) => sum + (value - wholeMean) ** 2 / width, 0);
      const scale = 1 / Math.sqrt(variance + EPSILON);
      own.forEach((value, i) => {
        values.push((value - mean) * scale * gain[i]! + bias[i]!);
        sizes.push(Math.abs(gain[i]!) * scale * (Math.abs(value) + Math.abs(mean)) + Math.abs(bias[i]!));
      });
    });
  }
  return { values, sizes };
}

export function frozenNormTests(device: TestDevice): void {
  const rng = randomNumbers(21);

  describe.each([true, false])('centred: %s', (centred) => {
    test.each([
      [1, 1, 1, 1],
      [3, 4, 2, 5],
      [2, 9, 3, 30],
      [5, 3, 3, 257],
      [2, 2, 1, 768],
    ])('%i parts of %i tokens, %i streams of %i', async (parts, tokens, streams, width) => {
      const norm: FrozenNorm = {
        width,
        centred,
        tokens,
        x: rng.normals(parts * tokens * width, 1, 0.5),
        rows: rng.ids(streams, tokens),
        stream: rng.normals(streams * width, 3, -1),
        gain: rng.normals(width, 0.5, 1),
        bias: rng.normals(width),
      };
      const got = await frozenNorm(device.gpu, norm);
      const { values, sizes } = expectedNorm(norm);
      const end = got.length - 8;
      expectRounded('norm', unpaddedRows(got.subarray(0, end), width), values, sizes, 10);
      const padded = got.subarray(0, end).filter((_, i) => i % (4 * Math.ceil(width / 4)) >= width);
      expectSame('padding', padded, new Float32Array(padded.length));
      expectSame('beyond the last row', got.subarray(end), untouched(8));
    });
  });

  test('parts that add up to the stream give outputs that add up to its norm', async () => {
    const [width, parts] = [31, 6];
    const x = rng.normals(parts * width);
    const stream = Float32Array.from({ length: width }, (_, i) => {
      return Array.from({ length: parts }, (_unused, u) => x[u * width + i]!).reduce((sum, value) => sum + value, 0);
    });
    const [gain, bias] = [rng.normals(width, 0.5, 1), rng.normals(width)];
    const norm = { width, centred: true, tokens: 1, rows: [0], stream, gain };
    const nothing = new Float32Array(width);
    const without = await frozenNorm(device.gpu, { ...norm, x, bias: nothing });
    const constant = await frozenNorm(device.gpu, { ...norm, x: nothing, bias });
    const rows = unpaddedRows(without.subarray(0, -8), width);
    const sum = Array.from({ length: width }, (_, i) => {
      return Array.from({ length: parts }, (_unused, u) => rows[u * width + i]!).reduce((a, b) => a + b, constant[i]!);
    });
    expectRounded('sum', sum, layerNorm(stream, gain, bias, EPSILON), new Float64Array(width).fill(5), 20);
  });

  test.each([true, false])('a stream whose squares overflow f32 makes no finite row; centred: %s', async (centred) => {
    const [width, x] = [6, rng.normals(6)];
    const [gain, bias] = [rng.normals(width, 0.5, 1), rng.normals(width)];
    const norm = { width, centred, tokens: 1, rows: [0], x, gain, bias, stream: rng.normals(width, 1e20) };
    const y = await frozenNorm(device.gpu, norm);
    expect([...y.subarray(0, width)].some(Number.isFinite)).toBe(false);
  });

  test('more rows than one dimension of a grid takes', async () => {
    const [parts, width] = [66_001, 3];
    const norm: FrozenNorm = {
      width,
      centred: true,
      tokens: 1,
      x: rng.normals(parts * width),
      rows: [0],
      stream: rng.normals(width),
      gain: rng.normals(width, 0.5, 1),
      bias: rng.normals(width),
    };
    const got = await frozenNorm(device.gpu, norm);
    const { values, sizes } = expectedNorm(norm);
    expectRounded('norm', unpaddedRows(got.subarray(0, -8), width), values, sizes, 10);
  });
}
