import { attentionOutput, everyHeadOutput } from '../../block/attention-output.js';
import { everyColumn, transposedProduct } from '../../block/product.js';
import { unembedding } from '../../block/unembedding.js';
import { Arena } from '../../gpu/arena.js';
import type { Matrix } from '../../gpu/product/matrix.js';
import { packRows } from '../../gpu/product/panels.js';
import { numbersOf, scaledRows } from '../../inspect/head-outputs.js';
import { writingGain } from '../../inspect/ov-tokens.js';
import { rowsAtOnce } from '../../inspect/top-tokens.js';
import { projectionColumn4 } from '../../model/layout.js';
import type { ModelWeights } from '../../model/weights.js';
import { eigenvalues } from './eigenvalues.js';
import { rowsThrough } from './rows-through.js';

/**
 * How much heads copy, over the whole vocabulary: sum of the real parts of the eigenvalues of a head's OV circuit E g1
 * W_V W_O g_p g_f U^T, over the sum of their sizes (Elhage et al. 2021). From -1 to 1; 0 where the matrix is zero, null
 * where no eigenvalues are found. The circuit [V, V] has those of [dh, dh]
 *
 *   W_O g_p g_f (U^T E) g1 W_V
 *
 * and zeros. U^T E [d, d] is made once. Cost: 4 d^2 V FLOPs, and 4 H dh d^2 a layer.
 *
 * @param maxBytes most bytes of logits on the device at once.
 * @param onLayer is told of every layer that is done.
 * @returns [layer][head]
 */
export async function ovEigenvalueCopying(
  weights: ModelWeights,
  maxBytes: number,
  onLayer: () => void = () => {},
): Promise<(number | null)[][]> {
  const arena = new Arena(weights.gpu);
  try {
    const gram = await gramOfTokens(arena, weights, maxBytes);
    const found: (number | null)[][] = [];
    for (let layer = 0; layer < weights.spec.layers; layer++) {
      found.push(
        (await headMatrices(weights, gram, layer, maxBytes)).map((matrix) => copyingOf(matrix, weights.spec.headWidth)),
      );
      onLayer();
    }
    return found;
  } finally {
    arena.dispose();
  }
}

function copyingOf(matrix: Float64Array, size: number): number | null {
  const found = eigenvalues(matrix, size);
  if (!found) return null;
  const sizes = found.reduce((sum, { re, im }) => sum + Math.hypot(re, im), 0);
  return sizes === 0 ? 0 : found.reduce((sum, { re }) => sum + re, 0) / sizes;
}

/** U^T E [d, d]: the sum over tokens of what reads them times what writes them. */
async function gramOfTokens(owner: Arena, weights: ModelWeights, maxBytes: number): Promise<Matrix> {
  const { gpu, spec, layout, embed } = weights;
  const width = 4 * layout.width4;
  const atOnce = Math.min(spec.width, rowsAtOnce(weights, maxBytes));
  const values = new Float32Array(width * width);
  for (let first = 0; first < spec.width; first += atOnce) {
    const rows = Math.min(atOnce, spec.width - first);
    const arena = new Arena(gpu);
    try {
      const unit = new Float32Array(rows * width);
      for (let r = 0; r < rows; r++) unit[r * width + first + r] = 1;
      const normed = arena.upload('unit rows', unit);
      const logits = arena.tensor('rows of the unembedding', [rows, layout.vocabStride]);
      const out = arena.tensor('their products with the embedding', [rows, width]);
      const into = await unembedding({ arena, weights }, { normed, logits }, rows);
      const back = await transposedProduct({ arena }, embed, {
        dy: logits,
        out,
        rows,
        dyStride: embed.columns4,
        jobs: everyColumn(embed),
      });
      const recording = gpu.record();
      into.encode(recording);
      back.encode(recording);
      recording.submit();
      values.set(new Float32Array(await gpu.read(out)).subarray(0, rows * width), first * width);
    } finally {
      arena.dispose();
    }
  }
  return packRows(owner, 'products of tokens', { storage: 'f32', values }, layout.width4);
}

/** The matrices [dh, dh] of a layer's heads. */
async function headMatrices(
  weights: ModelWeights,
  gram: Matrix,
  layer: number,
  maxBytes: number,
): Promise<Float64Array[]> {
  const { gpu, spec, layout, layers } = weights;
  const { norm1, qkv } = layers[layer]!;
  const [width, headWidth, rows] = [4 * layout.width4, 4 * layout.head4, spec.headWidth];
  const arena = new Arena(gpu);
  try {
    const units = new Float32Array(spec.heads * rows * headWidth);
    for (let i = 0; i < spec.heads * rows; i++) units[i * headWidth + (i % rows)] = 1;
    const context = { arena, weights, tokens: rows, sequence: 1 };
    const outputs = arena.tensor('rows of W_O', [spec.heads, rows, width]);
    const jobs = everyHeadOutput(context, layers[layer]!, rows, (head) => head * rows * layout.head4);
    const mixed = arena.upload('unit rows', units);
    const toOutputs = await attentionOutput(context, layers[layer]!, jobs, { mixed, outputs });
    const recording = gpu.record();
    toOutputs.encode(recording);
    recording.submit();
    const written = scaledRows(new Float32Array(await gpu.read(outputs)), await writingGain(weights, layer));
    const read = await rowsThrough(weights, gram, written, { maxBytes });
    const inputs = norm1 ? scaledRows(read, await numbersOf(weights, norm1.gain)) : read;
    const projected = await rowsThrough(weights, qkv, inputs, { maxBytes });
    const columns = 4 * qkv.columns4;
    return Array.from({ length: spec.heads }, (_, head) => {
      const first = 4 * projectionColumn4(layout, 'v', head);
      return Float64Array.from(
        { length: rows * rows },
        (_unused, i) => projected[(head * rows + Math.floor(i / rows)) * columns + first + (i % rows)]!,
      );
    });
  } finally {
    arena.dispose();
  }
}
