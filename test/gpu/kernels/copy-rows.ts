import { test } from 'vitest';
import type { Job } from '../../../src/gpu/kernel.js';
import { expectSame, runKernel, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { randomNumbers } from '../../support/random.js';

const EVERY = 0xffffffff;

/** A job with its lists of rows; without a list, row r is row r. */
interface Copy extends Omit<Job<'copy_rows'>, 'out_rows_at' | 'source_rows_at'> {
  readonly outRows?: readonly number[];
  readonly sourceRows?: readonly number[];
}

const row = (strides: number): Omit<Copy, 'rows' | 'columns' | 'out_at' | 'source_at'> => ({
  out_stride: strides,
  source_stride: strides,
  source_step: 1,
  adds: 0,
});

const CASES: readonly (readonly [string, readonly Copy[]])[] = [
  ['one element', [{ ...row(1), rows: 1, columns: 1, out_at: 3, source_at: 5 }]],
  [
    'listed rows on both sides',
    [{ ...row(7), rows: 3, columns: 5, out_at: 2, source_at: 9, outRows: [8, 0, 3], sourceRows: [1, 4, 0] }],
  ],
  [
    'another stride',
    [{ ...row(6), source_stride: 4, rows: 4, columns: 4, out_at: 1, source_at: 0, outRows: [3, 5, 0, 1] }],
  ],
  [
    'one value for all',
    [{ ...row(9), source_stride: 0, source_step: 0, rows: 6, columns: 8, out_at: 4, source_at: 11 }],
  ],
  ['one row for all, added', [{ ...row(9), source_stride: 0, adds: 1, rows: 6, columns: 8, out_at: 4, source_at: 11 }]],
  [
    'several jobs of several sizes',
    [
      { ...row(30), rows: 10, columns: 13, out_at: 0, source_at: 0 },
      { ...row(30), rows: 1, columns: 2, out_at: 14, source_at: 100, adds: 1 },
      { ...row(30), rows: 7, columns: 1, out_at: 29, source_at: 3, outRows: [9, 8, 7, 6, 5, 4, 0] },
    ],
  ],
  ['more elements than a workgroup', [{ ...row(33), rows: 9, columns: 31, out_at: 1, source_at: 1 }]],
];

export function copyRowsTests(device: TestDevice): void {
  const rng = randomNumbers(11);

  test.each(CASES)('%s', async (_, copies) => {
    const source = rng.normals(400);
    const out = rng.normals(400);
    const control = new JobWords('copy_rows', copies.length, 1);
    const jobs = copies.map(({ outRows, sourceRows, ...job }) => ({
      ...job,
      out_rows_at: outRows ? control.list(outRows).at : EVERY,
      source_rows_at: sourceRows ? control.list(sourceRows).at : EVERY,
    }));
    const got = await runKernel(device.gpu, 'copy_rows', {
      buffers: { control: control.words(jobs), source, out },
      params: { jobs_at: control.jobsAt },
      overrides: {},
      // More workgroups than there are elements, in both dimensions.
      grid: [3, 3, copies.length],
      read: 'out',
    });
    const expected = out.slice();
    for (const { outRows, sourceRows, ...job } of copies) {
      for (let r = 0; r < job.rows; r++) {
        for (let c = 0; c < job.columns; c++) {
          const at = job.out_at + (outRows?.[r] ?? r) * job.out_stride + c;
          const value = source[job.source_at + (sourceRows?.[r] ?? r) * job.source_stride + c * job.source_step]!;
          expected[at] = job.adds ? Math.fround(out[at]! + value) : value;
        }
      }
    }
    expectSame('rows', new Float32Array(got), expected);
  });
}
