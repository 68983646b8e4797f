/** What a run computes on: which adapter, and several devices that share the prompts. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents, killedAfter } from '../support/interrupted.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Listed {
  number: number;
  name: string;
  kind: 'software' | 'card';
  adapter: string;
  default: boolean;
  opens: boolean;
  limits: Record<string, number>;
}

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let discover: string[];

beforeAll(async () => {
  discover = ['discover', '--model', TINY_MODEL, '--task', await writeRows(folder.path, 'pairs.jsonl', tinyRows(3))];
});

describe('adapters', () => {
  test('info --adapters lists them, and the one in use is the default', async () => {
    const { adapters } = await cliJson<{ adapters: Listed[] }>(['info', '--adapters']);
    expect(adapters.map(({ number }) => number)).toEqual(adapters.map((_, i) => i));
    expect(adapters.map((one) => one.default)).toEqual(adapters.map((_, i) => i === 0));
    const { adapter } = await cliJson<{ adapter: string }>(['info']);
    expect(adapters[0]).toMatchObject({ adapter, opens: true });
    expect(adapters[0]!.limits['maxStorageBufferBindingSize']).toBeGreaterThanOrEqual(2 ** 27);
    const text = await cli(['info', '--adapters']);
    expect(text.trimEnd().split('\n').length).toBeGreaterThanOrEqual(adapters.length);
    const rows = text.split('\n').map((line) => line.split(/ {2,}/));
    for (const { number, name, kind } of adapters)
      expect(rows[number]!.slice(0, 3)).toEqual([String(number), name, kind]);
  });

  test('by kind, by a part of the name, and not by what there is not', async () => {
    const { adapters } = await cliJson<{ adapters: Listed[] }>(['info', '--adapters']);
    const [first] = adapters as [Listed];
    const { adapter } = await cliJson<{ adapter: string }>(['info', '--adapter', first.name.slice(1, 6).toUpperCase()]);
    expect(adapter).toBe(first.adapter);
    for (const [asked, kind] of [
      ['cpu', 'software'],
      ['gpu', 'card'],
    ] as const) {
      const there = adapters.filter((one) => one.kind === kind).map((one) => one.adapter);
      const result = await runCli(['info', '--adapter', asked, '--json']);
      if (there.length > 0) expect(there).toContain((JSON.parse(result.stdout) as Listed).adapter);
      else expectMistake(result, new RegExp(`adapter '${asked}': there is (only|none)`));
    }
    expectMistake(await runCli(['check', '--adapter', 'no such']), /adapter 'no such': not found; there is '/);
  });

  test('without one, the list is empty', async () => {
    expect(await cliJson(['info', '--adapters'], { env: NO_ADAPTER })).toEqual({ adapters: [] });
    expect(await cli(['info', '--adapters'], { env: NO_ADAPTER })).toBe('no adapter\n');
  });
});

describe('several devices', () => {
  test('write the bytes of one, also where one device began', async () => {
    const [one, two, resumed] = [inFolder('one'), inFolder('two'), inFolder('resumed')];
    await cli([...discover, '--out', one]);
    const wanted = await contents(one);
    await cli([...discover, '--devices', '0,0', '--out', two]);
    expect(await contents(two)).toEqual(wanted);
    const going = [...discover, '--resume', '--out', resumed];
    await killedAfter(going, resumed, 40);
    const { stderr } = await runCli([...going, '--devices', '0,0']);
    expect(stderr).toMatch(/^going on after \d+ tests of the interrupted run$/m);
    expect(await contents(resumed)).toEqual(wanted);
  });

  test.each<[string[], RegExp]>([
    [['--devices', 'x'], /--devices.*Expected all, or numbers of adapters/],
    [['--devices', '0,'], /--devices.*Expected all, or numbers of adapters/],
    [['--devices', '0,99'], /devices: there is no adapter 99; there is 0 '/],
    [['--devices', '0', '--adapter', 'cpu'], /devices: are named by numbers/],
  ])('%j is refused', async (options, message) => {
    expectMistake(await runCli([...discover, '--out', inFolder('never'), ...options]), message);
  });
});
