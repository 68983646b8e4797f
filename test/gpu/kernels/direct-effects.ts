import { describe, expect, test } from 'vitest';
import { answerLists, type Answers } from '../../../src/readout/answers.js';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { PANEL4 } from '../../../src/gpu/product/matrix.js';
import { layerNorm } from '../../oracle/ops.js';
import { expectRounded, expectSame, runKernel, untouched, UNTOUCHED, type TestDevice } from '../../support/gpu.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { panels } from '../../support/panels.js';
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

export function answerDirectionsTests(device: TestDevice): void {
  const rng = randomNumbers(22);
  const answersOf = (vocab: number): Answers[] => {
    const every = Array.from({ length: vocab }, (_, id) => id);
    return [
      { correct: [vocab - 1], wrong: [0] },
      { correct: rng.sample(every, 3), wrong: rng.sample(every, 2) },
      { correct: [], wrong: [] },
      { correct: rng.sample(every, 1), wrong: rng.sample(every, Math.min(vocab, 58)) },
    ];
  };

  test.each([
    ['one panel', 1, 67, 1],
    ['width of one', 1, 5, 1],
    ['several panels', 30, 515, 5],
    ['a matrix in chunks', 5, 515, 1],
    ['a matrix in chunks of two panels', 6, 515, 2],
  ])('%s', async (_, width, vocab, panelsPerChunk) => {
    const table = rng.normals(vocab * width);
    const answers = answersOf(vocab);
    const width4 = Math.ceil(width / 4);
    const idsPerChunk = panelsPerChunk * 4 * PANEL4;
    let directions = new Float32Array(answers.length * 4 * width4 + 4);
    directions.fill(UNTOUCHED, -4);
    for (let first = 0; first < vocab; first += idsPerChunk) {
      const held = Math.min(idsPerChunk, vocab - first);
      const got = await runKernel(device.gpu, 'answer_directions', {
        buffers: {
          weight: panels(table.subarray(first * width, (first + held) * width), width),
          answers: answerLists(answers),
          directions,
        },
        params: { prompts: answers.length, width4, first_id: first, ids_held: held },
        overrides: {},
        grid: [Math.ceil((answers.length * width4) / 64)],
        read: 'directions',
      });
      directions = new Float32Array(got);
    }
    const share = (ids: readonly number[], column: number, of: (x: number) => number): number =>
      ids.reduce((sum, id) => sum + of(table[id * width + column]!) / ids.length, 0);
    const every = answers.flatMap(({ correct, wrong }) =>
      Array.from({ length: width }, (_unused, column) => ({ correct, wrong, column })),
    );
    const expected = every.map(
      ({ correct, wrong, column }) => share(correct, column, (x) => x) - share(wrong, column, (x) => x),
    );
    const sizes = every.map(
      ({ correct, wrong, column }) => share(correct, column, Math.abs) + share(wrong, column, Math.abs),
    );
    expectRounded('directions', unpaddedRows(directions.subarray(0, -4), width), expected, sizes, 20);
    expectSame('beyond the last prompt', directions.subarray(-4), untouched(4));
  });
}

export function rowDotsTests(device: TestDevice): void {
  const rng = randomNumbers(23);

  test.each([
    [1, 1, 1],
    [6, 3, 5],
    [7, 7, 30],
    [4, 2, 257],
    [10, 5, 768],
    [66_002, 2, 3],
  ])('%i rows by %i of %i', async (rows, others, width) => {
    const a = rng.normals(rows * width);
    const b = rng.normals(others * width);
    const got = await runKernel(device.gpu, 'row_dots', {
      buffers: { a: paddedRows(a, width), b: paddedRows(b, width), dots: untouched(rows + 4) },
      params: { rows, b_rows: others, width4: Math.ceil(width / 4) },
      overrides: {},
      grid: { rows },
      read: 'dots',
    });
    const dots = new Float32Array(got);
    const sum = (row: number, of: (x: number) => number): number => {
      let total = 0;
      for (let i = 0; i < width; i++) total += of(a[row * width + i]! * b[(row % others) * width + i]!);
      return total;
    };
    const each = (of: (x: number) => number): number[] => Array.from({ length: rows }, (_, row) => sum(row, of));
    expectRounded(
      'dots',
      dots.subarray(0, rows),
      each((x) => x),
      each(Math.abs),
      12,
    );
    expectSame('beyond the last row', dots.subarray(rows), untouched(4));
  });
}

