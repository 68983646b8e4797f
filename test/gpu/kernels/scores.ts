import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { expect, test } from 'vitest';
import { answerLists, type Answers } from '../../../src/readout/answers.js';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { bindTopColumns } from '../../../src/readout/top-columns.js';
import { logSumExp } from '../../oracle/ops.js';
import { expectRounded, expectSame, runKernel, runPieces, untouched, type TestDevice } from '../../support/gpu.js';
import { randomNumbers } from '../../support/random.js';

/** Rows at a stride of a multiple of four; the padding holds numbers larger than any other. */
function strided(rows: readonly ArrayLike<number>[]): { values: Float32Array; stride: number } {
  const stride = 4 * Math.ceil((rows[0]!.length + 1) / 4);
  const values = new Float32Array(rows.length * stride).fill(1e6);
  rows.forEach((row, r) => values.set(row, r * stride));
  return { values, stride };
}

async function argmax(gpu: Gpu, rows: readonly ArrayLike<number>[]): Promise<number[]> {
  const { values, stride } = strided(rows);
  const [best] = await runPieces(gpu, async (arena) => {
    const logits = arena.upload('values', values);
    const columns = arena.tensor('best', [rows.length]);
    const shape = { rows: rows.length, vocab: rows[0]!.length, stride };
    const top = await bindTopColumns(arena, { values: logits, ...shape, count: 1, sign: 1, centred: false, columns });
    const recording = arena.gpu.record();
    top.encode(recording);
    recording.submit();
    return [columns];
  });
  return [...new Uint32Array(best!)].slice(0, rows.length);
}

const firstOfLargest = (row: Float32Array): number => row.indexOf(row.reduce((a, b) => Math.max(a, b)));

/** Mean over some columns of a row; 0 for none. */
function meanOf(row: ArrayLike<number>, columns: readonly number[]): number {
  return columns.reduce((sum, column) => sum + row[column]!, 0) / Math.max(1, columns.length);
}

export function answerMeansTests(device: TestDevice): void {
  const rng = randomNumbers(15);

  test.each([
    ['one prompt', 1, 1, 9],
    ['several circuits of the same prompts', 3, 2, 37],
    ['more rows than a workgroup', 5, 20, 6],
  ])('%s', async (_, prompts, circuits, vocab) => {
    const rows = Array.from({ length: prompts * circuits }, () => rng.normals(vocab));
    const answers = Array.from({ length: prompts }, (_unused, n): Answers => ({
      correct: [n % vocab, (n + 3) % vocab, n % vocab].slice(0, 1 + (n % 3)),
      wrong: n % 4 === 3 ? [] : [(n + 1) % vocab, vocab - 1].slice(0, 1 + (n % 2)),
    }));
    const { values, stride } = strided(rows);
    const got = await runKernel(device.gpu, 'answer_means', {
      buffers: { answers: answerLists(answers), values, differences: untouched(rows.length + 1) },
      params: { rows: rows.length, prompts, stride },
      overrides: {},
      grid: [groupsOf64(rows.length) + 1],
      read: 'differences',
    });
    const differences = new Float32Array(got);
    const expected = rows.map((row, r) => {
      const { correct, wrong } = answers[r % prompts]!;
      return meanOf(row, correct) - meanOf(row, wrong);
    });
    const magnitude = rows.map((row) => Math.max(...row.map(Math.abs)));
    expectRounded('differences', differences.subarray(0, rows.length), expected, magnitude, 8);
    expectSame('beyond the rows', differences.subarray(rows.length), untouched(1));
  });
}

/** The strongest column alone: the token with the largest logit. */
export function largestColumnTests(device: TestDevice): void {
  const rng = randomNumbers(5);

  test.each([1, 2, 63, 64, 65, 257, 5001])('the largest of %i', async (vocab) => {
    const rows = Array.from({ length: 5 }, () => rng.normals(vocab));
    expect(await argmax(device.gpu, rows)).toEqual(rows.map(firstOfLargest));
  });

  test('of equal ones the first, whichever lanes they fall to', async () => {
    const at = (...columns: number[]): Float32Array => {
      const row = new Float32Array(200).fill(-9);
      for (const column of columns) row[column] = 4;
      return row;
    };
    const rows = [at(3, 67), at(67, 131), at(64, 65), at(65, 130), at(70, 133, 199), new Float32Array(200), at(199)];
    expect(await argmax(device.gpu, rows)).toEqual([3, 67, 64, 65, 70, 0, 199]);
  });

  test('far below zero, and infinities', async () => {
    expect(
      await argmax(device.gpu, [
        [-1e38, -3e37, -2e38],
        [-80, -81, -80],
        [-Infinity, 1, Infinity],
      ]),
    ).toEqual([1, 0, 2]);
  });

  test('more rows than one dimension of a grid takes', async () => {
    const rows = Array.from({ length: 70_001 }, () => rng.normals(3));
    expect(await argmax(device.gpu, rows)).toEqual(rows.map(firstOfLargest));
  });
}

async function scores(gpu: Gpu, rows: readonly Float32Array[], answers: readonly Answers[]): Promise<Float32Array> {
  const { values, stride } = strided(rows);
  const got = await runKernel(gpu, 'answer_scores', {
    buffers: { answers: answerLists(answers), values, scores: untouched(2 * rows.length + 2) },
    params: { rows: rows.length, prompts: answers.length, stride },
    overrides: {},
    grid: [groupsOf64(rows.length)],
    read: 'scores',
  });
  return new Float32Array(got);
}

export function answerScoresTests(device: TestDevice): void {
  const rng = randomNumbers(6);
  const some: readonly Answers[] = [
    { correct: [4], wrong: [0] },
    { correct: [9, 3, 66], wrong: [1, 2] },
    { correct: [5, 6, 7, 8], wrong: Array.from({ length: 58 }, (_, i) => i + 9) },
  ];

  test.each([
    ['logits', 3, 0, 1],
    ['logits', 80, 0, 5],
    ['log-probabilities', 2, -12, 30],
    ['far-off values', 0.01, 1000, 2],
  ])('%s of deviation %d around %d, %i circuits', async (_, deviation, mean, circuits) => {
    const rows = Array.from({ length: circuits * some.length }, () => rng.normals(67, deviation, mean));
    const got = await scores(device.gpu, rows, some);
    rows.forEach((row, r) => {
      const { correct, wrong } = some[r % some.length]!;
      const values = (ids: readonly number[]): number[] => ids.map((id) => row[id]!);
      const largest = (ids: readonly number[]): number => Math.max(...values(ids).map(Math.abs));
      expectRounded(
        'scores',
        got.subarray(2 * r, 2 * r + 2),
        [logSumExp(values(correct)), logSumExp(values(wrong))],
        [largest(correct) + 1, largest(wrong) + 1],
        6,
      );
    });
    expectSame('beyond the last row', got.subarray(2 * rows.length), untouched(2));
  });

  test('no answers', async () => {
    const rows = [rng.normals(9), rng.normals(9)];
    const got = await scores(device.gpu, rows, [
      { correct: [], wrong: [2] },
      { correct: [3], wrong: [] },
    ]);
    // Of a single answer it is the value itself.
    expect([...got.subarray(0, 4)]).toEqual([Math.fround(-3.4e38), rows[0]![2], rows[1]![3], Math.fround(-3.4e38)]);
  });
}
