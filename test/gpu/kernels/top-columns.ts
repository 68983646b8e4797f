import { describe, expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { rowBlocks } from '../../../src/gpu/workgroups.js';
import { bindTopColumns } from '../../../src/readout/top-columns.js';
import { expectRounded, expectSame, runKernel, runPieces, type TestDevice } from '../../support/gpu.js';
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
  const [columnBytes, amountBytes] = await runPieces(gpu, async (arena) => {
    const use = {
      values: arena.upload('values', values),
      rows: rows.length,
      vocab,
      stride,
      count: COUNT,
      sign,
      centred,
    };
    const top = await bindTopColumns(arena, use);
    const recording = arena.gpu.record();
    top.encode(recording);
    recording.submit();
    return [top.columns, top.amounts];
  });
  const columns = new Uint32Array(columnBytes!);
  const amounts = new Float32Array(amountBytes!);
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
      [2051, 3],
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

    test('of equal values in several blocks the lower column', async () => {
      const row = new Float32Array(6000);
      for (const column of [2047, 2048, 4096, 5999]) row[column] = sign;
      const [top] = await topColumns(device.gpu, [row], sign);
      expect(top!.columns).toEqual([2047, 2048, 4096, 5999, 0, 1, 2, 3]);
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

export function topColumnsBlocksTests(device: TestDevice): void {
  test.each([1, -1] as const)(
    'sign %i: the strongest of every block, and its sum less its first value',
    async (sign) => {
      const rng = randomNumbers(25);
      const [vocab, stride, count] = [4099, 4100, 5];
      const rows = [rng.normals(vocab, 1, 3), rng.normals(vocab)];
      const blocks = rowBlocks(vocab);
      const values = new Float32Array(rows.length * stride).fill(1e6);
      rows.forEach((row, r) => values.set(row, r * stride));
      const run = (read: 'values_of' | 'columns_of' | 'sums'): Promise<ArrayBuffer> =>
        runKernel(device.gpu, 'top_columns_blocks', {
          buffers: {
            values,
            values_of: new Float32Array(rows.length * blocks * count),
            columns_of: new Uint32Array(rows.length * blocks * count),
            sums: new Float32Array(rows.length * blocks),
          },
          params: { rows: rows.length, vocab, stride },
          overrides: { COUNT: count, SIGN: sign, CENTRED: 1 },
          grid: [rows.length + 1, 1, blocks],
          read,
        });
      const orders = rows.flatMap((row) =>
        Array.from({ length: blocks }, (_, b) => {
          const own = [...row.keys()].slice(2048 * b, 2048 * (b + 1));
          const order = own.sort((x, y) => sign * (row[y]! - row[x]!) || x - y).slice(0, count);
          return [...order, ...Array<number>(count - order.length).fill(NONE)].map((column) => ({ row, column }));
        }),
      );
      expect([...new Uint32Array(await run('columns_of'))]).toEqual(orders.flat().map(({ column }) => column));
      const found = new Float32Array(await run('values_of'));
      const expected = orders.flat().map(({ row, column }) => (column === NONE ? 0 : sign * row[column]!));
      expectSame(
        'values',
        found.map((value, i) => (expected[i] === 0 ? 0 : value)),
        expected,
      );
      const differences = rows.flatMap((row) =>
        Array.from({ length: blocks }, (_, b) => [...row.subarray(2048 * b, 2048 * (b + 1))].map((x) => x - row[0]!)),
      );
      const total = (terms: readonly number[]): number => terms.reduce((sum, x) => sum + x, 0);
      const sizes = differences.map((terms) => total(terms.map((x) => Math.abs(x) + 1)));
      expectRounded('sums', new Float32Array(await run('sums')), differences.map(total), sizes, 20);
    },
  );
}
