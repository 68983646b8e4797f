import { test } from 'vitest';
import type { Job } from '../../../src/gpu/kernel.js';
import { expectSame, runKernel, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { randomNumbers } from '../../support/random.js';

const EVERY = 0xffffffff;

/** A job with its lists of rows; without a list, row r is row r. */
interface Copy extends Omit<Job<'copy_rows'>, 'to_rows_at' | 'from_rows_at'> {
  readonly toRows?: readonly number[];
  readonly fromRows?: readonly number[];
}

const row = (strides: number): Omit<Copy, 'rows' | 'columns' | 'to' | 'from'> => ({
  to_stride: strides,
  from_stride: strides,
  from_step: 1,
  adds: 0,
});

const CASES: readonly (readonly [string, readonly Copy[]])[] = [
  ['one element', [{ ...row(1), rows: 1, columns: 1, to: 3, from: 5 }]],
  [
    'listed rows on both sides',
    [{ ...row(7), rows: 3, columns: 5, to: 2, from: 9, toRows: [8, 0, 3], fromRows: [1, 4, 0] }],
  ],
  ['another stride', [{ ...row(6), from_stride: 4, rows: 4, columns: 4, to: 1, from: 0, toRows: [3, 5, 0, 1] }]],
  ['one value for all', [{ ...row(9), from_stride: 0, from_step: 0, rows: 6, columns: 8, to: 4, from: 11 }]],
  ['one row for all, added', [{ ...row(9), from_stride: 0, adds: 1, rows: 6, columns: 8, to: 4, from: 11 }]],
  [
    'several jobs of several sizes',
    [
      { ...row(30), rows: 10, columns: 13, to: 0, from: 0 },
      { ...row(30), rows: 1, columns: 2, to: 14, from: 100, adds: 1 },
      { ...row(30), rows: 7, columns: 1, to: 29, from: 3, toRows: [9, 8, 7, 6, 5, 4, 0] },
    ],
  ],
  ['more elements than a workgroup', [{ ...row(33), rows: 9, columns: 31, to: 1, from: 1 }]],
];

export function copyRowsTests(device: TestDevice): void {
  const rng = randomNumbers(11);

  test.each(CASES)('%s', async (_, copies) => {
    const from = rng.normals(400);
    const to = rng.normals(400);
    const control = new JobWords('copy_rows', copies.length, 1);
    const jobs = copies.map(({ toRows, fromRows, ...job }) => ({
      ...job,
      to_rows_at: toRows ? control.list(toRows).at : EVERY,
      from_rows_at: fromRows ? control.list(fromRows).at : EVERY,
    }));
    const got = await runKernel(device.gpu, 'copy_rows', {
      buffers: { control: control.words(jobs), from_rows: from, to_rows: to },
      params: { jobs_at: control.jobsAt },
      overrides: {},
      // More workgroups than there are elements, in both dimensions.
      grid: [3, 3, copies.length],
      read: 'to_rows',
    });
    const expected = to.slice();
    for (const { toRows, fromRows, ...job } of copies) {
      for (let r = 0; r < job.rows; r++) {
        for (let c = 0; c < job.columns; c++) {
          const at = job.to + (toRows?.[r] ?? r) * job.to_stride + c;
          const value = from[job.from + (fromRows?.[r] ?? r) * job.from_stride + c * job.from_step]!;
          expected[at] = job.adds ? Math.fround(to[at]! + value) : value;
        }
      }
    }
    expectSame('rows', new Float32Array(got), expected);
  });
}
