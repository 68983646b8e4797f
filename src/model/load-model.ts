import { EdgewiseError } from '../base/errors.js';
import { counted, oneLine, quote } from '../base/text.js';
import { sha256 } from '../base/sha256.js';
import type { ByteProgress } from '../base/work-progress.js';
import { widened, type StoredValues, type WeightStorage } from '../base/stored-values.js';
import { readText, type ByteSource, type ModelDirectory } from '../checkpoint/byte-source.js';
import { firstNames } from '../checkpoint/first-names.js';
import { thereIsInstead } from '../checkpoint/foreign-files.js';
import type { KvPorts } from '../circuit/run-identity.js';
import { openCheckpoint, type Checkpoint } from '../checkpoint/checkpoint.js';
import { parseStrictJson } from '../base/json/strict-json.js';
import type { ModelFamily, Naming, TensorPlace } from './families/family.js';
import { familyOf } from './families/index.js';
import type { ModelSpec } from './spec.js';
import { assertSupported } from './support.js';
import { takePart } from './take-part.js';
import { layerTensor, MLP_TENSORS, weightTable, type TensorName } from './weight-table.js';

/** Reads weights on demand: nothing is kept, so that each tensor is in memory once at most. */
export interface WeightReader {
  /** Row-major f32 values of a tensor of `weightTable(spec)`. */
  read(name: TensorName): Promise<Float32Array<ArrayBuffer>>;
  /** The same values as they are stored. Absent, as is `storage`, where every tensor is f32. */
  readStored?(name: TensorName): Promise<StoredValues>;
  storage?(name: TensorName): WeightStorage;
}

/** A model whose files were checked and whose weights can be read. */
export interface LoadedModel {
  /** Name of the directory, without its path. */
  readonly name: string;
  readonly spec: ModelSpec;
  readonly weights: WeightReader;
  /** SHA-256 (hex) over config and weight files, see `hashFiles`: identifies the model in results. */
  readonly hash: string;
  /** Keys of config.json that the user ignored. */
  readonly ignored?: readonly string[];
  /** What whoever runs the model should know of it. One sentence each. */
  readonly remarks?: readonly string[];
  /** Key/value heads have ports of their own in its graph. Absent: every query head has its own. */
  readonly kvPorts?: 'grouped';
}

export interface ModelOptions {
  /** Unknown keys of config.json of which the user says that they do not change the model's numbers. */
  readonly ignoreConfig?: readonly string[];
  /** How matrices lie on the device: as the checkpoint stores them (the default), or as f32. Results are the same. */
  readonly weights?: WeightsOption;
  /**
   * Key and value ports of the model's graph: one per query head (`per-head`, the default), as in EAP-IG and MIB, or
   * one per key/value head (`grouped`), which its heads share.
   */
  readonly kvPorts?: KvPorts;
  /** Is told of how much of the weight files was read. They are read once for the model's hash. */
  readonly onRead?: (progress: ByteProgress) => void;
}

export const WEIGHTS_OPTIONS = ['stored', 'f32'] as const;
export type WeightsOption = (typeof WEIGHTS_OPTIONS)[number];

/**
 * The model with one key and one value port per query head, or per key/value head.
 *
 * @throws EdgewiseError of kind usage for `grouped` where every head has keys and values of its own.
 */
export function withKvPorts(model: LoadedModel, ports: KvPorts): LoadedModel {
  const { kvPorts: _, ...perHead } = model;
  if (ports === 'per-head') return perHead;
  const { heads, kvHeads } = model.spec;
  if (kvHeads < heads) return { ...perHead, kvPorts: ports };
  const what = `${model.name} has ${counted(kvHeads, 'key/value head')} for ${counted(heads, 'head')}: its ports per head are those of its key/value heads`;
  throw new EdgewiseError('usage', 'kv-ports grouped', what);
}

/**
 * Opens a Hugging Face model directory: reads config.json strictly and checks that the checkpoint holds every tensor of
 * that model in its shape and nothing unknown. No weights are kept in memory.
 */
