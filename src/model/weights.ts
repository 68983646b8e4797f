import { Arena, type Tensor } from '../gpu/arena.js';
import type { Gpu } from '../gpu/gpu.js';
import { packMatrix, PANEL4, type Matrix } from '../gpu/product/matrix.js';
import { BRANCHES } from '../circuit/nodes.js';
import { layoutOf, padBlocks, projectionColumn4, projectionColumns4, type Layout } from './layout.js';
import type { WeightReader } from './load-model.js';
import type { Activation, ModelSpec } from './spec.js';
import { layerTensor, weightTable, type LayerTensor, type NormName, type TensorName } from './weight-table.js';

export interface NormWeights {
  /** What the norm multiplies with: 1 + w where the checkpoint stores w. */
  readonly gain: Tensor;
  /** Zeros for an RMS norm. */
  readonly bias: Tensor;
}

export interface LayerWeights {
  /** Null where the sublayer reads the stream itself. */
  readonly norm1: NormWeights | null;
  /** [d, projectionColumns]: q of all heads, then k, then v. */
  readonly qkv: Matrix;
  /** Zeros where the model has none. */
  readonly qkvBias: Tensor;
  /** Of queries and keys, [H + G, dh]: those of the query heads, then those of the key heads. */
  readonly queryKeyNorm: NormWeights | null;
  /** [H dh, d] */
  readonly attentionOut: Matrix;
  /** Zeros where the model has none. */
  readonly attentionOutBias: Tensor;
  /** Of the sum of the heads and the output bias. */
  readonly attentionPostNorm: NormWeights | null;
  /** Null in an attention-only model. */
  readonly mlp: MlpWeights | null;
}

export interface MlpWeights {
  /** Null where the sublayer reads the stream itself. */
  readonly norm: NormWeights | null;
  /** [d, F]; of a gated MLP, what the activated gate multiplies. */
  readonly in: Matrix;
  /** Zeros where the model has none. */
  readonly inBias: Tensor;
  readonly gate: GateWeights | null;
  readonly activation: Activation;
  /** [F, d] */
  readonly out: Matrix;
  /** Zeros where the model has none. */
  readonly outBias: Tensor;
  /** Of the MLP's output, bias included. */
  readonly postNorm: NormWeights | null;
}

