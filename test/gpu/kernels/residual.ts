import { describe, expect, test } from 'vitest';
import { FROM_CONSTANT } from '../../../src/pass/input-jobs.js';
import type { Gpu } from '../../../src/gpu/gpu.js';
import type { Job } from '../../../src/gpu/kernel.js';
import { PANEL4 } from '../../../src/gpu/product/matrix.js';
import { expectRounded, expectSame, runKernel, untouched, UNTOUCHED, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { panels } from '../../support/panels.js';
import { randomNumbers } from '../../support/random.js';

export function embedTests(device: TestDevice): void {
  const rng = randomNumbers(12);

  describe.each([0, 1])('positions in the input writer: %i', (addPositions) => {
    test.each([
      ['one token', 1, 1, 1, 1, 1, 1],
      ['two circuits, three prompts', 2, 3, 9, 30, 67, 1],
      ['several panels', 1, 4, 33, 6, 515, 5],
      ['a matrix in chunks', 3, 4, 33, 5, 515, 1],
      ['a matrix in chunks of two panels', 1, 4, 33, 5, 515, 2],
    ])('%s', async (_, circuits, prompts, sequence, width, vocab, panelsPerChunk) => {
      const tokens = prompts * sequence;
      const writers = 3;
      const width4 = Math.ceil(width / 4);
      const table = rng.normals(vocab * width);
      const positions = rng.normals((sequence + 2) * width);
      const ids = rng.ids(tokens, vocab);
      ids.splice(0, Math.min(2, tokens), ...[vocab - 1, 0].slice(0, tokens));
      const idsPerChunk = panelsPerChunk * 4 * PANEL4;
      let outputs = untouched(circuits * writers * tokens * 4 * width4);
      for (let first = 0; first < vocab; first += idsPerChunk) {
        const held = Math.min(idsPerChunk, vocab - first);
        const got = await runKernel(device.gpu, 'embed', {
          buffers: {
            weight: panels(table.subarray(first * width, (first + held) * width), width),
            ids: Uint32Array.from(ids),
            positions: paddedRows(positions, width),
            outputs,
          },
          params: {
            tokens,
            sequence,
            width4,
            first_id: first,
            ids_held: held,
            add_positions: addPositions,
            circuit_stride: writers * tokens * width4,
          },
          overrides: {},
          grid: [Math.ceil((tokens * width4) / 64), circuits],
          read: 'outputs',
        });
        outputs = new Float32Array(got);
      }
      // A copy, or one addition: exact.
      const input = Float32Array.from({ length: tokens * width }, (_unused, i) => {
        const [token, column] = [Math.floor(i / width), i % width];
        return table[ids[token]! * width + column]! + addPositions * positions[(token % sequence) * width + column]!;
      });
      const circuit = [...paddedRows(input, width), ...untouched((writers - 1) * tokens * 4 * width4)];
      expectSame('outputs', outputs, Array.from({ length: circuits }, () => circuit).flat());
    });
  });
}

/** One run of port_inputs over unpadded data. */
interface PortInputs {
  readonly width: number;
  readonly tokens: number;
  readonly sequence: number;
  /** Writers that there are, and how many of them the port reads. */
  readonly writerTotal: number;
  readonly writers: number;
  readonly outputs: Float32Array;
  readonly ablated: Float32Array;
  readonly bias: Float32Array;
  readonly positions: Float32Array;
  readonly addPositions: boolean;
  readonly rows: readonly number[];
  /** Per job its circuit and which writers it keeps; and, if it starts from one, its base and the cut writers in it. */
  readonly jobs: readonly {
    readonly circuit: number;
    readonly keep: (writer: number) => boolean;
    readonly rows?: readonly number[];
    readonly base?: { readonly slab: number; readonly holds: readonly number[] };
  }[];
  /** [slabs, T, width]; default: one that no job reads. */
  readonly bases?: Float32Array;
}

/** Writers that a job cuts, or keeps, in the order of the sum. */
function writersOf(writers: number, wanted: (writer: number) => boolean): number[] {
  return Array.from({ length: writers }, (_, u) => writers - 1 - u).filter(wanted);
}

async function portInputs(gpu: Gpu, run: PortInputs): Promise<Float32Array> {
  const { width, tokens, sequence, writers, jobs } = run;
  const width4 = Math.ceil(width / 4);
  const control = new JobWords('port_inputs', jobs.length, 2);
  const packed: Job<'port_inputs'>[] = [];
  let rows = 0;
  let most = 0;
  for (const { circuit, keep, rows: own = run.rows, base } of jobs) {
    const ownRows = control.list(own);
    const cut = control.list(writersOf(writers, (u) => !keep(u) && !base?.holds.includes(u)));
    const kept = control.list(writersOf(writers, keep));
    packed.push({
      circuit,
      rows_at: ownRows.at,
      rows: ownRows.count,
      first_row: rows,
      slab: base?.slab ?? FROM_CONSTANT,
      cut_at: cut.at,
      cut: cut.count,
      kept_at: kept.at,
      kept: kept.count,
    });
    rows += own.length;
    most = Math.max(most, own.length);
  }
  const size = rows * 4 * width4;
  const got = await runKernel(gpu, 'port_inputs', {
    buffers: {
      control: control.words(packed),
      outputs: paddedRows(run.outputs, width),
      ablated: paddedRows(run.ablated, width),
      bias: paddedRows(run.bias, width),
      positions: paddedRows(run.positions, width),
      bases: run.bases ? paddedRows(run.bases, width) : untouched(4),
      x: untouched(size + 4),
    },
    params: {
      tokens,
      sequence,
      width4,
      writer_total: run.writerTotal,
      jobs_at: control.jobsAt,
      add_positions: run.addPositions ? 1 : 0,
    },
    overrides: {},
    grid: [Math.ceil((most * width4) / 64), jobs.length],
    read: 'x',
  });
  const x = new Float32Array(got);
  expectSame('beyond the last row', x.subarray(size), untouched(4));
  return unpaddedRows(x.subarray(0, size), width);
}

export function portInputsTests(device: TestDevice): void {
  const rng = randomNumbers(13);
  const random = (
    writerTotal: number,
    writers: number,
    width: number,
    prompts: number,
    sequence: number,
    circuits: number,
  ): Omit<PortInputs, 'rows' | 'jobs' | 'addPositions'> => ({
    width,
    tokens: prompts * sequence,
    sequence,
    writerTotal,
    writers,
    outputs: rng.normals(circuits * writerTotal * prompts * sequence * width),
    ablated: rng.normals(writerTotal * prompts * sequence * width),
    bias: rng.normals(width),
    positions: rng.normals(sequence * width),
  });
  const everyRow = (tokens: number): number[] => Array.from({ length: tokens }, (_, t) => t);

  describe.each([true, false])('positions are a constant: %s', (addPositions) => {
    test.each([
      ['one writer', 1, 1, 1, 1, 1, 1],
      ['fewer writers read than there are', 9, 4, 6, 2, 5, 2],
      ['masks of 32 writers', 33, 32, 30, 1, 3, 1],
      ['masks of several words', 70, 67, 5, 3, 7, 3],
    ])('%s', async (_, writerTotal, writers, width, prompts, sequence, circuits) => {
      const run = random(writerTotal, writers, width, prompts, sequence, circuits);
      const jobs = Array.from({ length: circuits + 2 }, (_unused, j) => {
        const kept = Array.from({ length: writers }, () => rng.below(2) === 1);
        return { circuit: (j * 2) % circuits, keep: (u: number) => (j === 0 ? true : kept[u]!) };
      });
      // All rows, and a few in another order with one twice.
      for (const rows of [everyRow(run.tokens), [run.tokens - 1, 0, 0]]) {
        const got = await portInputs(device.gpu, { ...run, addPositions, rows, jobs });
        const expected: number[] = [];
        const sizes: number[] = [];
        for (const { circuit, keep } of jobs) {
          for (const token of rows) {
            for (let i = 0; i < width; i++) {
              const terms = [run.bias[i]!, addPositions ? run.positions[(token % sequence) * width + i]! : 0];
              for (let u = 0; u < writers; u++) {
                const at = (u * run.tokens + token) * width + i;
                terms.push(keep(u) ? run.outputs[circuit * writerTotal * run.tokens * width + at]! : run.ablated[at]!);
              }
              expected.push(terms.reduce((a, b) => a + b));
              sizes.push(terms.reduce((a, b) => a + Math.abs(b), 0));
            }
          }
        }
        expectRounded('inputs', got, expected, sizes, 3 + Math.sqrt(writers) / 4);
      }
    });
  });

  test('under zero ablation a fully cut port is exactly its constant', async () => {
    const run = { ...random(40, 40, 7, 2, 3, 1), ablated: new Float32Array(40 * 6 * 7) };
    run.outputs.fill(UNTOUCHED);
    const jobs = [{ circuit: 0, keep: () => false }];
    const rows = everyRow(6);
    const got = await portInputs(device.gpu, { ...run, addPositions: true, rows, jobs });
    expectSame(
      'inputs',
      got,
      Float32Array.from({ length: 42 }, (_, i) => run.bias[i % 7]! + run.positions[i % 21]!),
    );
    const none = await portInputs(device.gpu, { ...run, bias: new Float32Array(7), addPositions: false, rows, jobs });
    expectSame('inputs without constants', none, new Float32Array(42));
  });

  test('a row gives the same bits among other rows, jobs and circuits', async () => {
    const run = { ...random(35, 34, 9, 2, 4, 3), addPositions: true };
    const jobs = [0, 1, 2, 1].map((circuit, j) => ({ circuit, keep: (u: number) => (u * 7 + j) % 3 > 0 }));
    const all = await portInputs(device.gpu, { ...run, rows: everyRow(8), jobs });
    for (const [j, job] of jobs.entries()) {
      for (const row of [0, 3, 7]) {
        const alone = await portInputs(device.gpu, { ...run, rows: [row], jobs: [job] });
        expectSame(`job ${j}, row ${row}`, alone, all.subarray((j * 8 + row) * 9, (j * 8 + row + 1) * 9));
      }
    }
  });

  test('jobs of different numbers of rows stand one after the other', async () => {
    const run = { ...random(12, 11, 6, 2, 5, 2), addPositions: true };
    const jobs = [[0], [], [9, 2, 4, 5, 6, 7, 8], [3, 1]].map((rows, j) => {
      return { circuit: j % 2, keep: (u: number) => (u + j) % 2 === 0, rows };
    });
    const all = await portInputs(device.gpu, { ...run, rows: [], jobs });
    let at = 0;
    for (const [j, { circuit, keep, rows }] of jobs.entries()) {
      const every = await portInputs(device.gpu, { ...run, rows: everyRow(10), jobs: [{ circuit, keep }] });
      for (const row of rows) {
        expectSame(`job ${j}, row ${row}`, all.subarray(6 * at, 6 * at + 6), every.subarray(6 * row, 6 * row + 6));
        at++;
      }
    }
    expect(all).toHaveLength(6 * at);
  });
}

export function portBasesTests(device: TestDevice): void {
  const rng = randomNumbers(14);
  const [width, width4, prompts, sequence, writers] = [6, 2, 2, 5, 13];
  const tokens = prompts * sequence;
  const ablated = rng.normals(writers * tokens * width);
  const bias = rng.normals(width);
  const positions = rng.normals(sequence * width);

  interface BaseJob {
    readonly slab: number;
    readonly resume: boolean;
    readonly rows: readonly number[];
    readonly writers: readonly number[];
  }
  const portBases = async (
    bases: Float32Array,
    jobs: readonly BaseJob[],
    addPositions: boolean,
  ): Promise<Float32Array> => {
    const control = new JobWords('port_bases', jobs.length, 1);
    const packed = jobs.map(({ slab, resume, rows, writers: summed }) => {
      const [rowList, writerList] = [control.list(rows), control.list(summed)];
      return {
        slab,
        resume: resume ? 1 : 0,
        rows_at: rowList.at,
        rows: rowList.count,
        writers_at: writerList.at,
        writers: writerList.count,
      };
    });
    const got = await runKernel(device.gpu, 'port_bases', {
      buffers: {
        control: control.words(packed),
        ablated: paddedRows(ablated, width),
        bias: paddedRows(bias, width),
        positions: paddedRows(positions, width),
        bases: paddedRows(bases, width),
      },
      params: { tokens, sequence, width4, jobs_at: control.jobsAt, add_positions: addPositions ? 1 : 0 },
      overrides: {},
      grid: [Math.ceil((tokens * width4) / 64), jobs.length],
      read: 'bases',
    });
    return unpaddedRows(new Float32Array(got), width);
  };
  const all = Array.from({ length: tokens }, (_, t) => t);

  test.each([true, false])(
    'sums over listed writers; rows and slabs of no job are left alone (positions %s)',
    async (add) => {
      const before = rng.normals(4 * tokens * width);
      const jobs: BaseJob[] = [
        { slab: 2, resume: false, rows: all, writers: [12, 7, 6, 0] },
        { slab: 0, resume: true, rows: [9, 3], writers: [5] },
        { slab: 3, resume: false, rows: [4], writers: [] },
      ];
      const got = await portBases(before, jobs, add);
      const expected = before.slice();
      const sizes = before.map(Math.abs);
      for (const { slab, resume, rows, writers: summed } of jobs) {
        for (const t of rows) {
          for (let i = 0; i < width; i++) {
            const at = (slab * tokens + t) * width + i;
            const terms = resume ? [before[at]!] : [bias[i]!, add ? positions[(t % sequence) * width + i]! : 0];
            terms.push(...summed.map((u) => ablated[(u * tokens + t) * width + i]!));
            expected[at] = terms.reduce((a, b) => a + b);
            sizes[at] = terms.reduce((a, b) => a + Math.abs(b), 0);
          }
        }
      }
      expectRounded('bases', got, expected, sizes, 4);
      for (const at of [1 * tokens * width, 5 * width, 3 * tokens * width])
        expectSame('left', [got[at]!], [before[at]!]);
    },
  );

  test('in several steps, and going on from them in port_inputs: the bits of a sum made at once', async () => {
    const cut = [12, 11, 9, 7, 6, 4, 2, 1, 0];
    const start = untouched(2 * tokens * width);
    const step = async (from: Float32Array, resume: boolean, list: readonly number[]): Promise<Float32Array> =>
      portBases(from, [{ slab: 1, resume, rows: all, writers: list }], true);
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
      const bases = await step(start, false, holds);
      const from = await portInputs(device.gpu, {
        ...run,
        outputs,
        bases,
        rows: all,
        jobs: [{ ...job, base: { slab: 1, holds } }],
      });
      expectSame(`from a base of ${count}`, from, plain);
    }
  });
}
