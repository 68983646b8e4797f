import { DEFAULT_LEVELS, type Draws, type TestLevels } from '../../circuit/draws.js';
import type { Topology } from '../../circuit/topology.js';
import { asArray, asObject, fail, readStrictJson, type JsonObject } from '../../base/json/json-fields.js';
import { block, entry, jsonFile } from '../../base/json/entry-lines.js';

/** A file of draws. Draws that it does not have are undefined. */
export interface FileDraws extends Partial<Draws> {
  /** As the file has them, else the defaults. */
  readonly levels: TestLevels;
}

/** Draws with the names of edges, as the file has them. */
export interface EncodedDraws extends TestLevels {
  readonly permutations: number[][];
  readonly inflations: { readonly added: string[]; readonly removed: string }[];
  readonly random_circuits: string[][];
}

export function encodeDraws(draws: Draws, levels: TestLevels, topology: Topology): EncodedDraws {
  const name = (id: number): string => topology.edgeName(id);
  return {
    permutations: draws.permutations.map((order) => [...order]),
    inflations: draws.inflations.map(({ added, removed }) => ({ added: added.map(name), removed: name(removed) })),
    random_circuits: draws.randomCircuits.map((edges) => edges.map(name)),
    epsilon: levels.epsilon,
    quantile: levels.quantile,
    floor: levels.floor,
  };
}

/** The text of a file of draws: one draw a line. */
export function writeDraws(draws: Draws, levels: TestLevels, topology: Topology): string {
  const encoded = Object.entries(encodeDraws(draws, levels, topology));
  return jsonFile(
    '{}',
    encoded.map(([key, value]) =>
      Array.isArray(value)
        ? block(
            key,
            '[]',
            value.map((one) => JSON.stringify(one)),
          )
        : entry(key, value),
    ),
  );
}

const KEYS = ['permutations', 'inflations', 'random_circuits', 'epsilon', 'quantile', 'floor'];

/**
 * Reads draws.
 *
 * @param source the file's name, for messages.
 * @param prompts how many the permutations are of.
 * @throws EdgewiseError kind `circuit` that names file and field: an unknown key, an edge that the model does not have,
 *   an edge twice, a list that is no permutation of the prompts.
 */
export function parseDraws(text: string, source: string, topology: Topology, prompts: number): FileDraws {
  const json = asObject(readStrictJson(text, source), source, 'the file');
  const unknown = Object.keys(json).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) fail(source, 'the file', unknown, `keys among ${KEYS.join(', ')}`);
  const list = <T>(key: string, read: (value: unknown, field: string) => T): T[] | undefined => {
    if (json[key] === undefined) return undefined;
    const values = asArray(json[key], source, key);
    if (values.length === 0) fail(source, key, values, 'at least one');
    return values.map((value, i) => read(value, `${key}[${i}]`));
  };
  const edge = (value: unknown, field: string): number => {
    const id = typeof value === 'string' ? topology.edgeId(value) : undefined;
    const isAddition = id !== undefined && id < topology.additionEdges;
    return isAddition ? id : fail(source, field, value, 'the name of an edge between two nodes of this model');
  };
  const edges = (value: unknown, field: string): number[] => {
    const ids = asArray(value, source, field).map((name, i) => edge(name, `${field}[${i}]`));
    const twice = ids.findIndex((id, i) => ids.indexOf(id) < i);
    return twice < 0 ? ids : fail(source, `${field}[${twice}]`, topology.edgeName(ids[twice]!), 'each edge once');
  };
  const permutations = list('permutations', (value, field) => permutation(value, source, field, prompts));
  const inflations = list('inflations', (value, field) => {
    const { added, removed } = asObject(value, source, field);
    const ids = edges(added, `${field}.added`);
    const cut = edge(removed, `${field}.removed`);
    return ids.includes(cut)
      ? { added: ids, removed: cut }
      : fail(source, `${field}.removed`, removed, 'one of the added edges');
  });
  const randomCircuits = list('random_circuits', edges);
  return {
    ...(permutations && { permutations }),
    ...(inflations && { inflations }),
    ...(randomCircuits && { randomCircuits }),
    levels: levelsOf(json, source),
  };
}

function permutation(value: unknown, source: string, field: string, prompts: number): number[] {
  const rows = asArray(value, source, field);
  const seen = new Set<unknown>(
    rows.filter((row) => Number.isInteger(row) && Number(row) >= 0 && Number(row) < prompts),
  );
  if (rows.length === prompts && seen.size === prompts) return rows as number[];
  return fail(source, field, value, `every prompt from 0 to ${prompts - 1} once`);
}

function levelsOf(json: JsonObject, source: string): TestLevels {
  const level = (key: keyof TestLevels, fits: (value: number) => boolean, expected: string): number => {
    const value = json[key] ?? DEFAULT_LEVELS[key];
    return typeof value === 'number' && fits(value) ? value : fail(source, key, value, expected);
  };
  return {
    epsilon: level('epsilon', (value) => value >= 0 && value < 0.5, 'a number from 0 to below 0.5'),
    quantile: level('quantile', (value) => value > 0 && value < 1, 'a number between 0 and 1'),
    floor: level('floor', (value) => value >= 0, 'a number of at least 0'),
  };
}