const COUNT = 8;
const NONE = 0xffffffff;

interface Top {
  readonly columns: number[];
  readonly amounts: Float32Array;
}

/** Rows at a stride of a multiple of four; the padding holds numbers larger and smaller than any other. */
async function topColumns(gpu: Gpu, rows: readonly ArrayLike<number>[], sign: 1 | -1): Promise<Top[]> {
  const vocab = rows[0]!.length;
  const stride = 4 * Math.ceil((vocab + 1) / 4);
  const values = Float32Array.from({ length: rows.length * stride }, (_, i) => (i % 2 === 0 ? 1e6 : -1e6));
  rows.forEach((row, r) => values.set(row, r * stride));
  const run = async (read: 'columns' | 'amounts'): Promise<ArrayBuffer> =>
    runKernel(gpu, 'top_columns', {
      buffers: {
        values,
        columns: new Uint32Array(rows.length * COUNT),
        amounts: new Float32Array(rows.length * COUNT),
      },
      params: { rows: rows.length, vocab, stride },
      overrides: { COUNT, SIGN: sign },
      grid: { rows: rows.length },
      read,
    });
  const columns = new Uint32Array(await run('columns'));
  const amounts = new Float32Array(await run('amounts'));
  return rows.map((_, r) => ({
    columns: [...columns.subarray(r * COUNT, (r + 1) * COUNT)],
    amounts: amounts.subarray(r * COUNT, (r + 1) * COUNT),
  }));
}

export function topColumnsTests(device: TestDevice): void {
  const rng = randomNumbers(24);

  describe.each([1, -1] as const)('sign %i', (sign) => {
    test.each([
      [9, 0],
      [63, 0],
      [64, 1000],
      [257, -50],
      [5001, 0],
    ])('of %i columns around %i', async (vocab, centre) => {
      const rows = Array.from({ length: 3 }, () => rng.normals(vocab, 1, centre));
      const got = await topColumns(device.gpu, rows, sign);
      rows.forEach((row, r) => {
        const order = [...row.keys()].sort((a, b) => sign * (row[b]! - row[a]!) || a - b).slice(0, COUNT);
        expect(got[r]!.columns).toEqual(order);
        const mean = average(row);
        const expected = order.map((column) => row[column]! - mean);
        expectRounded(
          'amounts',
          got[r]!.amounts,
          expected,
          expected.map((x) => Math.abs(x) + 2 + Math.abs(centre) / 50),
          60,
        );
      });
    });

    test('of equal values the lower column, whichever lanes they fall to', async () => {
      const row = new Float32Array(40);
      for (const column of [3, 19, 20, 35]) row[column] = sign * 2;
      row[36] = sign * 3;
      const [top] = await topColumns(device.gpu, [row], sign);
      expect(top!.columns).toEqual([36, 3, 19, 20, 35, 0, 1, 2]);
    });

    test('fewer columns than asked for', async () => {
      const [top] = await topColumns(device.gpu, [[2, 5, -1]], sign);
      expect(top!.columns).toEqual([...(sign === 1 ? [1, 0, 2] : [2, 0, 1]), NONE, NONE, NONE, NONE, NONE]);
    });
  });

  test('more rows than one dimension of a grid takes', async () => {
    const rows = Array.from({ length: 66_001 }, () => rng.normals(3));
    const got = await topColumns(device.gpu, rows, 1);
    rows.forEach((row, r) => expect(row[got[r]!.columns[0]!]).toBe(Math.max(...row)));
  });
}