/** The gate of a gated MLP, whose hidden layer is activation(x W_gate + b) * (x W_in + b_in). */
export interface GateWeights {
  /** [d, F] */
  readonly matrix: Matrix;
  readonly bias: Tensor;
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
  /** [S, d]; null where positions are not embedded. */
  readonly positions: Tensor | null;
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: NormWeights;
  readonly unembed: Matrix;
  /** [V]; null where the logits have none. */
  readonly unembedBias: Tensor | null;
  /**
   * attentionBias[l]: sum of the attention output biases of layers < l, the constant of every port before layer l's
   * own. Zeros where a norm comes after the sublayers: the biases are then inside these norms.
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
    const bias = await reader.values(layerTensor(layer, 'bo'), spec.width);
    layers.push(await uploadLayer(reader, layer, bias));
    if (!spec.postNorms) bias.forEach((value, i) => (biasSum[i]! += value));
    attentionBias.push(arena.upload(`attention bias before layer ${layer + 1}`, Float32Array.from(biasSum)));
  }
  const embed = await reader.transposed('embed');
  const learned = spec.positions.kind === 'learned';
  const positions = learned ? await reader.blocks('positions', [spec.maxPositions, spec.width]) : null;
  return {
    gpu,
    spec,
    layout,
    chunkBytes: gpu.maxBinding,
    embed,
    positions: positions && arena.upload('positions', positions),
    layers,
    finalNorm: await reader.norm('normf'),
    unembed: spec.tied ? embed : await reader.transposed('unembed'),
    unembedBias: spec.logitBias ? await reader.vector('bu', spec.vocab) : null,
    attentionBias,
    dispose: () => arena.dispose(),
  };
}

async function uploadLayer(
  reader: WeightUpload,
  layer: number,
  outBias: Float32Array<ArrayBuffer>,
): Promise<LayerWeights> {
  const { spec, layout, arena } = reader;
  const { width, headWidth, heads } = spec;
  const at = (tensor: LayerTensor): TensorName => layerTensor(layer, tensor);
  const out = await reader.blocks(at('wo'), [heads * headWidth, width], [headWidth, width]);
  return {
    norm1: await reader.optionalNorm(`layers.${layer}.norm1`),
    ...(await uploadProjections(reader, layer)),
    queryKeyNorm: await uploadQueryKeyNorm(reader, layer),
    attentionOut: reader.matrix(at('wo'), out, heads * 4 * layout.head4),
    attentionOutBias: arena.upload(at('bo'), outBias),
    attentionPostNorm: await reader.optionalNorm(`layers.${layer}.postnorm1`),
    mlp: spec.mlp && (await uploadMlp(reader, layer, spec.mlp.activation)),
  };
}

async function uploadMlp(reader: WeightUpload, layer: number, activation: Activation): Promise<MlpWeights> {
  const { layout, spec } = reader;
  const { width, mlpWidth } = spec;
  const at = (tensor: LayerTensor): TensorName => layerTensor(layer, tensor);
  const into = async (tensor: LayerTensor): Promise<Matrix> =>
    reader.matrix(at(tensor), await reader.blocks(at(tensor), [width, mlpWidth]), 4 * layout.width4);
  const normed = spec.block === 'parallel-shared-norm' ? 'norm1' : 'norm2';
  return {
    norm: await reader.optionalNorm(`layers.${layer}.${normed}`),
    in: await into('win'),
    inBias: await reader.vector(at('bin'), mlpWidth),
    gate:
      spec.mlp?.kind === 'gated'
        ? { matrix: await into('wgate'), bias: await reader.vector(at('bgate'), mlpWidth) }
        : null,
    activation,
    out: reader.matrix(at('wout'), await reader.blocks(at('wout'), [mlpWidth, width]), 4 * layout.mlp4),
    outBias: await reader.vector(at('bout'), width),
    postNorm: await reader.optionalNorm(`layers.${layer}.postnorm2`),
  };
}

/** The norms of queries and keys, head by head, whether the checkpoint has one gain for all heads or one for each. */
async function uploadQueryKeyNorm(reader: WeightUpload, layer: number): Promise<NormWeights | null> {
  const { spec, layout, arena } = reader;
  const { qkNorm } = spec.attention;
  if (!qkNorm) return null;
  const parts = { gain: [] as Float32Array[], bias: [] as Float32Array[] };
  for (const branch of ['q', 'k'] as const) {
    const heads = layout.projectionHeads[branch];
    const stored = qkNorm.over === 'head' ? 1 : heads;
    for (const part of ['gain', 'bias'] as const) {
      const name = layerTensor(layer, `${branch}norm.${part}`);
      const values = await reader.normPart(name, stored * spec.headWidth, spec.headWidth);
      for (let copy = 0; copy < heads / stored; copy++) parts[part].push(values);
    }
  }
  const joined = (part: 'gain' | 'bias'): Tensor =>
    arena.upload(`query and key norm ${part}`, Float32Array.from(parts[part].flatMap((values) => [...values])));
  return { gain: joined('gain'), bias: joined('bias') };
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
  readonly #table: ReturnType<typeof weightTable>;

  constructor(arena: Arena, spec: ModelSpec, source: WeightReader) {
    this.arena = arena;
    this.spec = spec;
    this.layout = layoutOf(spec);
    this.#source = source;
    this.#table = weightTable(spec);
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

  /** A vector of `length` numbers, padded block by block; zeros where the model does not have it. */
  async values(name: TensorName, length: number, block = length): Promise<Float32Array<ArrayBuffer>> {
    const padded = 4 * (length / block) * Math.ceil(block / 4);
    if (!this.#table.has(name)) return new Float32Array(padded);
    return (await this.blocks(name, [1, length], [1, block])).subarray(0, padded);
  }

  async vector(name: TensorName, length: number): Promise<Tensor> {
    return this.arena.upload(name, await this.values(name, length));
  }

  /** The gain or the bias of a norm. */
  async normPart(name: TensorName, length: number, block = length): Promise<Float32Array<ArrayBuffer>> {
    const values = await this.values(name, length, block);
    if (!this.spec.norm.onePlusGain || !name.endsWith('gain')) return values;
    return values.map((value, i) => (i % (4 * Math.ceil(block / 4)) < block ? 1 + value : 0));
  }

  async norm(name: 'normf' | `layers.${number}.${NormName}`): Promise<NormWeights> {
    const part = async (which: 'gain' | 'bias'): Promise<Tensor> =>
      this.arena.upload(`${name}.${which}`, await this.normPart(`${name}.${which}`, this.spec.width));
    return { gain: await part('gain'), bias: await part('bias') };
  }

  /** Null where the model does not have it. */
  async optionalNorm(name: `layers.${number}.${NormName}`): Promise<NormWeights | null> {
    return this.#table.has(`${name}.gain`) ? this.norm(name) : null;
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
