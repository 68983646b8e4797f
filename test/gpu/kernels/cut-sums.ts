import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { test } from 'vitest';
import { expectRounded, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';
import { portInputs } from './port-inputs-run.js';

export function cutSumsTests(device: TestDevice): void {
  const rng = randomNumbers(14);
  const [width, width4, prompts, sequence, writers] = [6, 2, 2, 5, 13];
  const tokens = prompts * sequence;
  const ablated = rng.normals(writers * tokens * width);
  const bias = rng.normals(width);
  const positions = rng.normals(sequence * width);

  interface BaseJob {
    readonly slot: number;
    readonly resume: boolean;
    readonly rows: readonly number[];
    readonly writers: readonly number[];
  }
  const portBases = async (
    sums: Float32Array,
    jobs: readonly BaseJob[],
    addPositions: boolean,
  ): Promise<Float32Array> => {
    const control = new JobWords('cut_sums', jobs.length, 1);
    const packed = jobs.map(({ slot, resume, rows, writers: summed }) => {
      const [rowList, writerList] = [control.list(rows), control.list(summed)];
      return {
        slot,
        resume: resume ? 1 : 0,
        rows_at: rowList.at,
        rows: rowList.count,
        writers_at: writerList.at,
        writers: writerList.count,
      };
    });
    const got = await runKernel(device.gpu, 'cut_sums', {
      buffers: {
        control: control.words(packed),
        ablated: paddedRows(ablated, width),
        bias: paddedRows(bias, width),
        positions: paddedRows(positions, width),
        sums: paddedRows(sums, width),
      },
      params: { tokens, sequence, width4, jobs_at: control.jobsAt, add_positions: addPositions ? 1 : 0 },
      overrides: {},
      grid: [groupsOf64(tokens * width4), jobs.length],
      read: 'sums',
    });
    return unpaddedRows(new Float32Array(got), width);
  };
  const all = Array.from({ length: tokens }, (_, t) => t);

  test.each([true, false])(
    'sums over listed writers; rows and slots of no job are left alone (positions %s)',
    async (add) => {
      const before = rng.normals(4 * tokens * width);
      const jobs: BaseJob[] = [
        { slot: 2, resume: false, rows: all, writers: [12, 7, 6, 0] },
        { slot: 0, resume: true, rows: [9, 3], writers: [5] },
        { slot: 3, resume: false, rows: [4], writers: [] },
      ];
      const got = await portBases(before, jobs, add);
      const expected = before.slice();
      const sizes = before.map(Math.abs);
      for (const { slot, resume, rows, writers: summed } of jobs) {
        for (const t of rows) {
          for (let i = 0; i < width; i++) {
            const at = (slot * tokens + t) * width + i;
            const terms = resume ? [before[at]!] : [bias[i]!, add ? positions[(t % sequence) * width + i]! : 0];
            terms.push(...summed.map((u) => ablated[(u * tokens + t) * width + i]!));
            expected[at] = terms.reduce((a, b) => a + b);
            sizes[at] = terms.reduce((a, b) => a + Math.abs(b), 0);
          }
        }
      }
      expectRounded('sums', got, expected, sizes, 4);
      for (const at of [1 * tokens * width, 5 * width, 3 * tokens * width])
        expectSame('left', [got[at]!], [before[at]!]);
    },
  );

  test('in several steps, and going on from them in port_inputs: the bits of a sum made at once', async () => {
    const cut = [12, 11, 9, 7, 6, 4, 2, 1, 0];
    const start = untouched(2 * tokens * width);
    const step = async (from: Float32Array, resume: boolean, list: readonly number[]): Promise<Float32Array> =>
      portBases(from, [{ slot: 1, resume, rows: all, writers: list }], true);
    const once = await step(start, false, cut);
    const twice = await step(await step(start, false, cut.slice(0, 4)), true, cut.slice(4));
    expectSame('two steps', twice, once);
    const run = {
      width,
      tokens,
      sequence,
      writerTotal: writers,
      writers,
      ablated,
      bias,
      positions,
      addPositions: true,
    };
    const outputs = rng.normals(writers * tokens * width);
    const job = { circuit: 0, keep: (u: number) => !cut.includes(u) };
    const plain = await portInputs(device.gpu, { ...run, outputs, rows: all, jobs: [job] });
    for (const count of [0, 1, 5, 9]) {
      const holds = cut.slice(0, count);
      const sums = await step(start, false, holds);
      const from = await portInputs(device.gpu, {
        ...run,
        outputs,
        sums,
        rows: all,
        jobs: [{ ...job, base: { slot: 1, holds } }],
      });
      expectSame(`from a base of ${count}`, from, plain);
    }
  });
}
