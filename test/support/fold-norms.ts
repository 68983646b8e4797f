/** The weight processing of TransformerLens, which changes nothing that resample-patched metrics see. */
import type { LoadedModel } from '../../src/model/load-model.js';
import { layerTensor, weightTable, type LayerTensor, type TensorName } from '../../src/model/weight-table.js';
import { matmul } from '../oracle/ops.js';

/**
 * The same function with other weights: norm gains and biases folded into the matrices that read them, value biases
 * into the attention's output bias, everything written into the residual stream centred, the unembedding centred.
 * Untied.
 */
export async function foldNorms(model: LoadedModel): Promise<LoadedModel> {
  const spec = { ...model.spec, tied: false };
  const { width, heads, headWidth, mlpWidth, layers, vocab } = spec;
  const tensors = new Map<TensorName, Float64Array>();
  for (const name of weightTable(model.spec).keys())
    tensors.set(name, Float64Array.from(await model.weights.read(name)));
  const get = (name: TensorName): Float64Array => tensors.get(name)!;
  if (model.spec.tied) tensors.set('unembed', get('embed').slice());

  /** gain and bias of a norm move into the matrix [width, columns] that follows. */
  const foldInto = (gain: Float64Array, bias: Float64Array, w: TensorName, b: TensorName, columns: number): void => {
    const moved = matmul(bias, get(w), get(b), width, columns);
    tensors.set(b, moved);
    tensors.set(
      w,
      get(w).map((value, i) => value * gain[Math.floor(i / columns)]!),
    );
  };
  const centreRows = (name: TensorName): void => {
    const values = get(name);
    for (let start = 0; start < values.length; start += width) {
      const row = values.subarray(start, start + width);
      const mean = row.reduce((sum, value) => sum + value, 0) / width;
      row.forEach((value, i) => (row[i] = value - mean));
    }
  };

  for (let l = 0; l < layers; l++) {
    const at = (tensor: LayerTensor): TensorName => layerTensor(l, tensor);
    for (const branch of ['q', 'k', 'v'] as const) {
      foldInto(get(at('norm1.gain')), get(at('norm1.bias')), at(`w${branch}`), at(`b${branch}`), heads * headWidth);
    }
    foldInto(get(at('norm2.gain')), get(at('norm2.bias')), at('win'), at('bin'), mlpWidth);
    for (const norm of ['norm1', 'norm2'] as const) {
      get(at(`${norm}.gain`)).fill(1);
      get(at(`${norm}.bias`)).fill(0);
    }
    // A head's pattern sums to 1 over the keys, so its value bias reaches the output whole.
    tensors.set(at('bo'), matmul(get(at('bv')), get(at('wo')), get(at('bo')), heads * headWidth, width));
    get(at('bv')).fill(0);
    for (const written of ['wo', 'bo', 'wout', 'bout'] as const) centreRows(at(written));
  }
  centreRows('embed');
  centreRows('positions');
  // The final norm's bias stays, divided by the gain: there is no logit bias to move it to.
  const [gain, bias, unembed] = [get('normf.gain'), get('normf.bias'), get('unembed')];
  bias.forEach((value, i) => (bias[i] = value / gain[i]!));
  unembed.forEach((value, i) => (unembed[i] = value * gain[i % width]!));
  gain.fill(1);
  for (let column = 0; column < width; column++) {
    let mean = 0;
    for (let id = 0; id < vocab; id++) mean += unembed[id * width + column]! / vocab;
    for (let id = 0; id < vocab; id++) unembed[id * width + column]! -= mean;
  }
  return {
    ...model,
    name: `${model.name}, folded`,
    spec,
    weights: { read: (name) => Promise.resolve(Float32Array.from(get(name))) },
  };
}
