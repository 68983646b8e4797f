import { describe, expect, test } from 'vitest';
import { expectRounded, expectSame, UNTOUCHED, type TestDevice } from '../../support/gpu.js';
import { randomNumbers } from '../../support/random.js';
import { portInputs, type PortInputs } from './port-inputs-run.js';

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
