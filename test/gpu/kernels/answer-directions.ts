import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { test } from 'vitest';
import { answerLists, type Answers } from '../../../src/readout/answers.js';
import { PANEL4 } from '../../../src/gpu/product/matrix.js';
import { expectRounded, expectSame, runKernel, untouched, UNTOUCHED, type TestDevice } from '../../support/gpu.js';
import { narrowed, rounded, wordsOf } from '../../support/narrow.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { panels } from '../../support/panels.js';
import { randomNumbers } from '../../support/random.js';

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
    ['one panel', 1, 67, 1, 'f32'],
    ['width of one', 1, 5, 1, 'f32'],
    ['several panels', 30, 515, 5, 'f32'],
    ['a matrix in chunks', 5, 515, 1, 'f32'],
    ['a matrix in chunks of two panels', 6, 515, 2, 'f32'],
    ['f16', 30, 515, 5, 'f16'],
    ['f16 in chunks', 6, 515, 2, 'f16'],
    ['bf16', 30, 515, 5, 'bf16'],
    ['bf16 in chunks', 6, 515, 2, 'bf16'],
  ] as const)('%s', async (_, width, vocab, panelsPerChunk, storage) => {
    const table = rounded(rng.normals(vocab * width), storage);
    const answers = answersOf(vocab);
    const width4 = Math.ceil(width / 4);
    const idsPerChunk = panelsPerChunk * 4 * PANEL4;
    let directions = new Float32Array(answers.length * 4 * width4 + 4);
    directions.fill(UNTOUCHED, -4);
    for (let first = 0; first < vocab; first += idsPerChunk) {
      const held = Math.min(idsPerChunk, vocab - first);
      const got = await runKernel(device.gpu, 'answer_directions', {
        buffers: {
          weight: wordsOf(narrowed(panels(table.subarray(first * width, (first + held) * width), width), storage)),
          answers: answerLists(answers),
          directions,
        },
        params: { prompts: answers.length, width4, first_id: first, ids_held: held },
        overrides: {},
        storage,
        grid: [groupsOf64(answers.length * width4)],
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
