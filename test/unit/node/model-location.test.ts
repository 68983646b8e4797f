import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { resolveModel, shippedModels } from '../../../src/node/model-location.js';
import { type HubServer, startHubServer } from '../../support/hub-server.js';

const COMMIT = 'c'.repeat(40);
const bytes = new TextEncoder().encode('{}');
const files = { 'config.json': bytes, 'tokenizer.json': bytes, 'model.safetensors': bytes };

let hub: HubServer;
let folder: string;
beforeEach(async () => {
  hub = await startHubServer({ 'org/small.model': { files, revisions: { main: COMMIT, dev: 'd'.repeat(40) } } });
  folder = await mkdtemp(join(tmpdir(), 'edgewise-model-'));
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'));
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HUB_OFFLINE', '');
  vi.stubEnv('HF_TOKEN', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

test('a folder with config.json is taken as it is, one without is refused', async () => {
  const directory = join(folder, 'mine');
  await mkdir(directory);
  await expect(resolveModel(directory)).rejects.toThrow(`${directory}: is a folder without a config.json`);
  await writeFile(join(directory, 'config.json'), '{}');
  expect(await resolveModel(directory)).toEqual({ directory, name: 'mine' });
  expect(await resolveModel(`${directory}/`)).toEqual({ directory, name: 'mine' });
  expect(hub.requests).toEqual([]);
});

test('every shipped model is found by its name', async () => {
  for (const name of await shippedModels()) expect((await resolveModel(name)).name).toBe(name);
  expect(hub.requests).toEqual([]);
});

test('a hub id is downloaded, at main or at a revision', async () => {
  const seen: number[] = [];
  const model = await resolveModel('org/small.model', {
    onProgress: ({ bytes: done, total }) => seen.push(done / total),
  });
  expect(model).toMatchObject({ name: 'small.model', revision: COMMIT });
  expect(seen.at(-1)).toBe(1);
  expect((await resolveModel('org/small.model@dev')).revision).toBe('d'.repeat(40));
});

test.each(['./absent', '/absent/model', 'a/b/c', '../up', 'org/name@', 'org/name@../../x', '', 'with space', 'org/..'])(
  "'%s' is neither folder nor hub id, and nothing is asked",
  async (argument) => {
    await expect(resolveModel(argument)).rejects.toThrow(/there is no such folder, and it is neither a shipped model/);
    expect(hub.requests).toEqual([]);
  },
);

test('a misspelt bare name is explained with the shipped models and the answer of the hub', async () => {
  await expect(resolveModel('task-4l')).rejects.toThrow(
    /'task-4l': is no folder and neither a shipped model .*does not exist/,
  );
});