export async function openModel(
  directory: ModelDirectory,
  { ignoreConfig = [], weights = 'stored', kvPorts = 'per-head', onRead }: ModelOptions = {},
): Promise<LoadedModel> {
  const config = await directory.open('config.json');
  if (!config) {
    const instead = thereIsInstead((await directory.list?.()) ?? []);
    throw new EdgewiseError('config', directory.name, `holds no config.json${instead}`);
  }
  const configText = await readText(config);
  const json = parseStrictJson(configText, config.name, 'config');
  const family = familyOf(json, config.name);
  const ignored = [...new Set(ignoreConfig)].sort();
  const configured = family.parseConfig(json, config.name, ignored);
  assertSupported(configured, config.name);

  const checkpoint = await openCheckpoint(directory);
  const { namings, embed } = family;
  const naming = namings.find(({ prefix }) => checkpoint.has(`${prefix}${embed}`)) ?? namings.at(-1)!;
  const described = withMlpsAsThere(configured, family.places(configured, naming), checkpoint);
  const places = new Map(family.places(described, naming));
  if (checkpoint.has(naming.unembed)) {
    places.set('unembed', { tensor: naming.unembed, shape: [described.vocab, described.width] });
  }
  checkTensors(checkpoint, places, family, naming, described.mlp === null);
  const text = family.textPart?.(json) ?? json;
  const saysTied = (text as { tie_word_embeddings?: boolean | null }).tie_word_embeddings === true;
  const tied = await isTied(checkpoint, naming.unembed, places, saysTied, described);
  const spec: ModelSpec = { ...described, tied };
  const table = weightTable(spec);
  const placeOf = (name: TensorName): TensorPlace => {
    const place = places.get(name);
    if (place && table.has(name)) return place;
    throw new EdgewiseError('checkpoint', directory.name, `the model has no tensor ${name}`);
  };
  const readStored = async (name: TensorName): Promise<StoredValues> => {
    const place = placeOf(name);
    const stored = await checkpoint.readStored(place.tensor);
    return stored.storage === 'f32'
      ? { storage: stored.storage, values: takePart(stored.values, place) }
      : { storage: stored.storage, values: takePart(stored.values, place) };
  };

  const model: LoadedModel = {
    name: lastPart(directory.name),
    spec,
    weights: {
      read: async (name) => widened(await readStored(name)),
      ...(weights === 'stored' && { readStored, storage: (name) => checkpoint.storage(placeOf(name).tensor) }),
    },
    hash: await hashFiles(configText, checkpoint.files, onRead),
    ...(ignored.length > 0 && { ignored }),
    remarks: family.remarks?.(spec) ?? [],
  };
  return withKvPorts(model, kvPorts);
}

/** A directory's own name: it goes into results, which hold no paths of this machine. */
function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '' && part !== '.') ?? path;
}

function checkTensors(
  checkpoint: Checkpoint,
  places: ReadonlyMap<TensorName, TensorPlace>,
  family: ModelFamily,
  { prefix }: Naming,
  attentionOnly: boolean,
): void {
  const expected = new Map([...places.values()].map((place) => [place.tensor, place.shape]));
  const missing = [...expected.keys()].filter((tensor) => !checkpoint.has(tensor));
  if (missing.length > 0) throw new EdgewiseError('checkpoint', checkpoint.name, `lacks ${listed(missing)}`);
  for (const [tensor, shape] of expected) {
    const got = checkpoint.shape(tensor);
    if (got.length !== shape.length || got.some((size, axis) => size !== shape[axis])) {
      const what = `tensor ${tensor} has shape ${got.length === 0 ? '[]' : quote(got)}, expected ${quote(shape)} by config.json`;
      throw new EdgewiseError('checkpoint', checkpoint.name, what);
    }
    checkpoint.storage(tensor);
  }
  const unknown = [...checkpoint.names()].filter((tensor) => !expected.has(tensor) && !family.isBeside(tensor));
  if (unknown.length > 0) {
    const naming = prefix === '' ? '' : ` (names here start with ${prefix})`;
    const model = `${family.modelType} model${attentionOnly ? ' without MLPs' : ''}`;
    const what = `holds ${listed(unknown)} that a ${model} does not have${naming}`;
    throw new EdgewiseError('checkpoint', checkpoint.name, what);
  }
}

