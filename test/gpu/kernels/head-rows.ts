/** Kernels that work on rows of heads in place: norms, turns by positions. */
import { describe, expect, test } from 'vitest';
import { layerNormBackward, rmsNormBackward } from '../../oracle/gradient-ops.js';
import { layerNorm } from '../../oracle/ops.js';
import { expectClose, expectSame, runKernel, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { randomNumbers } from '../../support/random.js';
import { rmsNorm } from './rms-norm.js';

const EVERY = 0xffffffff;
const EPSILON = 1e-5;

/** Heads in rows: two of `heads` heads are worked on, the second at some rows in another order. */
const CASES = [
  ['one column', 1, 3, 4],
  ['a padded head', 6, 3, 5],
  ['more columns than leaves of a sum', 150, 2, 3],
] as const;

interface Head {
  readonly head: number;
  readonly gain: number;
  /** Undefined: every row. */
  readonly rows: readonly number[] | undefined;
}

const headsOf = (heads: number, rows: number): readonly Head[] => [
  { head: 0, gain: 1, rows: undefined },
  { head: heads - 1, gain: 0, rows: [rows - 1, 0] },
];

/** A buffer of rows of heads [rows, heads, head4 vec4s] with zeros in the padding, and where a head's row begins. */
function rowsOfHeads(values: Float32Array, heads: number, rows: number, width: number) {
  const width4 = 4 * Math.ceil(width / 4);
  const data = new Float32Array(rows * heads * width4);
  const at = (row: number, head: number): number => (row * heads + head) * width4;
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < heads; head++) {
      const from = (row * heads + head) * width;
      data.set(values.subarray(from, from + width), at(row, head));
    }
  }
  return { data, at, width4 };
}

export function normInPlaceTests(device: TestDevice): void {
  const rng = randomNumbers(27);

  describe.each([true, false])('with a mean: %s', (centred) => {
    test.each(CASES)('%s', async (_, width, heads, rows) => {
      const { data, at, width4 } = rowsOfHeads(rng.normals(rows * heads * width, 2, 0.5), heads, rows, width);
      const [gain, bias] = [rng.normals(2 * width), rng.normals(2 * width)];
      const padded = (values: Float32Array): Float32Array => rowsOfHeads(values, 1, 2, width).data;
      const control = new JobWords('norm_in_place', 2, 3);
      const jobs = headsOf(heads, rows).map(({ head, gain: row, rows: list }) => ({
        at: (head * width4) / 4,
        rows_at: list ? control.list(list).at : EVERY,
        rows: list?.length ?? rows,
        gain: row,
      }));
      const got = await runKernel(device.gpu, 'norm_in_place', {
        buffers: { control: control.words(jobs), gain: padded(gain), bias: padded(bias), x: data },
        params: {
          jobs_at: control.jobsAt,
          row_stride4: (heads * width4) / 4,
          width,
          width4: width4 / 4,
          epsilon: EPSILON,
        },
        overrides: { CENTRED: centred ? 1 : 0 },
        grid: [2, rows, 2],
        read: 'x',
      });
      const expected = data.slice();
      for (const { head, gain: g, rows: list } of headsOf(heads, rows)) {
        for (const row of list ?? Array.from({ length: rows }, (_unused, r) => r)) {
          const x = data.subarray(at(row, head), at(row, head) + width);
          const own = (values: Float32Array): Float32Array => values.subarray(g * width, (g + 1) * width);
          const norm = centred ? layerNorm : rmsNorm;
          expected.set(norm(x, own(gain), own(bias), EPSILON), at(row, head));
        }
      }
      expectClose('rows', new Float32Array(got), expected, 2e-6);
    });

    test('a row of zeros becomes its bias, and what is broken stays so', async () => {
      const x = Float32Array.of(0, 0, 0, 0, 1, Number.NaN, 2, 3, 3e38, -3e38, 3e38, 1);
      const control = new JobWords('norm_in_place', 1);
      const got = await runKernel(device.gpu, 'norm_in_place', {
        buffers: {
          control: control.words([{ at: 0, rows_at: EVERY, rows: 3, gain: 0 }]),
          gain: Float32Array.of(2, 2, 2, 2),
          bias: Float32Array.of(1, 2, 3, 4),
          x,
        },
        params: { jobs_at: 0, row_stride4: 1, width: 4, width4: 1, epsilon: EPSILON },
        overrides: { CENTRED: centred ? 1 : 0 },
        grid: [3, 1, 1],
        read: 'x',
      });
      const rows = new Float32Array(got);
      expectSame('zeros', rows.subarray(0, 4), Float32Array.of(1, 2, 3, 4));
      expect([...rows.subarray(4)].every((value) => !Number.isFinite(value))).toBe(true);
    });
  });
}

