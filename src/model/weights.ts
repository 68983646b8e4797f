import { Arena, type Tensor } from '../gpu/arena.js';
import type { Gpu } from '../gpu/gpu.js';
import { packMatrix, PANEL4, type Matrix } from '../gpu/product/matrix.js';
import { BRANCHES } from '../circuit/nodes.js';
import { layoutOf, padBlocks, projectionColumn4, projectionColumns4, type Layout } from './layout.js';
import type { WeightReader } from './load-model.js';
import type { Activation, ModelSpec } from './spec.js';
import { layerTensor, type LayerTensor, type TensorName } from './weight-table.js';

export interface NormWeights {
  readonly gain: Tensor;
  readonly bias: Tensor;
}

export interface LayerWeights {
  readonly norm1: NormWeights;
  /** [d, projectionColumns]: q of all heads, then k, then v. */
  readonly qkv: Matrix;
  readonly qkvBias: Tensor;
  /** [H dh, d] */
  readonly attentionOut: Matrix;
  /** Null in an attention-only model. */
  readonly mlp: MlpWeights | null;
}

export interface MlpWeights {
  readonly norm: NormWeights;
  /** [d, F] */
  readonly in: Matrix;
  readonly inBias: Tensor;
  readonly activation: Activation;
  /** [F, d] */
  readonly out: Matrix;
  readonly outBias: Tensor;
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
  /**
   * attentionBias[l]: sum of the attention output biases of layers < l, the constant of every port before layer l's
   * own.
   */
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
  const reader = new WeightUpload(arena, spec, source);
  const { layout } = reader;
  const layers: LayerWeights[] = [];
  const attentionBias = [arena.tensor('attention bias before layer 0', [4 * layout.width4])];
  const biasSum = new Float64Array(4 * layout.width4);
  for (let layer = 0; layer < spec.layers; layer++) {
    layers.push(await uploadLayer(reader, layer));
    const bias = await reader.values(layerTensor(layer, 'bo'), spec.width);
    bias.forEach((value, i) => (biasSum[i]! += value));
    attentionBias.push(arena.upload(`attention bias before layer ${layer + 1}`, Float32Array.from(biasSum)));
  }
  const embed = await reader.transposed('embed');
  const positions = await reader.blocks('positions', [spec.maxPositions, spec.width]);
  return {
    gpu,
    spec,
    layout,
    chunkBytes: gpu.maxBinding,
    embed,
    positions: arena.upload('positions', positions),
    layers,
    finalNorm: await reader.norm('normf.gain', 'normf.bias'),
    unembed: spec.tied ? embed : await reader.transposed('unembed'),
    attentionBias,
    dispose: () => arena.dispose(),
  };
}

async function uploadLayer(reader: WeightUpload, layer: number): Promise<LayerWeights> {
  const { spec, layout } = reader;
  const { width, headWidth, heads } = spec;
  const at = (tensor: LayerTensor): TensorName => layerTensor(layer, tensor);
  const out = await reader.blocks(at('wo'), [heads * headWidth, width], [headWidth, width]);
  return {
    norm1: await reader.norm(at('norm1.gain'), at('norm1.bias')),
    ...(await uploadProjections(reader, layer)),
    attentionOut: reader.matrix(at('wo'), out, heads * 4 * layout.head4),
    mlp: spec.mlp && (await uploadMlp(reader, layer, spec.mlp.activation)),
  };
}

async function uploadMlp(reader: WeightUpload, layer: number, activation: Activation): Promise<MlpWeights> {
  const { layout } = reader;
  const { width, mlpWidth } = reader.spec;
  const at = (tensor: LayerTensor): TensorName => layerTensor(layer, tensor);
  return {
    norm: await reader.norm(at('norm2.gain'), at('norm2.bias')),
    in: reader.matrix(at('win'), await reader.blocks(at('win'), [width, mlpWidth]), 4 * layout.width4),
    inBias: await reader.vector(at('bin'), mlpWidth),
    activation,
    out: reader.matrix(at('wout'), await reader.blocks(at('wout'), [mlpWidth, width]), 4 * layout.mlp4),
    outBias: await reader.vector(at('bout'), width),
  };
}