/**
 * The model as the checkpoint has it: attention-only where no layer has a tensor of an MLP.
 *
 * @throws EdgewiseError of kind checkpoint where some layers have a whole MLP and others have none.
 */
function withMlpsAsThere(
  configured: ModelSpec,
  places: ReadonlyMap<TensorName, TensorPlace>,
  checkpoint: Checkpoint,
): ModelSpec {
  if (configured.mlp === null) return configured;
  const [without, whole]: [number[], number[]] = [[], []];
  for (let layer = 0; layer < configured.layers; layer++) {
    const expected = MLP_TENSORS.flatMap((name) => places.get(layerTensor(layer, name)) ?? []);
    const there = expected.filter(({ tensor }) => checkpoint.has(tensor)).length;
    // A layer of which nothing is there is missing, which is told.
    if (!checkpoint.has(places.get(layerTensor(layer, 'wo'))!.tensor)) return configured;
    if (there === 0) without.push(layer);
    else if (there === expected.length) whole.push(layer);
  }
  if (without.length === 0) return configured;
  if (without.length === configured.layers) return { ...configured, mlp: null, mlpWidth: 0 };
  if (whole.length + without.length < configured.layers) return configured; // some lack tensors, which is told
  const layers = (list: readonly number[]): string => firstNames(list.map(String), String);
  const what = `layers ${layers(without)} have no MLP, layers ${layers(whole)} have one: layers that differ are not supported`;
  throw new EdgewiseError('checkpoint', checkpoint.name, what);
}

function listed(tensors: readonly string[]): string {
  return `${tensors.length} tensor${tensors.length > 1 ? 's' : ''} (${firstNames(tensors, oneLine)})`;
}

/**
 * A checkpoint without an unembedding is tied: configs often leave the key out. One that has it is tied where both
 * matrices are equal. A config that says in so many words the opposite of what the file holds is refused, for there is
 * no telling which of the two its author used.
 */
async function isTied(
  checkpoint: Checkpoint,
  name: string,
  places: ReadonlyMap<TensorName, TensorPlace>,
  saysTied: boolean,
  described: ModelSpec,
): Promise<boolean> {
  if (!checkpoint.has(name)) {
    if (described.tied) return true;
    throw new EdgewiseError('checkpoint', checkpoint.name, `lacks ${name}, but tie_word_embeddings is false`);
  }
  if (!described.tied) return false;
  const equal = await checkpoint.equal(places.get('embed')!.tensor, name);
  if (saysTied && !equal) {
    const what = `${name} differs from the embedding, but tie_word_embeddings is true`;
    throw new EdgewiseError('checkpoint', checkpoint.name, what);
  }
  return equal;
}

const HASH_CHUNK_BYTES = 64 * 2 ** 20;

/**
 * SHA-256 of a list of SHA-256 digests: the config's, then per weight file its chunks' of 64 MiB (the platform's digest
 * takes whole arrays only, so one digest over a large file would need the file in memory).
 */
async function hashFiles(
  configText: string,
  files: readonly ByteSource[],
  onRead: ((progress: ByteProgress) => void) | undefined,
): Promise<string> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  const digests = [await sha256(configText)];
  for (const file of files) {
    for (let offset = 0; offset < file.size; offset += HASH_CHUNK_BYTES) {
      const length = Math.min(HASH_CHUNK_BYTES, file.size - offset);
      digests.push(await sha256(await file.read(offset, length)));
      onRead?.({ bytes: (bytes += length), total });
    }
  }
  return sha256(digests.join('\n'));
}
