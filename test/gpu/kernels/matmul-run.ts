import type { WeightStorage } from '../../../src/base/stored-values.js';
import { everyRow, jobWords, matmul, runMatmul, type MatmulJob } from '../../../src/gpu/product/matmul.js';
import { Arena } from '../../../src/gpu/arena.js';
import { jobSize } from '../../../src/gpu/kernel.js';
import type { Gpu } from '../../../src/gpu/gpu.js';
import { ACTIVATIONS } from '../../../src/block/activation.js';
import type { Activation } from '../../../src/model/spec.js';
import { PANEL4 } from '../../../src/gpu/product/matrix.js';
import { packRows } from '../../../src/gpu/product/panels.js';
import { matmul as oracle } from '../../oracle/ops.js';
import { expectSame, untouched } from '../../support/gpu.js';
import { narrowed } from '../../support/narrow.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import type { ProductWay } from '../../support/tiles.js';

/** One product on the device; everything is padded to vec4s. */
export interface Product {
  readonly rows: number;
  readonly inner4: number;
  readonly a: Float32Array;
  /** [panelRows, 4 columns4], row-major. */
  readonly w: Float32Array<ArrayBuffer>;
  /** How the weights are stored; default f32. */
  readonly storage?: WeightStorage;
  readonly columns4: number;
  /** Panels in one binding; all of them where absent. */
  readonly panelsPerChunk?: number;
  readonly panels?: number;
  readonly bias?: Float32Array;
  readonly outStride: number;
  readonly outLength: number;
  /** What is in `out` before; default: numbers that no product gives. */
  readonly before?: Float32Array;
  /** Jobs on each chunk; where absent, one that makes all of the chunk. */
  readonly jobs?: readonly MatmulJob[];
  /** Per job the row of `out` that each of its rows goes to, in place of its own `rows`. */
  readonly rowLists?: readonly (readonly number[])[];
  readonly activation?: Activation;
  readonly multiplies?: boolean;
}

export async function multiply(gpu: Gpu, { tile, pieces }: ProductWay, product: Product): Promise<Float32Array> {
  const { rows, inner4, w, columns4, outStride, activation } = product;
  const arena = new Arena(gpu);
  try {
    const a = arena.upload('a', product.a);
    const out = arena.upload('out', product.before ?? untouched(product.outLength));
    const bias = product.bias && arena.upload('bias', product.bias);
    const matrixInner4 = w.length / columns4 / 16;
    const panelBytes = 4 * matrixInner4 * 4 * PANEL4 * 4;
    const maxBytes = (product.panelsPerChunk ?? Math.ceil(columns4 / PANEL4)) * panelBytes;
    const matrix = await packRows(arena, 'w', narrowed(w, product.storage ?? 'f32'), matrixInner4, maxBytes);
    const recording = gpu.record();
    for (const [i, { firstColumn4, columns4: end }] of matrix.chunks.entries()) {
      const whole = {
        a: 0,
        weight: 0,
        bias: firstColumn4,
        out: firstColumn4,
        firstColumn4: 0,
        endColumn4: end,
        rows: everyRow(rows),
      };
      const list = product.jobs ?? [whole];
      // Words before the first job show that jobsAt is honoured; those after the last are the row lists.
      const words = [9999, 9999, ...list.flatMap(jobWords)];
      const listed = list.map((job, j) => {
        if (!product.rowLists?.[j]) return job;
        words.push(...product.rowLists[j]);
        return { ...job, rows: { count: product.rowLists[j].length, at: words.length - product.rowLists[j].length } };
      });
      words.splice(2, list.length * jobSize('matmul'), ...listed.flatMap(jobWords));
      const jobs = arena.upload('jobs', Uint32Array.from(words));
      const use = { a, out, rows, inner4, outStride, jobs, jobsAt: 2, bias, tile, ...(pieces && { pieces }) };
      const options = {
        ...(product.panels && { panels: product.panels }),
        ...(activation && { activation: ACTIVATIONS[activation] }),
        multiplies: product.multiplies ?? false,
      };
      runMatmul(recording, await matmul(arena, matrix, i, { ...use, ...options }), list.length);
    }
    recording.submit();
    return new Float32Array(await gpu.read(out)).subarray(0, product.outLength);
  } finally {
    arena.dispose();
  }
}

export const quads = (n: number): number => Math.ceil(n / 4);
export const absolute = (x: Float32Array): Float32Array => x.map(Math.abs);

/** The sum of the absolute values of a product's terms. */
export function magnitude(
  a: Float32Array,
  w: Float32Array,
  bias: Float32Array | null,
  inner: number,
  columns: number,
): Float64Array {
  return oracle(absolute(a), absolute(w), bias && absolute(bias), inner, columns);
}

/** Real columns of padded rows; the padding must be 0. */
export function unpad(what: string, padded: Float32Array, columns: number): Float32Array {
  const values = unpaddedRows(padded, columns);
  expectSame(`${what} with padding`, padded, paddedRows(values, columns));
  return values;
}

/** Roundings of a sum of n terms partly cancel: their total grows like the root of n. */
export const units = (inner: number): number => 5 + Math.sqrt(inner) / 4;
