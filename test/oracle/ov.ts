/** The OV circuit of a head in float64, after its definition: gains, W_V, W_O and the unembedding. */
import { layerTensor } from '../../src/model/weight-table.js';
import type { OracleModel } from './model.js';

/** logits[word][token] = (E[word] g1) W_V W_O g_f U^T of one head. */
export function oracleOv(model: OracleModel, layer: number, head: number, words: readonly number[]): Float64Array[] {
  const { width, headWidth, heads, kvHeads, vocab, tied } = model.spec;
  const [wv, wo] = [model.tensor(layerTensor(layer, 'wv')), model.tensor(layerTensor(layer, 'wo'))];
  const [gain, finalGain] = [model.tensor(layerTensor(layer, 'norm1.gain')), model.tensor('normf.gain')];
  const [embed, unembed] = [model.tensor('embed'), model.tensor(tied ? 'embed' : 'unembed')];
  const valueHead = Math.floor((head * kvHeads) / heads);
  return words.map((word) => {
    const direction = new Float64Array(width);
    for (let j = 0; j < headWidth; j++) {
      let value = 0;
      for (let i = 0; i < width; i++) {
        value += embed[word * width + i]! * gain[i]! * wv[i * kvHeads * headWidth + valueHead * headWidth + j]!;
      }
      for (let i = 0; i < width; i++) direction[i]! += value * wo[(head * headWidth + j) * width + i]!;
    }
    return Float64Array.from({ length: vocab }, (_, id) => {
      let logit = 0;
      for (let i = 0; i < width; i++) logit += direction[i]! * finalGain[i]! * unembed[id * width + i]!;
      return logit;
    });
  });
}
