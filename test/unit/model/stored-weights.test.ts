/** Weights in the storage of their checkpoint, before they are on a device. */
import { expect, test } from 'vitest';
import { widened, type WeightStorage } from '../../../src/base/stored-values.js';
import type { ByteProgress } from '../../../src/base/work-progress.js';
import { memoryDirectory } from '../../../src/checkpoint/byte-source.js';
import { openModel, type ModelOptions } from '../../../src/model/load-model.js';
import { gpt2Spec, randomModel } from '../../../src/model/random-model.js';
import { deviceBytes, storedBytes } from '../../../src/model/weight-storage.js';
import { weightTable } from '../../../src/model/weight-table.js';
import { refuseNonFinite } from '../../../src/run/non-finite.js';
import { rounded } from '../../support/narrow.js';
import { byName, gpt2Folder, storedTensors } from '../../support/stored-checkpoint.js';

const spec = gpt2Spec({ layers: 2, heads: 2, headWidth: 5, mlpWidth: 22, vocab: 31, maxPositions: 7, tied: false });
const [matrices, others] = sizesOf();

function sizesOf(): [number, number] {
  let [matrix, other] = [0, 0];
  for (const [name, shape] of weightTable(spec)) {
    const size = shape.reduce((product, n) => product * n, 1);
    if (shape.length === 2 && name !== 'positions') matrix += size;
    else other += size;
  }
  return [matrix, other];
}

async function open(storage: (tensor: string) => WeightStorage, options: ModelOptions = {}) {
  const files = gpt2Folder(spec, await storedTensors(spec, 3, storage));
  return openModel(memoryDirectory('m', files), options);
}

test.each(['f32', 'f16', 'bf16'] as const)(
  'a checkpoint in %s is read as it is stored, and as f32',
  async (storage) => {
    const { weights } = await open(() => storage);
    const made = await randomModel(spec, 3);
    for (const name of weightTable(spec).keys()) {
      const stored = await weights.readStored!(name);
      expect([name, weights.storage!(name), stored.storage]).toEqual([name, storage, storage]);
      expect(stored.values.BYTES_PER_ELEMENT).toBe(storage === 'f32' ? 4 : 2);
      expect([name, widened(stored)]).toEqual([name, rounded(await made.weights.read(name), storage)]);
      expect([name, await weights.read(name)]).toEqual([name, widened(stored)]);
    }
    const size = storage === 'f32' ? 4 : 2;
    expect(storedBytes(spec, weights)).toBe(size * (matrices + others));
    const expected: [WeightStorage, number][] = [
      ['f32', 4 * others],
      [storage, size * matrices + (storage === 'f32' ? 4 * others : 0)],
    ];
    expect(deviceBytes(spec, weights)).toEqual(new Map(expected));
  },
);

test('weights of f32 are asked for: nothing says that they are stored otherwise', async () => {
  const stored = await open(() => 'bf16');
  const wide = await open(() => 'bf16', { weights: 'f32' });
  expect(wide.hash).toBe(stored.hash);
  expect(Object.keys(wide.weights)).toEqual(['read']);
  expect(deviceBytes(spec, wide.weights)).toEqual(new Map([['f32', 4 * (matrices + others)]]));
  for (const name of weightTable(spec).keys()) {
    expect(await wide.weights.read(name)).toEqual(await stored.weights.read(name));
  }
});

test('each tensor has a storage of its own', async () => {
  const model = await open(byName);
  expect(new Set([...weightTable(spec).keys()].map((name) => model.weights.storage!(name))).size).toBe(3);
  for (const name of weightTable(spec).keys()) {
    expect((await model.weights.readStored!(name)).storage).toBe(model.weights.storage!(name));
  }
});

test('q, k and v of different storages are f32 on the device', () => {
  const storage = (name: string): WeightStorage => (name === 'layers.1.wk' ? 'f16' : 'bf16');
  const projections = 3 * spec.width * spec.width;
  const bytes = 2 * (matrices - projections) + 4 * (projections + others);
  const counted = deviceBytes(spec, { storage });
  expect(counted.get('f16')).toBeUndefined();
  expect([...counted.values()].reduce((sum, size) => sum + size, 0)).toBe(bytes);
});

test('an unembedding that holds the same numbers in another storage is that of a tied model', async () => {
  const tied = { ...spec, tied: true };
  const tensors = await storedTensors(tied, 3, () => 'bf16');
  const wide = await storedTensors(tied, 3, () => 'bf16');
  const embedding = wide['transformer.wte.weight']!;
  const values = widened({ storage: 'bf16', values: new Uint16Array(new Uint8Array(embedding.bytes).buffer) });
  const unembedding = (bits: Float32Array) => ({
    ...embedding,
    dtype: 'F32',
    bytes: new Uint8Array(new Float32Array(bits).buffer),
  });
  const opened = async (bits: Float32Array) =>
    openModel(memoryDirectory('m', gpt2Folder(tied, { ...tensors, 'lm_head.weight': unembedding(bits) })));
  expect((await opened(values)).spec.tied).toBe(true);
  const changed = values.map((value, i) => (i === values.length - 1 ? value + 1 : value));
  await expect(opened(changed)).rejects.toThrow('lm_head.weight differs from the embedding');
});

test('a number that is none, of 16 bits, is named', async () => {
  const tensors = await storedTensors(spec, 3, () => 'bf16');
  const broken = tensors['transformer.h.1.mlp.c_fc.weight']!;
  broken.bytes.set([0xc0, 0x7f], 2 * 40);
  const model = await openModel(memoryDirectory('m', gpt2Folder(spec, tensors)));
  await expect(refuseNonFinite(model, 'KL', Number.NaN)).rejects.toThrow('layers.1.win holds NaN');
});

test('reading tells how many bytes of the files were read', async () => {
  const told: ByteProgress[] = [];
  const files = gpt2Folder(spec, await storedTensors(spec, 3, () => 'f16'));
  await openModel(memoryDirectory('m', files), { onRead: (progress) => told.push(progress) });
  const total = files.get('model.safetensors')!.length;
  expect(told).toEqual([{ bytes: total, total }]);
});
