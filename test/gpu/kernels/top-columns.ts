import { describe, expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { expectRounded, runKernel, type TestDevice } from '../../support/gpu.js';
import { randomNumbers } from '../../support/random.js';

const COUNT = 8;
/** Mean of a row. */
const average = (values: Float32Array): number => values.reduce((sum, x) => sum + x / values.length, 0);
const NONE = 0xffffffff;

interface Top {
  readonly columns: number[];
  readonly amounts: Float32Array;
}

/** Rows at a stride of a multiple of four; the padding holds numbers larger and smaller than any other. */
async function topColumns(gpu: Gpu, rows: readonly ArrayLike<number>[], sign: 1 | -1, centred = true): Promise<Top[]> {
  const vocab = rows[0]!.length;
  const stride = 4 * Math.ceil((vocab + 1) / 4);
  const values = Float32Array.from({ length: rows.length * stride }, (_, i) => (i % 2 === 0 ? 1e6 : -1e6));
  rows.forEach((row, r) => values.set(row, r * stride));
  const run = async (read: 'columns' | 'amounts'): Promise<ArrayBuffer> =>
    runKernel(gpu, 'top_columns', {
      buffers: {
        values,
        columns: new Uint32Array(rows.length * COUNT),
        amounts: new Float32Array(rows.length * COUNT),
      },
      params: { rows: rows.length, vocab, stride },
      overrides: { COUNT, SIGN: sign, CENTRED: centred ? 1 : 0 },
      grid: { rows: rows.length },
      read,
    });
  const columns = new Uint32Array(await run('columns'));
  const amounts = new Float32Array(await run('amounts'));
  return rows.map((_, r) => ({
    columns: [...columns.subarray(r * COUNT, (r + 1) * COUNT)],
    amounts: amounts.subarray(r * COUNT, (r + 1) * COUNT),
  }));
}

export function topColumnsTests(device: TestDevice): void {
  const rng = randomNumbers(24);

  describe.each([1, -1] as const)('sign %i', (sign) => {
    test.each([
      [9, 0],
      [63, 0],
      [64, 1000],
      [257, -50],
      [5001, 0],
    ])('of %i columns around %i', async (vocab, centre) => {
      const rows = Array.from({ length: 3 }, () => rng.normals(vocab, 1, centre));
      const got = await topColumns(device.gpu, rows, sign);
      const raw = await topColumns(device.gpu, rows, sign, false);
      rows.forEach((row, r) => {
        const order = [...row.keys()].sort((a, b) => sign * (row[b]! - row[a]!) || a - b).slice(0, COUNT);
        expect(got[r]!.columns).toEqual(order);
        const mean = average(row);
        const expected = order.map((column) => row[column]! - mean);
        expect([...raw[r]!.columns]).toEqual(order);
        expect([...raw[r]!.amounts]).toEqual(order.map((column) => row[column]!));
        expectRounded(
          'amounts',
          got[r]!.amounts,
          expected,
          expected.map((x) => Math.abs(x) + 2 + Math.abs(centre) / 50),
          60,
        );
      });
    });

    test('of equal values the lower column, whichever lanes they fall to', async () => {
      const row = new Float32Array(40);
      for (const column of [3, 19, 20, 35]) row[column] = sign * 2;
      row[36] = sign * 3;
      const [top] = await topColumns(device.gpu, [row], sign);
      expect(top!.columns).toEqual([36, 3, 19, 20, 35, 0, 1, 2]);
    });

    test('fewer columns than asked for', async () => {
      const [top] = await topColumns(device.gpu, [[2, 5, -1]], sign);
      expect(top!.columns).toEqual([...(sign === 1 ? [1, 0, 2] : [2, 0, 1]), NONE, NONE, NONE, NONE, NONE]);
    });
  });

  test('more rows than one dimension of a grid takes', async () => {
    const rows = Array.from({ length: 66_001 }, () => rng.normals(3));
    const got = await topColumns(device.gpu, rows, 1);
    rows.forEach((row, r) => expect(row[got[r]!.columns[0]!]).toBe(Math.max(...row)));
  });
}
