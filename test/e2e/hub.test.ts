import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectMistake, NO_ADAPTER, runCli, useFolder, type CliResult } from '../support/cli.js';
import { startHubServer, type HubServer } from '../support/hub-server.js';
import { TINY_EDGES, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const COMMIT = 'c'.repeat(40);
const folder = useFolder();
let hub: HubServer;
let task: string;

beforeAll(async () => {
  const names = ['config.json', 'model.safetensors'];
  const contents = await Promise.all(names.map((name) => readFile(join(TINY_MODEL, name))));
  const files = Object.fromEntries(names.map((name, i) => [name, contents[i]!]));
  hub = await startHubServer({
    'org/tiny': { files, revisions: { main: COMMIT, 'v1.0': COMMIT } },
    'org/gated': { files, revisions: { main: COMMIT }, refuse: 403 },
  });
  task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(1));
});

afterAll(async () => hub.close());

async function onHub(args: string[], env: Record<string, string> = {}): Promise<CliResult> {
  const variables = {
    HF_ENDPOINT: hub.url,
    HF_HOME: join(folder.path, 'hf'),
    HF_HUB_CACHE: undefined,
    HF_HUB_OFFLINE: '0',
    HF_TOKEN: '',
  };
  return runCli(args, { env: { ...variables, ...env } });
}

const discover = (model: string, out: string): string[] => {
  const results = ['--threshold', '9', '--out', join(folder.path, out)];
  return ['discover', '--model', model, '--task', task, ...results];
};

describe('a model of the hub', () => {
  test.each(['org/absent', 'org/gated', 'org/tiny@v9'])('%s is refused by name, nothing kept', async (model) => {
    expectMistake(await onHub(discover(model, 'no'), NO_ADAPTER), `model '${model}'`, /such|access|exist/);
    expect((await readdir(folder.path)).includes('no')).toBe(false);
  });

  test('that is not in the cache is refused offline', async () => {
    const result = await onHub(discover('org/tiny', 'no'), { ...NO_ADAPTER, HF_HUB_OFFLINE: '1' });
    expectMistake(result, /model 'org\/tiny'.*not in the local cache.*HF_HUB_OFFLINE/);
  });

  test('is downloaded once, then used without network', async () => {
    const first = await onHub(discover('org/tiny', 'first'));
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain(`of ${TINY_EDGES} edges`);
    expect(first.stdout).toMatch(/^pairs on tiny,/);
    const transfers = hub.requests.filter((request) => request.includes('/resolve/'));
    expect(transfers.some((request) => request.includes('model.safetensors'))).toBe(true);

    const asked = hub.requests.length;
    const revision = await onHub(discover('org/tiny@v1.0', 'revision'));
    expect(revision.code, revision.stderr).toBe(0);
    // The same commit: its contents are in the cache already.
    const again = hub.requests.slice(asked).filter((request) => request.includes('/resolve/'));
    expect(again.filter((request) => request.includes('model.safetensors'))).toEqual([]);

    await hub.close();
    for (const [model, out] of [
      ['org/tiny', 'second'],
      ['org/tiny@v1.0', 'third'],
    ] as const) {
      const offline = await onHub(discover(model, out), { HF_HUB_OFFLINE: '1' });
      expect(offline.code, offline.stderr).toBe(0);
      for (const name of ['circuit.json', 'trace.jsonl', 'circuit.gexf']) {
        const [one, two] = await Promise.all(
          ['first', out].map((run) => readFile(join(folder.path, run, name), 'utf8')),
        );
        expect(two).toBe(one);
      }
    }
    const gone = await onHub(discover('org/other', 'no'), NO_ADAPTER);
    expectMistake(gone, /model 'org\/other'.*cannot be reached/);
  });
});
