import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryDirectory } from '../../../src/checkpoint/byte-source.js';
import { parseStrictJson } from '../../../src/base/json/strict-json.js';
import { familyOf } from '../../../src/model/families/index.js';
import { openModel } from '../../../src/model/load-model.js';
import { weightTable } from '../../../src/model/weight-table.js';
import { topologyOf } from '../../../src/run/identity.js';
import type { FuzzedReader, Kind, Seed } from '../reader.js';

const FOLDER = 'folder';
const INDEX = 'model.safetensors.index.json';

/** A file of a model's folder is changed; the others stay. */
async function readFolder({ name, bytes, beside }: Seed): Promise<unknown> {
  const file = name.slice(FOLDER.length + 1);
  const model = await openModel(memoryDirectory(FOLDER, new Map([...(beside ?? []), [file, bytes]])));
  const [first] = weightTable(model.spec).keys();
  const weights = await model.weights.read(first!);
  const topology = topologyOf(model);
  return { spec: model.spec, edges: topology.edgeCount, weights: weights.length };
}

/** Parses a config alone, which needs no weights beside it. */
async function readConfig({ name, bytes }: Seed): Promise<unknown> {
  const json = parseStrictJson(new TextDecoder().decode(bytes), name, 'config');
  const family = familyOf(json, name);
  const spec = family.parseConfig(json, name);
  return { spec, places: family.places(spec, family.namings[0]!).size };
}

function folderSeeds(files: ReadonlyMap<string, Uint8Array>, changed: Readonly<Record<string, Kind>>): Seed[] {
  return Object.entries(changed).map(([name, kind]) => ({
    name: `${FOLDER}/${name}`,
    kind,
    bytes: files.get(name)!,
    beside: new Map([...files].filter(([other]) => other !== name)),
  }));
}

/** The header of a safetensors file, and where its data begin. */
function headerOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, unknown>;
}

export function modelReaders(root: string): FuzzedReader[] {
  const file = (path: string): Uint8Array => new Uint8Array(readFileSync(join(root, 'test/golden/families', path)));
  const configs = readdirSync(join(root, 'test/golden/families'))
    .filter((folder) => !folder.startsWith('gpt2'))
    .flatMap((folder) => {
      const files = readdirSync(join(root, 'test/golden/families', folder));
      return files.filter((name) => name.startsWith('config')).map((name) => `${folder}/${name}`);
    });
  const one = (config: string): Map<string, Uint8Array> =>
    new Map([
      ['config.json', file(config)],
      ['model.safetensors', file('gpt2/model.safetensors')],
    ]);
  return [
    {
      name: 'config',
      seeds: () =>
        ['gpt2/config.json', 'gpt2/config.old.json', 'gpt2/config.v5.json'].flatMap((path) =>
          folderSeeds(one(path), { 'config.json': 'json' }),
        ),
      read: readFolder,
    },
    {
      name: 'config-of-any-family',
      seeds: () => configs.map((path) => ({ name: path, kind: 'json' as const, bytes: file(path) })),
      read: readConfig,
    },
    {
      name: 'safetensors',
      seeds: () => folderSeeds(one('gpt2/config.json'), { 'model.safetensors': 'safetensors' }),
      read: readFolder,
    },
    {
      name: 'sharded-index',
      seeds() {
        const weights = file('gpt2/model.safetensors');
        const names = Object.keys(headerOf(weights)).filter((name) => name !== '__metadata__');
        const shard = 'model-00001-of-00001.safetensors';
        const index = {
          metadata: { total_size: 1 },
          weight_map: Object.fromEntries(names.map((name) => [name, shard])),
        };
        const files = new Map([
          ['config.json', file('gpt2/config.json')],
          [INDEX, new TextEncoder().encode(JSON.stringify(index))],
          [shard, weights],
        ]);
        return folderSeeds(files, { [INDEX]: 'json' });
      },
      read: readFolder,
    },
  ];
}
