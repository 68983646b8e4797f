import { EdgewiseError } from '../base/errors.js';
import type { StoredValues, WeightStorage } from '../base/stored-values.js';
import { oneLine } from '../base/text.js';
import type { ByteSource, ModelDirectory } from './byte-source.js';
import { thereIsInstead } from './foreign-files.js';
import {
  equalTensors,
  readSafetensorsHeader,
  readStored,
  readTensor,
  storageOf,
  type TensorRecord,
} from './safetensors.js';
import { readShards, SHARD_INDEX } from './sharded.js';

/** The tensors of a model under the names that its checkpoint gives them. */
export interface Checkpoint {
  /** For messages: the file that lists the tensors. */
  readonly name: string;
  /** Every file that holds tensors, in order of file name. */
  readonly files: readonly ByteSource[];
  names(): Iterable<string>;
  has(name: string): boolean;
  /** Throws where the tensor is absent. */
  shape(name: string): readonly number[];
  /** Throws, naming the element type, where `read` cannot read this tensor. */
  storage(name: string): WeightStorage;
  /** Row-major values as f32. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** Whether two tensors hold the same numbers. */
  equal(a: string, b: string): Promise<boolean>;
  /** Row-major values as they are stored. */
  readStored(name: string): Promise<StoredValues>;
}

const SINGLE_FILE = 'model.safetensors';

/** Opens model.safetensors, or the shards that model.safetensors.index.json names; only headers are read. */
export async function openCheckpoint(directory: ModelDirectory): Promise<Checkpoint> {
  const single = await directory.open(SINGLE_FILE);
  if (single) return checkpointOf(single.name, [single], await readSafetensorsHeader(single));
  const index = await directory.open(SHARD_INDEX);
  if (!index) {
    const instead = thereIsInstead((await directory.list?.()) ?? []);
    throw new EdgewiseError('checkpoint', directory.name, `holds neither ${SINGLE_FILE} nor ${SHARD_INDEX}${instead}`);
  }
  const { files, tensors } = await readShards(directory, index);
  return checkpointOf(index.name, files, tensors);
}

function checkpointOf(
  name: string,
  files: readonly ByteSource[],
  tensors: ReadonlyMap<string, TensorRecord>,
): Checkpoint {
  const record = (tensor: string): TensorRecord => {
    const found = tensors.get(tensor);
    if (!found) throw new EdgewiseError('checkpoint', name, `has no tensor ${oneLine(tensor)}`);
    return found;
  };
  return {
    name,
    files,
    names: () => tensors.keys(),
    has: (tensor) => tensors.has(tensor),
    shape: (tensor) => record(tensor).shape,
    storage: (tensor) => storageOf(record(tensor)),
    read: async (tensor) => readTensor(record(tensor)),
    equal: async (a, b) => equalTensors(record(a), record(b)),
    readStored: async (tensor) => readStored(record(tensor)),
  };
}
