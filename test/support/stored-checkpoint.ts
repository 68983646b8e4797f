/** Folders of small models whose weights are stored as a test wants. */
import { WEIGHT_STORAGES, type WeightStorage } from '../../src/base/stored-values.js';
import { memorySource } from '../../src/checkpoint/byte-source.js';
import { readSafetensorsHeader, readTensor } from '../../src/checkpoint/safetensors.js';
import { gpt2Config, gpt2Safetensors } from '../../src/model/families/gpt2-files.js';
import { randomModel } from '../../src/model/random-model.js';
import type { ModelSpec } from '../../src/model/spec.js';
import { narrowed } from './narrow.js';
import { writeSafetensors, type TensorToWrite } from './safetensors-writer.js';

/** Numbers in a storage, as a tensor of a file. */
export function storedTensor(
  shape: readonly number[],
  values: Float32Array<ArrayBuffer>,
  storage: WeightStorage,
): TensorToWrite {
  const { buffer, byteOffset, byteLength } = narrowed(values, storage).values;
  return { dtype: storage.toUpperCase(), shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

/** The tensors of a random model under GPT-2's names, each rounded to its storage. */
export async function storedTensors(
  spec: ModelSpec,
  seed: number,
  storage: (tensor: string) => WeightStorage,
): Promise<Record<string, TensorToWrite>> {
  const parts: Uint8Array[] = [];
  for await (const part of gpt2Safetensors(spec, (await randomModel(spec, seed)).weights)) parts.push(part);
  const header = await readSafetensorsHeader(memorySource('random', Buffer.concat(parts)));
  const tensors: Record<string, TensorToWrite> = {};
  for (const [name, record] of header) {
    tensors[name] = storedTensor(record.shape, await readTensor(record), storage(name));
  }
  return tensors;
}

/** The folder of such a model. */
export function gpt2Folder(spec: ModelSpec, tensors: Readonly<Record<string, TensorToWrite>>): Map<string, Uint8Array> {
  return new Map([
    ['config.json', new TextEncoder().encode(gpt2Config(spec))],
    ['model.safetensors', writeSafetensors(tensors)],
  ]);
}

/** One of the storages, by the tensor's name. */
export function byName(tensor: string): WeightStorage {
  const sum = new TextEncoder().encode(tensor).reduce((total, letter) => total + letter, 0);
  return WEIGHT_STORAGES[sum % WEIGHT_STORAGES.length]!;
}
