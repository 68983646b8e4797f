/** The OV circuit of a head in float64, after its definition: gains, W_V, W_O and the unembedding. */
import { layerTensor, type NormName } from '../../src/model/weight-table.js';
import type { OracleModel } from './pass.js';
import { matmul, matmulTransposed } from './ops.js';
import { keyHead } from './sublayers.js';

/**
 * logits[word][token] = (E[word] g1) W_V W_O g_p g_f U^T of one head, with the embedding's scale; g1 and the gain g_p
 * of a norm of the attention's output are left out where a model has no such norm.
 */
export function oracleOv(model: OracleModel, layer: number, head: number, words: readonly number[]): Float64Array[] {
  const { width, headWidth, tied, embeddingScale, preNorms, postNorms } = model.spec;
  const gain = (there: boolean, name: NormName): Float64Array =>
    there ? model.norm(layer, name).gain : new Float64Array(width).fill(1);
  const [before, after] = [gain(preNorms, 'norm1'), gain(postNorms, 'postnorm1')];
  const values = model.headColumns(layer, 'wv', keyHead(model, head));
  const size = headWidth * width;
  const output = model.tensor(layerTensor(layer, 'wo')).subarray(head * size, (head + 1) * size);
  return words.map((word) => {
    const embedding = model.tensor('embed').subarray(word * width, (word + 1) * width);
    const read = embedding.map((x, i) => x * embeddingScale * before[i]!);
    const direction = matmul(matmul(read, values, null, width, headWidth), output, null, headWidth, width);
    const written = direction.map((x, i) => x * after[i]! * model.finalNorm.gain[i]!);
    return matmulTransposed(written, model.tensor(tied ? 'embed' : 'unembed'), width);
  });
}
