/** The two readers of published checkpoints: that of src and the one of test/oracle, which share no code but bytes. */
import { describe, expect, test } from 'vitest';
import type { ModelDirectory } from '../../../src/checkpoint/byte-source.js';
import { openModel } from '../../../src/model/load-model.js';
import { weightTable } from '../../../src/model/weight-table.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { readPublished } from '../../oracle/published-weights.js';
import { fixture } from '../../support/fixtures.js';
import { FAMILY_FIXTURES, hasFamilyFixture } from '../../support/tasks.js';

const SPELLINGS = ['config.json', 'config.old.json', 'config.v5.json'] as const;

/** The same folder, whose config is another of its files. */
function withConfig(directory: ModelDirectory, config: string): ModelDirectory {
  return { ...directory, open: (file) => directory.open(file === 'config.json' ? config : file) };
}

/** Families that src opens. */
const OPENED = FAMILY_FIXTURES.filter((name) => name.startsWith('gpt2'));

describe.each(FAMILY_FIXTURES)('%s', (name) => {
  test.skipIf(!hasFamilyFixture(name))('every spelling of its config describes one model', async () => {
    const directory = await openModelDirectory(fixture(`families/${name}`));
    const described = await readPublished(directory);
    for (const config of SPELLINGS) {
      if (!(await directory.open(config))) continue;
      const { spec } = await readPublished(directory, config);
      expect(spec, config).toEqual(described.spec);
    }
    for (const [tensor, shape] of weightTable(described.spec)) {
      expect(described.tensors.get(tensor)!.length, tensor).toBe(shape.reduce((a, b) => a * b, 1));
    }
  });
});

describe.each(OPENED)('%s', (name) => {
  test.skipIf(!hasFamilyFixture(name))('both readers give the same description and weights', async () => {
    const directory = await openModelDirectory(fixture(`families/${name}`));
    for (const config of SPELLINGS) {
      if (!(await directory.open(config))) continue;
      const wanted = await readPublished(directory, config);
      const loaded = await openModel(withConfig(directory, config));
      expect(loaded.spec, config).toEqual(wanted.spec);
      for (const tensor of weightTable(wanted.spec).keys()) {
        expect(Float64Array.from(await loaded.weights.read(tensor)), tensor).toEqual(wanted.tensors.get(tensor));
      }
    }
  });
});
