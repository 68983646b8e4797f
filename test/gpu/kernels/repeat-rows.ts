import { test } from 'vitest';
import { expectSame, runKernel, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { randomNumbers } from '../../support/random.js';

const EVERY = 0xffffffff;

/** Parts to read and to write, in vec4s, and rows; without a list as many rows from the first on as `count` says. */
interface Repeat {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly number[];
  readonly listed: boolean;
}

const CASES: readonly (readonly [string, number, number, readonly Repeat[]])[] = [
  ['one vec4 of one row', 1, 1, [{ from: 0, to: 3, rows: [2], listed: true }]],
  ['listed rows', 2, 6, [{ from: 0, to: 4, rows: [5, 0, 3], listed: true }]],
  ['every row', 3, 9, [{ from: 3, to: 6, rows: [0, 1, 2, 3], listed: false }]],
  [
    'several jobs of several sizes, one source',
    2,
    8,
    [
      { from: 2, to: 0, rows: [0, 1, 2, 3, 4], listed: false },
      { from: 2, to: 6, rows: [4], listed: true },
    ],
  ],
  ['more than a workgroup', 17, 40, [{ from: 0, to: 20, rows: [0, 1, 2, 3, 4, 5, 6], listed: false }]],
];

export function repeatRowsTests(device: TestDevice): void {
  const rng = randomNumbers(12);

  test.each(CASES)('%s', async (_, columns4, stride4, repeats) => {
    const x = rng.normals(4 * stride4 * 9);
    const control = new JobWords('repeat_rows', repeats.length, 1);
    const jobs = repeats.map(({ from, to, rows, listed }) => ({
      source_at: from,
      target_at: to,
      rows_at: listed ? control.list(rows).at : EVERY,
      rows: rows.length,
    }));
    const got = await runKernel(device.gpu, 'repeat_rows', {
      buffers: { control: control.words(jobs), x },
      params: { columns4, stride4, jobs_at: control.jobsAt },
      overrides: {},
      // More workgroups than there are elements.
      grid: [4, repeats.length],
      read: 'x',
    });
    const expected = x.slice();
    for (const { from, to, rows } of repeats) {
      for (const row of rows) {
        const [source, target] = [4 * (from + row * stride4), 4 * (to + row * stride4)];
        expected.set(x.subarray(source, source + 4 * columns4), target);
      }
    }
    expectSame('rows', new Float32Array(got), expected);
  });
}
