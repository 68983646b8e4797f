/** The two readers of published checkpoints: that of src and the one of test/oracle, which share no code but bytes. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ModelDirectory } from '../../../src/checkpoint/byte-source.js';
import { familyOf } from '../../../src/model/families/index.js';
import { openModel } from '../../../src/model/load-model.js';
import type { ModelSpec } from '../../../src/model/spec.js';
import { assertSupported } from '../../../src/model/support.js';
import { weightTable } from '../../../src/model/weight-table.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { specOfConfig } from '../../oracle/published-config.js';
import { readPublished } from '../../oracle/published-weights.js';
import { fixture, fixtureJson } from '../../support/fixtures.js';
import { FAMILY_FIXTURES, hasFamilyFixture } from '../../support/tasks.js';
import { tinyGptNeo, tinyOlmo2 } from '../../support/tiny-checkpoints.js';

const SPELLINGS = ['config.json', 'config.old.json', 'config.v5.json'] as const;

/** The same folder, whose config is another of its files. */
function withConfig(directory: ModelDirectory, config: string): ModelDirectory {
  return { ...directory, open: (file) => directory.open(file === 'config.json' ? config : file) };
}

/** Scales in the precision of the device: 1 / sqrt(x) and x ** -0.5 differ in the last bit of a double. */
function rounded(spec: ModelSpec): ModelSpec {
  return { ...spec, attention: { ...spec.attention, scale: spec.attention.scale.map(Math.fround) } };
}

function isSupported(spec: ModelSpec): boolean {
  try {
    assertSupported(spec, 'model');
    return true;
  } catch {
    return false;
  }
}

async function expectSame(directory: ModelDirectory, config: string): Promise<void> {
  const wanted = await readPublished(directory, config);
  const opening = openModel(withConfig(directory, config));
  // What the kernels lack is refused before weights are read.
  if (!isSupported(wanted.spec)) return expect(opening).rejects.toThrow('not built yet');
  const loaded = await opening;
  expect(rounded(loaded.spec), config).toEqual(rounded(wanted.spec));
  for (const tensor of weightTable(wanted.spec).keys()) {
    expect(Float64Array.from(await loaded.weights.read(tensor)), tensor).toEqual(wanted.tensors.get(tensor));
  }
}

describe.each(FAMILY_FIXTURES)('%s', (name) => {
  test.skipIf(!hasFamilyFixture(name))('every spelling of its config describes one model', async () => {
    const directory = await openModelDirectory(fixture(`families/${name}`));
    const described = await readPublished(directory);
    for (const config of SPELLINGS) {
      if (!(await directory.open(config))) continue;
      const { spec } = await readPublished(directory, config);
      expect(spec, config).toEqual(described.spec);
      const json = await fixtureJson(`families/${name}/${config}`);
      const { tied } = spec;
      expect(rounded({ ...familyOf(json, config).parseConfig(json, config), tied }), config).toEqual(rounded(spec));
    }
    for (const [tensor, shape] of weightTable(described.spec)) {
      const count = shape.reduce((product, n) => product * n, 1);
      expect(described.tensors.get(tensor)!.length, tensor).toBe(count);
    }
  });

  test.skipIf(!hasFamilyFixture(name))('both readers give the same description and weights', async () => {
    const directory = await openModelDirectory(fixture(`families/${name}`));
    for (const config of SPELLINGS) if (await directory.open(config)) await expectSame(directory, config);
  });
});

test.each([tinyOlmo2, tinyGptNeo])('both readers of %o', async (make) => {
  await expectSame(make(12).directory, 'config.json');
});

// The reader of test/oracle knows no defaults, on which the config of Gemma 3 4B rests.
const CONFIGS = readdirSync(fixture('published-configs')).filter((file) => file !== 'gemma-3-4b.json');

test.each(CONFIGS)('%s as published', async (file) => {
  const json = await fixtureJson<Record<string, unknown>>(`published-configs/${file}`);
  const spec = familyOf(json, file).parseConfig(json, file);
  expect(rounded(specOfConfig(json, spec.tied))).toEqual(rounded(spec));
});
