import { expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/gpu.js';
import type { Job } from '../../../src/gpu/kernel.js';
import { expectClose, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

const CUT = 0x80000000;

/** Writers that are summed, and the layer whose norm the sum goes through, if any. */
interface Group {
  readonly layer: number | null;
  readonly writers: readonly number[];
}

/** One run over unpadded data. */
interface Run {
  readonly width: number;
  readonly tokens: number;
  readonly sequence: number;
  readonly writers: number;
  readonly epsilon: number;
  /** [C, W, T, d], [W, T, d], [L, d], [L, d], [S, d] */
  readonly outputs: Float32Array;
  readonly ablated: Float32Array;
  readonly gain: Float32Array;
  readonly bias: Float32Array;
  readonly positions: Float32Array;
  readonly addPositions: boolean;
  readonly jobs: readonly {
    readonly circuit: number;
    readonly rows: readonly number[];
    readonly groups: readonly Group[];
    readonly keep: (writer: number) => boolean;
  }[];
}

async function inputs(gpu: Gpu, run: Run): Promise<Float32Array> {
  const { width, jobs } = run;
  const width4 = Math.ceil(width / 4);
  const control = new JobWords('port_inputs_normed', jobs.length, 3);
  let rows = 0;
  const packed = jobs.map(({ circuit, rows: own, groups, keep }): Job<'port_inputs_normed'> => {
    const ownRows = control.list(own);
    const words = groups.flatMap(({ layer, writers }) => {
      const list = control.list(writers.map((u) => (keep(u) ? u : CUT + u)));
      return [layer === null ? 0 : layer + 1, list.at, list.count];
    });
    const job = {
      circuit,
      rows_at: ownRows.at,
      rows: ownRows.count,
      first_row: rows,
      groups_at: control.list(words).at,
      groups: groups.length,
    };
    rows += own.length;
    return job;
  });
  const size = rows * 4 * width4;
  const got = await runKernel(gpu, 'port_inputs_normed', {
    buffers: {
      control: control.words(packed),
      outputs: paddedRows(run.outputs, width),
      ablated: paddedRows(run.ablated, width),
      gain: paddedRows(run.gain, width),
      bias: paddedRows(run.bias, width),
      positions: paddedRows(run.positions, width),
      x: untouched(size + 4),
    },
    params: {
      tokens: run.tokens,
      sequence: run.sequence,
      width,
      width4,
      writer_total: run.writers,
      jobs_at: control.jobsAt,
      add_positions: run.addPositions ? 1 : 0,
      epsilon: run.epsilon,
    },
    overrides: {},
    // More workgroups than the longest job has rows, in two dimensions.
    grid: [2, Math.max(...jobs.map((job) => job.rows.length)), jobs.length],
    read: 'x',
  });
  const x = new Float32Array(got);
  expectSame('beyond the last row', x.subarray(size), untouched(4));
  return unpaddedRows(x.subarray(0, size), width);
}

/** The same in float64, after its definition. */
function expectedInputs(run: Run): number[] {
  const { width, tokens, sequence, writers, epsilon } = run;
  return run.jobs.flatMap(({ circuit, rows, groups, keep }) =>
    rows.flatMap((token) => {
      const x = Array.from({ length: width }, (_, i) =>
        run.addPositions ? run.positions[(token % sequence) * width + i]! : 0,
      );
      for (const { layer, writers: list } of groups) {
        const sum = x.map((_, i) => {
          const terms = list.map((u) => {
            const at = (u * tokens + token) * width + i;
            return keep(u) ? run.outputs[circuit * writers * tokens * width + at]! : run.ablated[at]!;
          });
          return terms.reduce((a, b) => a + b, layer === null ? 0 : run.bias[layer * width + i]!);
        });
        const scale = 1 / Math.sqrt(sum.reduce((total, v) => total + v * v, 0) / width + epsilon);
        sum.forEach((v, i) => (x[i]! += layer === null ? v : v * scale * run.gain[layer * width + i]!));
      }
      return x;
    }),
  );
}

export function portInputsNormedTests(device: TestDevice): void {
  const rng = randomNumbers(19);
  const random = (width: number, tokens: number, sequence: number, writers: number, circuits: number) => ({
    width,
    tokens,
    sequence,
    writers,
    epsilon: 1e-6,
    outputs: rng.normals(circuits * writers * tokens * width),
    ablated: rng.normals(writers * tokens * width),
    gain: rng.normals(3 * width),
    bias: rng.normals(3 * width),
    positions: rng.normals(sequence * width),
  });
  const GROUPS: readonly Group[] = [
    { layer: 2, writers: [6, 5] },
    { layer: null, writers: [4] },
    { layer: 0, writers: [3, 2, 1] },
    { layer: null, writers: [0] },
  ];

  test.each([
    ['one column', 1, false],
    ['padded width', 7, true],
    ['more columns than leaves of a sum', 150, true],
    ['several rounds of lanes', 515, false],
  ] as const)('%s', async (_, width, addPositions) => {
    const run = { ...random(width, 6, 3, 8, 2), addPositions };
    const jobs = [
      { circuit: 0, rows: [0, 1, 2, 3, 4, 5], groups: GROUPS, keep: () => true },
      { circuit: 1, rows: [5, 2], groups: GROUPS, keep: (u: number) => u % 2 === 0 },
      { circuit: 1, rows: [4], groups: GROUPS.slice(2), keep: () => false },
      { circuit: 0, rows: [1], groups: [], keep: () => true },
    ];
    const got = await inputs(device.gpu, { ...run, jobs });
    expectClose('inputs', got, expectedInputs({ ...run, jobs }), 2e-5);
  });

  test('under zero ablation a fully cut port is exactly its constant, and without biases exactly 0', async () => {
    const run = { ...random(9, 6, 3, 8, 1), ablated: new Float32Array(8 * 6 * 9), bias: new Float32Array(27) };
    run.outputs.fill(Number.NaN); // nothing kept is read
    const jobs = [{ circuit: 0, rows: [3, 4], groups: GROUPS, keep: () => false }];
    expectSame('none', await inputs(device.gpu, { ...run, addPositions: false, jobs }), new Float32Array(18));
    const got = await inputs(device.gpu, { ...run, addPositions: true, jobs });
    expectSame('positions', got, run.positions.subarray(0, 18));
  });

  test('a broken output is not hidden by its norm', async () => {
    const run = { ...random(6, 3, 3, 8, 1), addPositions: false };
    for (const broken of [Number.NaN, 3e38]) {
      const outputs = run.outputs.slice();
      outputs.fill(broken, (5 * 3 + 1) * 6, (5 * 3 + 2) * 6);
      const jobs = [{ circuit: 0, rows: [1], groups: GROUPS, keep: () => true }];
      const got = await inputs(device.gpu, { ...run, outputs, jobs });
      expect(got.every((value) => !Number.isFinite(value))).toBe(true);
    }
  });

  test('a row gives the same bits among other rows, jobs and circuits', async () => {
    const run = { ...random(37, 6, 3, 8, 3), addPositions: true };
    const jobs = [0, 1, 2].map((circuit, j) => ({
      circuit,
      rows: [0, 1, 2, 3, 4, 5],
      groups: GROUPS,
      keep: (u: number) => (u * 5 + j) % 3 > 0,
    }));
    const all = await inputs(device.gpu, { ...run, jobs });
    for (const [j, job] of jobs.entries()) {
      const alone = await inputs(device.gpu, { ...run, jobs: [{ ...job, rows: [4] }] });
      expectSame(`job ${j}`, alone, all.subarray((j * 6 + 4) * 37, (j * 6 + 5) * 37));
    }
  });
}
