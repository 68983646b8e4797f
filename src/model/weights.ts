import type { ByteProgress } from '../base/work-progress.js';
import { Arena, type Tensor } from '../gpu/arena.js';
import type { Gpu } from '../gpu/gpu.js';
import type { Matrix } from '../gpu/product/matrix.js';
import { BRANCHES, type Branch } from '../circuit/nodes.js';
import { projectionColumn4, projectionColumns4, type Layout } from './layout.js';
import type { WeightReader } from './load-model.js';
import type { Activation, ModelSpec } from './spec.js';
import { layerTensor, type LayerTensor, type TensorName } from './weight-table.js';
import { WeightUpload } from './weight-upload.js';

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
 * Uploads every weight, padded to vec4s and split where it exceeds a binding. Matrices stay in the storage that
 * `source` gives them, 2 or 4 bytes a weight plus padding; vectors and learned positions are f32. One tensor at a time
 * is held on the host, beside one panel of a matrix.
 *
 * @param onProgress is told after every tensor of how much was read, in bytes as stored.
 */
export async function uploadWeights(
  gpu: Gpu,
  spec: ModelSpec,
  source: WeightReader,
  onProgress?: (progress: ByteProgress) => void,
): Promise<ModelWeights> {
  const arena = new Arena(gpu);
  try {
    return await upload(gpu, arena, spec, new WeightUpload(arena, spec, source, onProgress));
  } catch (error) {
    arena.dispose();
    throw error;
  }
}

async function upload(gpu: Gpu, arena: Arena, spec: ModelSpec, reader: WeightUpload): Promise<ModelWeights> {
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
  const { spec, arena } = reader;
  const { width, headWidth, heads } = spec;
  const at = (tensor: LayerTensor): TensorName => layerTensor(layer, tensor);
  return {
    norm1: await reader.optionalNorm(`layers.${layer}.norm1`),
    ...(await uploadProjections(reader, layer)),
    queryKeyNorm: await uploadQueryKeyNorm(reader, layer),
    attentionOut: await reader.matrix(at('wo'), [
      { tensor: at('wo'), shape: [heads * headWidth, width], blocks: [headWidth, width] },
    ]),
    attentionOutBias: arena.upload(at('bo'), outBias),
    attentionPostNorm: await reader.optionalNorm(`layers.${layer}.postnorm1`),
    mlp: spec.mlp && (await uploadMlp(reader, layer, spec.mlp.activation)),
  };
}

async function uploadMlp(reader: WeightUpload, layer: number, activation: Activation): Promise<MlpWeights> {
  const { spec } = reader;
  const { width, mlpWidth } = spec;
  const at = (tensor: LayerTensor): TensorName => layerTensor(layer, tensor);
  const into = async (tensor: LayerTensor): Promise<Matrix> =>
    reader.matrix(at(tensor), [{ tensor: at(tensor), shape: [width, mlpWidth] }]);
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
    out: await reader.matrix(at('wout'), [{ tensor: at('wout'), shape: [mlpWidth, width] }]),
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
  const qkvBias = new Float32Array(4 * projectionColumns4(layout));
  const branchWidth = (branch: Branch): number => layout.projectionHeads[branch] * headWidth;
  for (const branch of BRANCHES) {
    const bias = await reader.values(layerTensor(layer, `b${branch}`), branchWidth(branch), headWidth);
    qkvBias.set(bias, 4 * projectionColumn4(layout, branch, 0));
  }
  const parts = BRANCHES.map((branch) => ({
    tensor: layerTensor(layer, `w${branch}`),
    shape: [width, branchWidth(branch)] as const,
    blocks: [width, headWidth] as const,
  }));
  return {
    qkv: await reader.matrix('q, k and v weights', parts),
    qkvBias: arena.upload('q, k and v biases', qkvBias),
  };
}
