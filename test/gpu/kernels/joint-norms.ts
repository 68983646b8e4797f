import { describe, expect, test } from 'vitest';
import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { expectClose, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { paddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

const EVERY = 0xffffffff;
const EPSILON = 1e-5;

/** Rows of all heads [rows, heads, head], each head padded to vec4s. */
interface Wide {
  readonly heads: number;
  readonly head: number;
  readonly rows: number;
  /** [rows * heads, head] */
  readonly values: Float32Array;
  /** [heads, head] */
  readonly gain: Float32Array;
}

const CASES = [
  ['one head of one column', 1, 1, 3],
  ['padded heads', 3, 6, 5],
  ['more columns than leaves of a sum', 5, 64, 4],
] as const;

function scaleOf({ heads, head, values }: Wide, row: number): number {
  const squares = values.subarray(row * heads * head, (row + 1) * heads * head).reduce((sum, x) => sum + x * x, 0);
  return 1 / Math.sqrt(squares / (heads * head) + EPSILON);
}

export function slicedNormTests(device: TestDevice): void {
  const rng = randomNumbers(23);

  test.each(CASES)('%s', async (_, heads, head, rows) => {
    const head4 = Math.ceil(head / 4);
    const wide: Wide = { heads, head, rows, values: rng.normals(rows * heads * head), gain: rng.normals(heads * head) };
    // Two ports a head: one of every row, one of some rows in another order.
    const parts = 2 * heads;
    const places = [rows + 1, 0];
    const control = new JobWords('sliced_norm', parts, 2);
    const jobs = Array.from({ length: parts }, (_unused, part) => {
      const h = part % heads;
      const listed = part >= heads;
      return {
        first_row: listed ? rows - 2 : 0,
        slice: h * head4,
        gain: h,
        at: part * head4,
        rows_at: listed ? control.list(places).at : EVERY,
        rows: listed ? 2 : rows,
      };
    });
    const size = (rows + 2) * parts * 4 * head4;
    const got = await runKernel(device.gpu, 'sliced_norm', {
      buffers: {
        control: control.words(jobs),
        wide: paddedRows(wide.values, head),
        gain: paddedRows(wide.gain, head),
        y: untouched(size),
      },
      params: {
        jobs_at: control.jobsAt,
        wide_stride4: heads * head4,
        wide_width: heads * head,
        width4: head4,
        stride4: parts * head4,
        epsilon: EPSILON,
      },
      overrides: {},
      grid: [2, rows, parts],
      read: 'y',
    });
    const expected = untouched(size);
    for (let part = 0; part < parts; part++) {
      const h = part % heads;
      const written = part >= heads ? places.map((place, i) => [place, rows - 2 + i]) : places0(rows);
      for (const [place, row] of written as [number, number][]) {
        const at = (place * parts + part) * 4 * head4;
        expected.fill(0, at, at + 4 * head4);
        for (let c = 0; c < head; c++) {
          const value = wide.values[(row * heads + h) * head + c]!;
          expected[at + c] = value * scaleOf(wide, row) * wide.gain[h * head + c]!;
        }
      }
    }
    expectClose('slices', new Float32Array(got), expected, 1e-5);
  });

  test('a row of zeros stays zero', async () => {
    const control = new JobWords('sliced_norm', 1);
    const got = await runKernel(device.gpu, 'sliced_norm', {
      buffers: {
        control: control.words([{ first_row: 0, slice: 1, gain: 0, at: 0, rows_at: EVERY, rows: 2 }]),
        wide: new Float32Array(16),
        gain: new Float32Array(4).fill(3),
        y: untouched(8),
      },
      params: { jobs_at: 0, wide_stride4: 2, wide_width: 8, width4: 1, stride4: 1, epsilon: EPSILON },
      overrides: {},
      grid: [2, 1, 1],
      read: 'y',
    });
    expectSame('zeros', new Float32Array(got), new Float32Array(8));
  });
}

const places0 = (rows: number): number[][] => Array.from({ length: rows }, (_, row) => [row, row]);

export function slicedNormBackwardTests(device: TestDevice): void {
  const rng = randomNumbers(24);

  describe.each([false, true])('scale as a constant: %s', (frozen) => {
    test.each(CASES)('%s', async (_, heads, head, tokens) => {
      const head4 = Math.ceil(head / 4);
      const wide: Wide = {
        heads,
        head,
        rows: tokens,
        values: rng.normals(tokens * heads * head),
        gain: rng.normals(heads * head),
      };
      const ports = heads + 1; // the last head is read by two ports
      const gradient = rng.normals(ports * tokens * head);
      const headOf = (port: number): number => Math.min(port, heads - 1);
      const control = new JobWords('sliced_norm_backward', ports, 1);
      const words = control.words(
        Array.from({ length: ports }, (_unused, port) => ({ port, slice: headOf(port) * head4, gain: headOf(port) })),
      );
      const run = (read: 'gradient' | 'tilts') =>
        runKernel(device.gpu, 'sliced_norm_backward', {
          buffers: {
            control: words,
            wide: paddedRows(wide.values, head),
            gain: paddedRows(wide.gain, head),
            gradient: paddedRows(gradient, head),
            tilts: untouched(ports * tokens),
          },
          params: {
            jobs_at: control.jobsAt,
            tokens,
            wide_stride4: heads * head4,
            wide_width: heads * head,
            width4: head4,
            epsilon: EPSILON,
          },
          overrides: { FROZEN: frozen ? 1 : 0 },
          grid: [2, tokens, ports],
          read,
        });
      const [slices, tilts] = [new Float32Array(await run('gradient')), new Float32Array(await run('tilts'))];
      // The gradient at every column of a row of all heads, by central differences of the slice's sum.
      for (let port = 0; port < ports; port++) {
        for (let t = 0; t < tokens; t++) {
          const row = Float64Array.from(wide.values.subarray(t * heads * head, (t + 1) * heads * head));
          const first = headOf(port) * head;
          const still = scaleOf({ ...wide, values: Float32Array.from(row) }, 0);
          const loss = (w: Float64Array): number => {
            const own = 1 / Math.sqrt(w.reduce((sum, x) => sum + x * x, 0) / w.length + EPSILON);
            let total = 0;
            for (let c = 0; c < head; c++) {
              const g = gradient[(port * tokens + t) * head + c]! * wide.gain[first + c]!;
              total += g * w[first + c]! * (frozen ? still : own);
            }
            return total;
          };
          const wanted = Array.from(row, (_x, i) => {
            const moved = (step: number): number => loss(row.map((x, j) => (j === i ? x + step : x)));
            return (moved(1e-5) - moved(-1e-5)) / 2e-5;
          });
          const got = Array.from(row, (x, i) => {
            const inSlice = i >= first && i < first + head;
            const slice = inSlice ? slices[(port * tokens + t) * 4 * head4 + i - first]! : 0;
            return slice - tilts[port * tokens + t]! * x;
          });
          expectClose(`port ${port}, row ${t}`, got, wanted, 2e-5);
        }
      }
      if (frozen) expect([...tilts].every((tilt) => tilt === 0)).toBe(true);
    });
  });
}

export function subtractTiltsTests(device: TestDevice): void {
  const rng = randomNumbers(25);

  test.each([
    ['one port of one row', 1, 1, 0, 1, 1],
    ['some ports', 5, 3, 1, 3, 2],
    ['more than a workgroup', 4, 9, 2, 2, 11],
  ])('%s', async (_, total, tokens, first, ports, width4) => {
    const tilts = rng.normals(total * tokens);
    const x = rng.normals(tokens * 4 * width4);
    const gradients = rng.normals(total * tokens * 4 * width4);
    const got = await runKernel(device.gpu, 'subtract_tilts', {
      buffers: { tilts, x, gradients },
      params: { tokens, width4, first, ports },
      overrides: {},
      grid: [groupsOf64(ports * tokens * width4), 2],
      read: 'gradients',
    });
    const expected = gradients.map((value, i) => {
      const row = Math.floor(i / (4 * width4));
      const port = Math.floor(row / tokens);
      if (port < first || port >= first + ports) return value;
      return value - tilts[row]! * x[i % (tokens * 4 * width4)]!;
    });
    expectClose('gradients', new Float32Array(got), expected, 1e-6);
  });
}