/** One matrix of all projections: q of all heads, then k, then v. */
async function uploadProjections(reader: WeightUpload, layer: number): Promise<Pick<LayerWeights, 'qkv' | 'qkvBias'>> {
  const { spec, layout, arena } = reader;
  const { width, headWidth } = spec;
  const columns = 4 * projectionColumns4(layout);
  const qkv = new Float32Array(4 * layout.width4 * columns);
  const qkvBias = new Float32Array(columns);
  for (const branch of BRANCHES) {
    const first = 4 * projectionColumn4(layout, branch, 0);
    const branchWidth = layout.projectionHeads[branch] * headWidth;
    const part = await reader.blocks(layerTensor(layer, `w${branch}`), [width, branchWidth], [width, headWidth]);
    const partColumns = layout.projectionHeads[branch] * 4 * layout.head4;
    for (let r = 0; r < width; r++) {
      qkv.set(part.subarray(r * partColumns, (r + 1) * partColumns), r * columns + first);
    }
    qkvBias.set(await reader.values(layerTensor(layer, `b${branch}`), branchWidth, headWidth), first);
  }
  return {
    qkv: reader.matrix('q, k and v weights', qkv, 4 * layout.width4),
    qkvBias: arena.upload('q, k and v biases', qkvBias),
  };
}

/** Reads tensors and pads them, one after the other. */
class WeightUpload {
  readonly arena: Arena;
  readonly spec: ModelSpec;
  readonly layout: Layout;
  readonly #source: WeightReader;

  constructor(arena: Arena, spec: ModelSpec, source: WeightReader) {
    this.arena = arena;
    this.spec = spec;
    this.layout = layoutOf(spec);
    this.#source = source;
  }

  /**
   * A matrix [rows, columns], padded in both directions. @param blocks sizes of the blocks to pad; default the whole.
   */
  async blocks(
    name: TensorName,
    [rows, columns]: readonly [number, number],
    [rowBlock, columnBlock]: readonly [number, number] = [rows, columns],
  ): Promise<Float32Array<ArrayBuffer>> {
    return padBlocks(await this.#source.read(name), rows, columns, rowBlock, columnBlock);
  }

  /** A vector of `length` numbers, padded block by block. */
  async values(name: TensorName, length: number, block = length): Promise<Float32Array<ArrayBuffer>> {
    const padded = 4 * (length / block) * Math.ceil(block / 4);
    return (await this.blocks(name, [1, length], [1, block])).subarray(0, padded);
  }

  async vector(name: TensorName, length: number): Promise<Tensor> {
    return this.arena.upload(name, await this.values(name, length));
  }

  async norm(gain: TensorName, bias: TensorName): Promise<NormWeights> {
    return { gain: await this.vector(gain, this.spec.width), bias: await this.vector(bias, this.spec.width) };
  }

  /** Packs padded rows [inner, columns]. */
  matrix(label: string, data: Float32Array, inner: number): Matrix {
    const columns = data.length / inner;
    return packMatrix(this.arena, label, inner / 4, columns / 4, this.arena.gpu.maxBinding, (panel, first, count) => {
      for (let r = 0; r < inner; r++) {
        panel.set(data.subarray(r * columns + first, r * columns + first + count), r * 4 * PANEL4);
      }
    });
  }

  /** [d, V] from the checkpoint's [V, d]. */
  async transposed(name: TensorName): Promise<Matrix> {
    const { arena, spec, layout } = this;
    const data = await this.#source.read(name);
    const { width4, vocabStride } = layout;
    return packMatrix(arena, name, width4, vocabStride / 4, arena.gpu.maxBinding, (panel, first, count) => {
      for (let column = 0; column < Math.min(count, spec.vocab - first); column++) {
        const from = (first + column) * spec.width;
        for (let r = 0; r < spec.width; r++) panel[r * 4 * PANEL4 + column] = data[from + r]!;
      }
    });
  }
}