export function normInPlaceBackwardTests(device: TestDevice): void {
  const rng = randomNumbers(28);

  describe.each([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ])('with a mean: %s, scale as a constant: %s', (centred, frozen) => {
    test.each(CASES)('%s', async (_, width, heads, rows) => {
      const x = rowsOfHeads(rng.normals(rows * heads * width, 2, 0.5), heads, rows, width);
      // Gradients lie head by head.
      const gradients = rowsOfHeads(rng.normals(rows * 2 * width), 1, 2 * rows, width);
      const gain = rng.normals(2 * width);
      const control = new JobWords('norm_in_place_backward', 2, 1);
      const jobs = headsOf(heads, rows).map(({ head, gain: row, rows: list }, i) => ({
        at: (i * rows * x.width4) / 4,
        x_at: (head * x.width4) / 4,
        rows_at: list ? control.list(list).at : EVERY,
        rows: list?.length ?? rows,
        gain: row,
      }));
      const got = await runKernel(device.gpu, 'norm_in_place_backward', {
        buffers: {
          control: control.words(jobs),
          gain: rowsOfHeads(gain, 1, 2, width).data,
          x: x.data,
          gradient: gradients.data,
        },
        params: {
          jobs_at: control.jobsAt,
          x_stride4: (heads * x.width4) / 4,
          gradient_stride4: x.width4 / 4,
          width,
          width4: x.width4 / 4,
          epsilon: EPSILON,
        },
        overrides: { CENTRED: centred ? 1 : 0, FROZEN: frozen ? 1 : 0 },
        grid: [2, rows, 2],
        read: 'gradient',
      });
      const expected = gradients.data.slice();
      headsOf(heads, rows).forEach(({ head, gain: g, rows: list }, i) => {
        for (const row of list ?? Array.from({ length: rows }, (_unused, r) => r)) {
          const place = (i * rows + row) * x.width4;
          const back = centred ? layerNormBackward : rmsNormBackward;
          const from = x.at(row, head);
          expected.set(
            back(
              x.data.subarray(from, from + width),
              gain.subarray(g * width, (g + 1) * width),
              gradients.data.subarray(place, place + width),
              EPSILON,
              frozen,
            ),
            place,
          );
        }
      });
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      expectClose('gradients', new Float32Array(got), expected, 2e-6 * largest);
    });
  });
}

export function rotaryTests(device: TestDevice): void {
  const rng = randomNumbers(29);

  const turn = async (x: Float32Array, angles: Float32Array, run: RotaryRun, back: boolean): Promise<Float32Array> => {
    const control = new JobWords('rotary', run.heads.length, 2);
    const jobs = run.heads.map(({ at, rows }) => ({
      at,
      rows_at: rows ? control.list(rows).at : EVERY,
      rows: rows?.length ?? run.rows,
    }));
    const got = await runKernel(device.gpu, 'rotary', {
      buffers: { control: control.words(jobs), angles, x },
      params: { jobs_at: control.jobsAt, sequence: run.sequence, row_stride: run.stride, pairs: run.pairs },
      overrides: { INVERSE: back ? 1 : 0 },
      grid: [2, Math.ceil((run.rows * run.pairs) / 64), run.heads.length],
      read: 'x',
    });
    return new Float32Array(got);
  };

  const anglesOf = (sequence: number, pairs: number): Float32Array =>
    Float32Array.from({ length: 2 * sequence * pairs }, (_, i) => {
      const angle = Math.floor(i / (2 * pairs)) * 10 ** -((Math.floor(i / 2) % pairs) / pairs);
      return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
    });

  test.each([
    ['one pair', { rows: 3, sequence: 3, stride: 4, pairs: 1, heads: [{ at: 0 }] }],
    [
      'part of a head, several prompts',
      { rows: 8, sequence: 4, stride: 24, pairs: 3, heads: [{ at: 0 }, { at: 16, rows: [7, 2, 5] }] },
    ],
    ['more than a workgroup', { rows: 9, sequence: 9, stride: 80, pairs: 40, heads: [{ at: 0 }] }],
  ] as const)('%s', async (_, run: RotaryRun) => {
    const x = rng.normals(run.rows * run.stride);
    const angles = anglesOf(run.sequence, run.pairs);
    const expected = x.slice();
    for (const { at, rows } of run.heads) {
      for (const row of rows ?? Array.from({ length: run.rows }, (_unused, r) => r)) {
        for (let i = 0; i < run.pairs; i++) {
          const place = at + row * run.stride + i;
          const [a, b] = [x[place]!, x[place + run.pairs]!];
          const angle = 2 * ((row % run.sequence) * run.pairs + i);
          const [cos, sin] = [angles[angle]!, angles[angle + 1]!];
          expected[place] = a * cos - b * sin;
          expected[place + run.pairs] = b * cos + a * sin;
        }
      }
    }
    const turned = await turn(x, angles, run, false);
    expectClose('turned', turned, expected, 1e-6);
    expectClose('and back', await turn(turned, angles, run, true), x, 1e-6);
  });
}

/** Heads by their first element, and the rows that are turned; all where there is no list. */
interface RotaryRun {
  readonly rows: number;
  readonly sequence: number;
  readonly stride: number;
  readonly pairs: number;
  readonly heads: readonly { readonly at: number; readonly rows?: readonly number[] }[];
}
