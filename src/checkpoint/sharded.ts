import { EdgewiseError } from '../base/errors.js';
import { oneLine, quote } from '../base/text.js';
import { readText, type ByteSource, type ModelDirectory } from './byte-source.js';
import { readSafetensorsHeader, type TensorRecord } from './safetensors.js';
import { isObject, parseStrictJson } from '../base/json/strict-json.js';

export const SHARD_INDEX = 'model.safetensors.index.json';

/** A plain file name that file systems take. No separators: an index cannot reach out of its folder. */
const SHARD_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\.safetensors$/;

/**
 * Reads the headers of all shards of an index `{weight_map: {tensor: shard}}`. Index and shards must agree exactly: a
 * tensor missing from its shard, or one that the index does not place there, is an error.
 */
export async function readShards(
  directory: ModelDirectory,
  index: ByteSource,
): Promise<{ files: ByteSource[]; tensors: ReadonlyMap<string, TensorRecord> }> {
  const weightMap = parseWeightMap(await readText(index), index.name);
  const files: ByteSource[] = [];
  const tensors = new Map<string, TensorRecord>();
  for (const shard of [...new Set(weightMap.values())].sort()) {
    const file = await directory.open(shard);
    if (!file) throw new EdgewiseError('checkpoint', index.name, `names ${oneLine(shard)}, which is not there`);
    files.push(file);
    for (const [name, tensor] of await readSafetensorsHeader(file)) {
      if (weightMap.get(name) !== shard) {
        throw new EdgewiseError(
          'checkpoint',
          file.name,
          `holds tensor ${oneLine(name)}, which ${SHARD_INDEX} does not place there`,
        );
      }
      tensors.set(name, tensor);
    }
  }
  for (const [name, shard] of weightMap) {
    if (!tensors.has(name))
      throw new EdgewiseError(
        'checkpoint',
        index.name,
        `places tensor ${oneLine(name)} in ${oneLine(shard)}, which lacks it`,
      );
  }
  return { files, tensors };
}

/**
 * Names of the shards of an index, sorted: plain names in the index's own folder.
 *
 * @throws EdgewiseError kind `checkpoint` where the text is no such index.
 */
export function shardNames(text: string, where: string): string[] {
  return [...new Set(parseWeightMap(text, where).values())].sort();
}

function parseWeightMap(text: string, where: string): ReadonlyMap<string, string> {
  const json = parseStrictJson(text, where, 'checkpoint');
  const weightMap = isObject(json) ? json['weight_map'] : undefined;
  if (!isObject(weightMap) || Object.keys(weightMap).length === 0) {
    throw new EdgewiseError('checkpoint', where, 'weight_map: expected an object from tensor names to file names');
  }
  const shards = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(weightMap)) {
    if (typeof shard !== 'string' || !SHARD_NAME.test(shard)) {
      const what = `weight_map: ${oneLine(tensor)} is in ${quote(shard)}, expected a plain name ending in .safetensors`;
      throw new EdgewiseError('checkpoint', where, what);
    }
    shards.set(tensor, shard);
  }
  return shards;
}
