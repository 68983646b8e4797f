import { describe, test } from 'vitest';
import { logSoftmax as bindLogSoftmax } from '../../../src/gpu/rows/log-softmax.js';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { rowBlocks } from '../../../src/gpu/workgroups.js';
import { bindKl } from '../../../src/readout/kl.js';
import { kl, logSoftmax } from '../../oracle/ops.js';
import {
  expectRounded,
  expectSame,
  runKernel,
  runPieces,
  untouched,
  UNTOUCHED,
  type TestDevice,
} from '../../support/gpu.js';
import { randomNumbers } from '../../support/random.js';

/** Rows of `vocab` numbers at a stride that is a multiple of four, the rest of each row `UNTOUCHED`. */
function strided(rows: readonly Float32Array[], stride: number): Float32Array {
  const values = untouched(rows.length * stride);
  rows.forEach((row, r) => values.set(row, r * stride));
  return values;
}

async function logSoftmaxRows(gpu: Gpu, rows: readonly Float32Array[]): Promise<Float32Array> {
  const vocab = rows[0]!.length;
  const stride = 4 * Math.ceil(vocab / 4);
  const [values] = await runPieces(gpu, async (arena) => {
    const logits = arena.upload('logits', strided([...rows, untouched(stride)], stride));
    const recording = arena.gpu.record();
    (await bindLogSoftmax(arena, { values: logits, rows: rows.length, vocab, stride })).encode(recording);
    recording.submit();
    return [logits];
  });
  return new Float32Array(values!);
}

export function logSoftmaxTests(device: TestDevice): void {
  const rng = randomNumbers(3);

  test.each([
    [1, 1, 1, 0],
    [1, 3, 2, 0],
    [3, 67, 3, 0],
    [2, 64, 40, 0],
    [2, 2048, 3, 0],
    [3, 2049, 3, 0],
    [2, 5001, 3, 0],
    [2, 70_001, 3, 0],
    [2, 129, 80, 0],
    [2, 50, 1, 1000],
    [2, 50, 1, -1000],
  ])('%i rows of %i, deviation %d around %d', async (count, vocab, deviation, mean) => {
    const rows = Array.from({ length: count }, () => rng.normals(vocab, deviation, mean));
    const stride = 4 * Math.ceil(vocab / 4);
    const got = await logSoftmaxRows(device.gpu, rows);
    rows.forEach((row, r) => {
      const largest = row.reduce((a, b) => Math.max(a, b));
      const sizes = Float64Array.from(row, (value) => largest - value + 1 + Math.log(vocab));
      const real = got.subarray(r * stride, r * stride + vocab);
      expectRounded('log-probabilities', real, logSoftmax(row), sizes, 6);
    });
    const rest = got.filter((_, i) => i % stride >= vocab || i >= count * stride);
    expectSame('padding', rest, untouched(rest.length));
  });

  test('logits of 80 and -80, and equal ones', async () => {
    const far = Float32Array.from([80, -80, 0, -80, 80]);
    const equal = new Float32Array(5).fill(-3.5);
    const got = await logSoftmaxRows(device.gpu, [far, equal]);
    expectRounded('far', got.subarray(0, 5), logSoftmax(far), [161, 161, 161, 161, 161], 2);
    expectRounded('equal', got.subarray(8, 13), Array<number>(5).fill(-Math.log(5)), Array<number>(5).fill(8), 2);
  });

  test('more rows than one dimension of a grid takes; a row gives the same bits wherever it stands', async () => {
    const rows = Array.from({ length: 70_001 }, () => rng.normals(3));
    const got = await logSoftmaxRows(device.gpu, rows);
    for (const r of [0, 35_000, 65_535, 65_536, 70_000]) {
      const alone = await logSoftmaxRows(device.gpu, [rows[r]!]);
      expectSame(`row ${r}`, got.subarray(4 * r, 4 * r + 4), alone.subarray(0, 4));
    }
  });
}

async function klRows(gpu: Gpu, p: readonly Float32Array[], q: readonly Float32Array[]): Promise<Float32Array> {
  const vocab = p[0]!.length;
  const stride = 4 * Math.ceil(vocab / 4);
  const [values] = await runPieces(gpu, async (arena) => {
    const out = arena.upload('kl', untouched(q.length + 1));
    const [reference, logProbs] = [arena.upload('p', strided(p, stride)), arena.upload('q', strided(q, stride))];
    const bound = await bindKl(
      arena,
      { rows: q.length, prompts: p.length, vocab, stride },
      { reference, logProbs, out },
    );
    const recording = arena.gpu.record();
    bound.encode(recording, q.length);
    recording.submit();
    return [out];
  });
  return new Float32Array(values!).subarray(0, q.length + 1);
}

