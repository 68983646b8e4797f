/** Weights on the device in the storage of their checkpoint: they take less room, and change no bit. */
import { expect, test } from 'vitest';
import { ABLATIONS } from '../../src/circuit/run-identity.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { WeightStorage } from '../../src/base/stored-values.js';
import type { ByteProgress } from '../../src/base/work-progress.js';
import { memoryDirectory } from '../../src/checkpoint/byte-source.js';
import { Gpu } from '../../src/gpu/gpu.js';
import type { Matrix } from '../../src/gpu/product/matrix.js';
import { openModel, type LoadedModel, type WeightsOption } from '../../src/model/load-model.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import { storedBytes } from '../../src/model/weight-storage.js';
import type { TensorName } from '../../src/model/weight-table.js';
import { uploadWeights, type ModelWeights } from '../../src/model/weights.js';
import { METRIC_NAMES } from '../../src/readout/metrics.js';
import { ovTokens } from '../../src/inspect/ov-tokens.js';
import { loadOracle } from '../oracle/model.js';
import { scoresOf, UNEVEN } from '../support/attribution.js';
import { allLogits, uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { smallSpec } from '../support/families.js';
import { expectClose, expectSame, useDevice } from '../support/gpu.js';
import { narrowed, rounded } from '../support/narrow.js';
import { oracleTask } from '../support/oracle-task.js';
import { byName, gpt2Folder, storedTensors } from '../support/stored-checkpoint.js';

const device = useDevice();

/** Odd sizes; more than a panel of columns in four kinds of matrices; borders between q, k and v within a panel. */
const spec = gpt2Spec({ layers: 2, heads: 11, headWidth: 11, mlpWidth: 135, vocab: 301, maxPositions: 9, tied: false });

async function open(
  storage: (tensor: string) => WeightStorage,
  weights: WeightsOption = 'stored',
  of = spec,
): Promise<LoadedModel> {
  const files = gpt2Folder(of, await storedTensors(of, 11, storage));
  return openModel(memoryDirectory('m', files), { weights });
}

function matricesOf({ embed, unembed, layers }: ModelWeights): Matrix[] {
  const inLayers = layers.flatMap(({ qkv, attentionOut, mlp }) => [qkv, attentionOut, mlp!.in, mlp!.out]);
  return [...new Set([embed, unembed, ...inLayers])];
}

const bytesOf = (matrices: readonly Matrix[]): number =>
  matrices.flatMap(({ chunks }) => chunks).reduce((sum, { data }) => sum + data.buffer.size, 0);

const storagesOf = ({ chunks }: Matrix): WeightStorage[] => [...new Set(chunks.map(({ data }) => data.storage))];

/** What passes give: forwards by every metric, backwards, and what heads write. */
async function everything(model: DeviceModel, gpu: Gpu): Promise<unknown> {
  // The activations keep this adapter's real limit.
  const on = { ...model, weights: { ...model.weights, gpu } };
  const circuits = [0, 3, 5, 7].map((edge) =>
    EdgeSet.full(model.topology)
      .without(edge)
      .without(2 * edge + 1),
  );
  const values = [];
  for (const ablation of ABLATIONS.filter((name) => name !== 'mean-positional')) {
    const options = { ablation, directEdges: true, circuits: 2, prompts: 2 };
    values.push(await withEvaluator(on, UNEVEN, options, (evaluator) => evaluator.evaluate(circuits, METRIC_NAMES)));
  }
  return {
    values,
    probabilities: await scoresOf(on, UNEVEN, { metric: 'prob-diff' }),
    difference: await scoresOf(on, UNEVEN),
    ov: await ovTokens(on.weights, [{ layer: 1, head: 2 }], [3, 8, 22], 1e6),
  };
}

test.each([
  ['f16', () => 'f16' as const],
  ['bf16', () => 'bf16' as const],
  ['several storages', byName],
])('a model in %s gives the bits of its weights in f32, in one piece and in several', async (_, storage) => {
  const wide = await uploadModel(device.gpu, await open(storage, 'f32'));
  const model = await open(storage);
  const stored = await uploadModel(device.gpu, model);
  // Bindings as if they ended at one panel of the largest matrix.
  const limited = new Gpu(device.gpu.device, device.gpu.adapter, { bindingLimit: 136 * 128 * 4 });
  const pieces = await uploadModel(limited, model);
  const widePieces = await uploadModel(limited, await open(storage, 'f32'));
  try {
    expect(matricesOf(wide.weights).map(storagesOf).flat()).toEqual(Array(10).fill('f32'));
    expect(matricesOf(pieces.weights).map(({ chunks }) => chunks.length)).toEqual([3, 3, 4, 1, 2, 1, 4, 1, 2, 1]);
    expect(await everything(stored, device.gpu)).toEqual(await everything(wide, device.gpu));
    expect(await everything(pieces, device.gpu)).toEqual(await everything(widePieces, device.gpu));
    const logits = await allLogits(stored, UNEVEN, 'clean');
    const oracle = oracleTask(await loadOracle(model), UNEVEN);
    oracle.clean.forEach((pass, n) => expectClose(`prompt ${n}`, logits[n]!, pass.logits, 1e-5, 'relative'));
  } finally {
    for (const { weights } of [wide, stored, pieces, widePieces]) weights.dispose();
  }
});

test.each(['llama3', 'gemma2', 'gpt_neox'] as const)('a %s model too', async (family) => {
  const made = await randomModel(smallSpec(family), 2);
  const read = async (name: TensorName) => rounded(await made.weights.read(name), 'bf16');
  const readStored = async (name: TensorName) => narrowed(await read(name), 'bf16');
  const wide = await uploadModel(device.gpu, { ...made, weights: { read } });
  const model = { ...made, weights: { read, readStored, storage: () => 'bf16' as const } };
  const stored = await uploadModel(device.gpu, model);
  try {
    for (const { gate } of stored.weights.layers.map(({ mlp }) => mlp!)) {
      if (gate) expect(storagesOf(gate.matrix)).toEqual(['bf16']);
    }
    expect(await everything(stored, device.gpu)).toEqual(await everything(wide, device.gpu));
  } finally {
    wide.weights.dispose();
    stored.weights.dispose();
  }
});

test.each(['f16', 'bf16'] as const)('matrices in %s take half the bytes of f32 on the device', async (storage) => {
  const tied = { ...spec, tied: true };
  const before = device.gpu.liveBytes;
  const wide = await uploadModel(device.gpu, await open(() => storage, 'f32', tied));
  const wideBytes = device.gpu.liveBytes - before;
  const stored = await uploadModel(device.gpu, await open(() => storage, 'stored', tied));
  const bytes = device.gpu.liveBytes - before - wideBytes;
  try {
    const [wideMatrices, matrices] = [matricesOf(wide.weights), matricesOf(stored.weights)];
    expect(matrices).toHaveLength(9); // the unembedding is the embedding
    expect(2 * bytesOf(matrices)).toBe(bytesOf(wideMatrices));
    expect(matrices.map(storagesOf)).toEqual(Array(9).fill([storage]));
    // Nothing else is on the device in two sizes.
    expect(wideBytes - bytes).toBe(bytesOf(matrices));
  } finally {
    wide.weights.dispose();
    stored.weights.dispose();
  }
});

test('queries, keys and values of different storages are one matrix in f32; every other keeps its own', async () => {
  const loaded = await open(() => 'bf16');
  const { weights } = loaded;
  const storage = (name: string): WeightStorage => (name === 'layers.1.wk' ? 'f32' : weights.storage!(name as 'embed'));
  const source = {
    ...weights,
    storage,
    readStored: async (name: Parameters<typeof weights.read>[0]) =>
      storage(name) === 'f32'
        ? { storage: 'f32' as const, values: await weights.read(name) }
        : weights.readStored!(name),
  };
  const mixed = await uploadWeights(device.gpu, spec, source);
  const wide = await uploadModel(device.gpu, await open(() => 'bf16', 'f32'));
  try {
    expect(mixed.layers.map(({ qkv }) => storagesOf(qkv))).toEqual([['bf16'], ['f32']]);
    expect(mixed.layers.map(({ attentionOut }) => storagesOf(attentionOut))).toEqual([['bf16'], ['bf16']]);
    const on = { topology: wide.topology, weights: mixed };
    const logits = await allLogits(on, UNEVEN, 'clean');
    (await allLogits(wide, UNEVEN, 'clean')).forEach((own, n) => expectSame(`prompt ${n}`, logits[n]!, own));
  } finally {
    mixed.dispose();
    wide.weights.dispose();
  }
});

test('loading reads one tensor after the other, and tells the bytes', async () => {
  const { weights } = await open(() => 'bf16');
  const told: ByteProgress[] = [];
  let reading = 0;
  const alone = async <T>(read: Promise<T>): Promise<T> => {
    expect(++reading).toBe(1);
    try {
      return await read;
    } finally {
      reading--;
    }
  };
  const uploaded = await uploadWeights(
    device.gpu,
    spec,
    {
      ...weights,
      read: (name) => alone(weights.read(name)),
      readStored: (name) => alone(weights.readStored!(name)),
    },
    (progress) => told.push(progress),
  );
  uploaded.dispose();
  const total = storedBytes(spec, weights);
  expect(told.at(-1)).toEqual({ bytes: total, total });
  const bytes = told.map((progress) => progress.bytes);
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  expect(told.length).toBeGreaterThan(10);
});
