import { rowProduct } from '../../block/product.js';
import { Arena } from '../../gpu/arena.js';
import type { BufferSlice } from '../../gpu/kernel.js';
import type { Matrix } from '../../gpu/product/matrix.js';
import type { ModelWeights } from '../../model/weights.js';

/**
 * Rows [.., 4 inner4] times a matrix of the model -> [.., 4 columns4], as many at once as `maxBytes` of products allow.
 * Cost: 2 FLOPs for each row and number of the matrix.
 */
export async function rowsThrough(
  { gpu }: Pick<ModelWeights, 'gpu'>,
  matrix: Matrix,
  rows: Float32Array<ArrayBuffer>,
  { bias, maxBytes = Infinity }: { readonly bias?: BufferSlice | undefined; readonly maxBytes?: number } = {},
): Promise<Float32Array<ArrayBuffer>> {
  const [inner, columns] = [4 * matrix.inner4, 4 * matrix.columns4];
  const count = rows.length / inner;
  const atOnce = Math.min(count, Math.max(1, Math.floor(maxBytes / (4 * columns))));
  const products = new Float32Array(count * columns);
  for (let first = 0; first < count; first += atOnce) {
    const taken = Math.min(atOnce, count - first);
    const arena = new Arena(gpu);
    try {
      const a = arena.upload('rows', rows.slice(first * inner, (first + taken) * inner));
      const out = arena.tensor('products', [taken, columns]);
      const product = await rowProduct({ arena }, matrix, { a, out }, taken, bias);
      const recording = gpu.record();
      product.encode(recording);
      recording.submit();
      products.set(new Float32Array(await gpu.read(out)).subarray(0, taken * columns), first * columns);
    } finally {
      arena.dispose();
    }
  }
  return products;
}