export function logSoftmaxBlocksTests(device: TestDevice): void {
  const rng = randomNumbers(6);

  test.each([7, 2048, 5001])('largest value and sum of every block of %i columns', async (vocab) => {
    const stride = 4 * Math.ceil(vocab / 4);
    const rows = [rng.normals(vocab, 3), rng.normals(vocab, 1, 1000)];
    const blocks = rowBlocks(vocab);
    const got = await runKernel(device.gpu, 'log_softmax_blocks', {
      buffers: { values: strided(rows, stride), blocks: untouched(2 * blocks * rows.length + 2) },
      params: { rows: rows.length, vocab, stride },
      overrides: {},
      grid: [rows.length + 1, 1, blocks],
      read: 'blocks',
    });
    const parts = rows.flatMap((row) =>
      Array.from({ length: blocks }, (_, b) => row.subarray(2048 * b, 2048 * (b + 1))),
    );
    const largest = parts.map((part) => part.reduce((a, b) => Math.max(a, b)));
    const sums = parts.map((part, i) => part.reduce((sum, x) => sum + Math.exp(x - largest[i]!), 0));
    const values = new Float32Array(got);
    const at = (offset: number): number[] => parts.map((_, i) => values[2 * i + offset]!);
    expectSame('largest', at(0), largest);
    expectRounded('sums', at(1), sums, sums, 40);
    expectSame('beyond the last row', values.subarray(2 * parts.length), untouched(2));
  });
}

export function blockTotalsTests(device: TestDevice): void {
  const rng = randomNumbers(7);

  test.each([1, 2, 31, 33, 125])('of %i blocks', async (blocks) => {
    const rows = Array.from({ length: 3 }, () => rng.normals(blocks));
    const got = await runKernel(device.gpu, 'block_totals', {
      buffers: { parts: Float32Array.from(rows.flatMap((row) => [...row])), totals: untouched(4) },
      params: { rows: 3, blocks },
      overrides: {},
      grid: { rows: 4 },
      read: 'totals',
    });
    const total = (row: Float32Array): number => row.reduce((sum, x) => sum + x, 0);
    const totals = new Float32Array(got);
    expectRounded(
      'totals',
      totals.subarray(0, 3),
      rows.map(total),
      rows.map((row) => total(row.map(Math.abs))),
      6,
    );
    if (blocks === 1)
      expectSame(
        'one block',
        totals.subarray(0, 3),
        rows.map(([x]) => x!),
      );
    expectSame('beyond the last row', totals.subarray(3), untouched(1));
  });
}

export function klTests(device: TestDevice): void {
  const rng = randomNumbers(4);
  const logProbs = (vocab: number, deviation: number): Float32Array =>
    Float32Array.from(logSoftmax(rng.normals(vocab, deviation)));

  describe.each([1, 30])('deviation %d', (deviation) => {
    test.each([
      [1, 1, 2],
      [2, 3, 67],
      [3, 2, 64],
      [2, 2, 2049],
      [1, 3, 5001],
      [1, 2, 70_001],
    ])('%i prompts, %i circuits, vocabulary %i', async (prompts, circuits, vocab) => {
      const p = Array.from({ length: prompts }, () => logProbs(vocab, deviation));
      const q = Array.from({ length: prompts * circuits }, () => logProbs(vocab, deviation));
      const got = await klRows(device.gpu, p, q);
      // The exponential's relative error grows with the number in it.
      const size = (a: Float32Array, b: Float32Array): number =>
        a.reduce((sum, x, i) => sum + Math.exp(x) * (1 - x) * Math.abs(x - b[i]!), 0);
      const pairs = q.map((row, r) => [p[r % prompts]!, row] as const);
      expectRounded(
        'kl',
        got.subarray(0, q.length),
        pairs.map(([a, b]) => kl(Float64Array.from(a), Float64Array.from(b))),
        pairs.map(([a, b]) => size(a, b)),
        8,
      );
      expectSame('beyond the last row', got.subarray(q.length), [Math.fround(UNTOUCHED)]);
    });
  });

  test('of a distribution to itself it is exactly 0', async () => {
    const p = logProbs(131, 5);
    expectSame('kl', (await klRows(device.gpu, [p], [p])).subarray(0, 1), [0]);
  });

  test('more rows than one dimension of a grid takes; a row gives the same bits wherever it stands', async () => {
    const p = [logProbs(3, 1), logProbs(3, 1)];
    const q = Array.from({ length: 70_002 }, () => logProbs(3, 1));
    const got = await klRows(device.gpu, p, q);
    for (const r of [0, 35_001, 65_535, 65_536, 70_001]) {
      expectSame(`row ${r}`, got.subarray(r, r + 1), (await klRows(device.gpu, [p[r % 2]!], [q[r]!])).subarray(0, 1));
    }
  });
}
