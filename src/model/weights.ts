import { Arena, type Tensor } from '../gpu/arena.js';
import type { Gpu } from '../gpu/gpu.js';
import { packMatrix, PANEL4, type Matrix } from '../gpu/product/matrix.js';
import { layoutOf, padBlocks, type Layout } from './layout.js';
import type { WeightReader } from './load-model.js';
import type { ModelSpec } from './spec.js';
import { layerTensor, type LayerTensor, type TensorName } from './weight-table.js';

export interface NormWeights {
  readonly gain: Tensor;
  readonly bias: Tensor;
}

export interface LayerWeights {
  readonly norm1: NormWeights;
  /** [d, 3H heads]: q of all heads, then k, then v. */
  readonly qkv: Matrix;
  readonly qkvBias: Tensor;
  /** [H heads, d] */
  readonly attentionOut: Matrix;
  readonly norm2: NormWeights;
  readonly mlpIn: Matrix;
  readonly mlpInBias: Tensor;
  readonly mlpOut: Matrix;
  readonly mlpOutBias: Tensor;
}

/** All weights of a model on the device. */
export interface ModelWeights {
  readonly gpu: Gpu;
  readonly spec: ModelSpec;
  readonly layout: Layout;
  /** Most bytes of a chunk of a matrix. */
  readonly chunkBytes: number;
  /** [d, V]: the transposed embedding, so that a tied unembedding reads the same memory. */
  readonly embed: Matrix;
  readonly positions: Tensor;
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: NormWeights;
  readonly unembed: Matrix;
  /** attentionBias[l]: sum of the attention output biases of layers < l, the constant of every port before layer l's own. */
  readonly attentionBias: readonly Tensor[];
  dispose(): void;
}

/**
 * Uploads every weight, padded to vec4s and split where it exceeds a binding. Bytes: 4 per weight, plus padding.
 * One tensor at a time is held on the host.
 */
export async function uploadWeights(gpu: Gpu, spec: ModelSpec, source: WeightReader): Promise<ModelWeights> {
  const arena = new Arena(gpu);
  try {
    return await upload(gpu, arena, spec, source);
  } catch (error) {
    arena.dispose();
    throw error;
  }
}

async function upload(gpu: Gpu, arena: Arena, spec: ModelSpec, source: WeightReader): Promise<ModelWeights> {
  const layout = layoutOf(spec);
  const { width, headWidth, mlpWidth, heads } = spec;

  const vector = async (name: TensorName, length: number, block = length): Promise<Float32Array<ArrayBuffer>> =>
    padBlocks(await source.read(name), 1, length, 1, block).subarray(0, 4 * (length / block) * Math.ceil(block / 4));
  const bias = async (name: TensorName, length: number): Promise<Tensor> =>
    arena.upload(name, await vector(name, length));
  const norm = async (gainName: TensorName, biasName: TensorName): Promise<NormWeights> => ({
    gain: await bias(gainName, width),
    bias: await bias(biasName, width),
  });

  const matrix = (name: string, data: Float32Array, inner: number): Matrix => {
    const columns = data.length / inner;
    return packMatrix(arena, name, inner / 4, columns / 4, gpu.maxBinding, (panel, first, count) => {
      for (let r = 0; r < inner; r++) {
        panel.set(data.subarray(r * columns + first, r * columns + first + count), r * 4 * PANEL4);
      }
    });
  };

  /** [d, V] from the checkpoint's [V, d]. */
  const transposed = async (name: TensorName): Promise<Matrix> => {
    const data = await source.read(name);
    return packMatrix(arena, name, layout.width4, layout.vocabStride / 4, gpu.maxBinding, (panel, first, count) => {
      for (let column = 0; column < Math.min(count, spec.vocab - first); column++) {
        const from = (first + column) * width;
        for (let r = 0; r < width; r++) panel[r * 4 * PANEL4 + column] = data[from + r]!;
      }
    });
  };

  const layers: LayerWeights[] = [];
  const attentionBias = [arena.tensor('attention bias before layer 0', [4 * layout.width4])];
  const biasSum = new Float64Array(4 * layout.width4);
  for (let l = 0; l < spec.layers; l++) {
    const at = (tensor: LayerTensor): TensorName => layerTensor(l, tensor);
    const qkv = new Float32Array(4 * layout.width4 * 3 * heads * 4 * layout.head4);
    const qkvBias = new Float32Array(3 * heads * 4 * layout.head4);
    const part4 = heads * layout.head4;
    for (const [i, branch] of (['q', 'k', 'v'] as const).entries()) {
      const part = padBlocks(await source.read(at(`w${branch}`)), width, heads * headWidth, width, headWidth);
      for (let r = 0; r < width; r++) {
        qkv.set(part.subarray(r * 4 * part4, (r + 1) * 4 * part4), (r * 3 + i) * 4 * part4);
      }
      qkvBias.set(await vector(at(`b${branch}`), heads * headWidth, headWidth), i * 4 * part4);
    }
    const out = padBlocks(await source.read(at('wo')), heads * headWidth, width, headWidth, width);
    const mlpIn = padBlocks(await source.read(at('win')), width, mlpWidth, width, mlpWidth);
    const mlpOut = padBlocks(await source.read(at('wout')), mlpWidth, width, mlpWidth, width);
    layers.push({
      norm1: await norm(at('norm1.gain'), at('norm1.bias')),
      qkv: matrix('q, k and v weights', qkv, 4 * layout.width4),
      qkvBias: arena.upload('q, k and v biases', qkvBias),
      attentionOut: matrix(at('wo'), out, heads * 4 * layout.head4),
      norm2: await norm(at('norm2.gain'), at('norm2.bias')),
      mlpIn: matrix(at('win'), mlpIn, 4 * layout.width4),
      mlpInBias: await bias(at('bin'), mlpWidth),
      mlpOut: matrix(at('wout'), mlpOut, 4 * layout.mlp4),
      mlpOutBias: await bias(at('bout'), width),
    });
    (await vector(at('bo'), width)).forEach((value, i) => (biasSum[i]! += value));
    attentionBias.push(arena.upload(`attention bias before layer ${l + 1}`, Float32Array.from(biasSum)));
  }
  const embed = await transposed('embed');
  const positions = padBlocks(await source.read('positions'), spec.maxPositions, width, spec.maxPositions, width);
  return {
    gpu,
    spec,
    layout,
    chunkBytes: gpu.maxBinding,
    embed,
    positions: arena.upload('positions', positions),
    layers,
    finalNorm: await norm('normf.gain', 'normf.bias'),
    unembed: spec.tied ? embed : await transposed('unembed'),
    attentionBias,
    dispose: () => arena.dispose(),
  };
}
