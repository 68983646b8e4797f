import { describe, expect, test } from 'vitest';
import { takePart } from '../../../src/model/take-part.js';

/** [rows, columns], counted row by row. */
const matrix = (rows: number, columns: number) => Float32Array.from({ length: rows * columns }, (_, i) => i);

describe('a part of a tensor', () => {
  const place = { tensor: 'x', shape: [4, 3] };

  test('a whole one is the tensor itself', () => {
    const values = matrix(4, 3);
    expect(takePart(values, place)).toBe(values);
  });

  test.each([
    ['rows', { rows: { from: 1, to: 3 } }, [3, 4, 5, 6, 7, 8]],
    ['columns', { columns: { from: 1, to: 2 } }, [1, 4, 7, 10]],
    ['rows and columns', { rows: { from: 3, to: 4 }, columns: { from: 0, to: 2 } }, [9, 10]],
    ['rows again and again', { rows: { from: 1, to: 2, every: 2 } }, [3, 4, 5, 9, 10, 11]],
    ['transposed', { transposed: true }, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]],
    ['rows transposed', { rows: { from: 2, to: 4 }, transposed: true }, [6, 9, 7, 10, 8, 11]],
    ['columns transposed', { columns: { from: 1, to: 3 }, transposed: true }, [1, 4, 7, 10, 2, 5, 8, 11]],
  ])('%s', (_, part, expected) => {
    expect([...takePart(matrix(4, 3), { ...place, ...part })]).toEqual(expected);
  });

  test('a vector is one row', () => {
    const blocks = { tensor: 'x', shape: [12], columns: { from: 2, to: 4, every: 6 } };
    expect([...takePart(matrix(1, 12), blocks)]).toEqual([2, 3, 8, 9]);
  });

  test('bits of half floats stay what they are, NaN included', () => {
    const bits = Uint16Array.of(0x7e01, 0x8000, 0xffff, 1);
    expect(takePart(bits, { tensor: 'x', shape: [2, 2], transposed: true })).toEqual(
      Uint16Array.of(0x7e01, 0xffff, 0x8000, 1),
    );
  });

  test('matrices wider than a tile are transposed whole', () => {
    const transposed = takePart(matrix(45, 71), { tensor: 'x', shape: [45, 71], transposed: true });
    for (const [row, column] of [
      [0, 0],
      [44, 70],
      [13, 32],
      [31, 64],
    ] as const) {
      expect(transposed[column * 45 + row]).toBe(row * 71 + column);
    }
    expect(new Set(transposed).size).toBe(45 * 71);
  });
});
