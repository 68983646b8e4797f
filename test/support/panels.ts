import { PANEL4 } from '../../src/gpu/product/matrix.js';

/**
 * A table [ids, width] as the panels of its transpose: per 4 PANEL4 ids, all of their first numbers, all of their
 * second...
 */
export function panels(table: Float32Array, width: number): Float32Array<ArrayBuffer> {
  const ids = table.length / width;
  const inner = 4 * Math.ceil(width / 4);
  const packed = new Float32Array(Math.ceil(ids / (4 * PANEL4)) * inner * 4 * PANEL4);
  table.forEach((value, i) => {
    const [id, row] = [Math.floor(i / width), i % width];
    packed[(Math.floor(id / (4 * PANEL4)) * inner + row) * 4 * PANEL4 + (id % (4 * PANEL4))] = value;
  });
  return packed;
}
