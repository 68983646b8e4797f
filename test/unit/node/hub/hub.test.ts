import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DownloadProgress, fetchModel } from '../../../../src/node/hub/hub.js';
import { type HubServer, startHubServer } from '../../../support/hub-server.js';

const FIRST = '1'.repeat(40);
const SECOND = '2'.repeat(40);
const config = new TextEncoder().encode('{"model_type":"gpt2"}');
const tokenizer = new TextEncoder().encode('{"version":"1.0"}');
const weights = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) & 255);
const shard = (salt: number): Uint8Array => weights.map((byte) => byte ^ salt);
const index = (files: string[]): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ weight_map: Object.fromEntries(files.map((file, i) => [`t${i}`, file])) }));

const plain = { 'config.json': config, 'tokenizer.json': tokenizer, 'model.safetensors': weights };
const sharded = {
  'config.json': config,
  'tokenizer.json': tokenizer,
  'model.safetensors.index.json': index(['model-1.safetensors', 'model-2.safetensors', 'model-1.safetensors']),
  'model-1.safetensors': shard(1),
  'model-2.safetensors': shard(2),
};

let hub: HubServer;
let cache: string;

beforeEach(async () => {
  hub = await startHubServer({
    'org/plain': {
      files: { ...plain, 'pytorch_model.bin': weights },
      revisions: { main: FIRST, 'v1.0': SECOND, 'refs/pr/1': SECOND },
    },
    'org/sharded': { files: sharded, revisions: { main: FIRST } },
    'org/escape': {
      files: { ...sharded, 'model.safetensors.index.json': index(['../../../../evil.safetensors']) },
      revisions: { main: FIRST },
    },
    'org/hole': {
      files: { ...sharded, 'model.safetensors.index.json': index(['model-1.safetensors', 'model-9.safetensors']) },
      revisions: { main: FIRST },
    },
    'org/untokenized': { files: { 'config.json': config, 'model.safetensors': weights }, revisions: { main: FIRST } },
    'org/pickled': { files: { 'config.json': config, 'pytorch_model.bin': weights }, revisions: { main: FIRST } },
    'org/gated': { files: plain, revisions: { main: FIRST }, refuse: 403 },
    'org/missing': { files: {}, revisions: {}, refuse: 404 },
    'org/old': {
      files: {
        'config.json': config,
        'model.safetensors': weights,
        'vocab.json': tokenizer,
        'merges.txt': config,
        'special_tokens_map.json': config,
      },
      revisions: { main: FIRST },
    },
    'org/both': { files: { ...plain, 'vocab.json': tokenizer, 'merges.txt': config }, revisions: { main: FIRST } },
    bare: { files: plain, revisions: { main: FIRST } },
  });
  cache = await mkdtemp(join(tmpdir(), 'edgewise-hub-'));
  vi.stubEnv('HF_HUB_CACHE', cache);
  vi.stubEnv('HF_ENDPOINT', `${hub.url}/`);
  vi.stubEnv('HF_HUB_OFFLINE', '');
  vi.stubEnv('HF_TOKEN', '');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

async function leftovers(): Promise<string[]> {
  const names = await readdir(cache, { recursive: true });
  return names.filter((name) => /tmp|incomplete/.test(name));
}

test('a first download fetches only the files that are read, tells progress and prints nothing', async () => {
  const noise = (['log', 'debug', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
  const progress: DownloadProgress[] = [];
  const model = await fetchModel('org/plain', 'main', (step) => progress.push(step));
  expect(model.commit).toBe(FIRST);
  expect(model.directory).toBe(join(cache, 'models--org--plain', 'snapshots', FIRST));
  expect((await readdir(model.directory)).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
  expect(new Uint8Array(await readFile(join(model.directory, 'model.safetensors')))).toEqual(weights);
  const total = config.length + tokenizer.length + weights.length;
  expect(progress.at(-1)).toEqual({ file: 'model.safetensors', bytes: total, total });
  expect(progress.every((step, i) => step.bytes >= (progress[i - 1]?.bytes ?? 0))).toBe(true);
  for (const spy of noise) expect(spy).not.toHaveBeenCalled();
  expect(await leftovers()).toEqual([]);
});

test('the second use asks no network, and works with the server gone and with HF_HUB_OFFLINE', async () => {
  const first = await fetchModel('org/plain', 'main');
  const asked = hub.requests.length;
  expect(await fetchModel('org/plain', 'main')).toEqual(first);
  expect(hub.requests.length).toBe(asked);
  await hub.close();
  expect(await fetchModel('org/plain', 'main')).toEqual(first);
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  expect(await fetchModel('org/plain', FIRST)).toEqual(first);
  await expect(fetchModel('org/sharded', 'main')).rejects.toThrow(/'org\/sharded'.*HF_HUB_OFFLINE/);
});

test('revisions: tag, commit, and a reference with slashes', async () => {
  expect((await fetchModel('org/plain', 'v1.0')).commit).toBe(SECOND);
  expect((await fetchModel('org/plain', 'refs/pr/1')).commit).toBe(SECOND);
  expect((await fetchModel('org/plain', FIRST)).commit).toBe(FIRST);
  expect((await fetchModel('org/plain', 'main')).commit).toBe(FIRST);
  await expect(fetchModel('org/plain', 'v2.0')).rejects.toThrow(/'org\/plain@v2.0'.*no such model or revision/);
  // Both snapshots share one blob of the weights.
  const transfers = hub.requests.filter(
    (request) => request.includes('resolve') && request.includes('model.safetensors'),
  );
  expect(transfers.length).toBe(2);
});

test('a sharded model comes with every shard', async () => {
  const { directory } = await fetchModel('org/sharded', 'main');
  expect((await readdir(directory)).sort()).toEqual(Object.keys(sharded).sort());
  expect(new Uint8Array(await readFile(join(directory, 'model-2.safetensors')))).toEqual(shard(2));
  await hub.close();
  expect((await fetchModel('org/sharded', 'main')).directory).toBe(directory);
});

test.each(['break', 'corrupt', 'endless'] as const)(
  'a transfer with fault "%s" is refused and used by nobody',
  async (fault) => {
    hub.fault = fault;
    await expect(fetchModel('org/plain', 'main')).rejects.toThrow(
      /'org\/plain'.*model\.safetensors (broke off|came with|is longer)/,
    );
    expect(await leftovers()).toEqual([]);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await expect(fetchModel('org/plain', 'main')).rejects.toThrow(/not in the local cache/);
    await expect(fetchModel('org/plain', FIRST)).rejects.toThrow(/not in the local cache/);
    vi.stubEnv('HF_HUB_OFFLINE', '');
    hub.fault = 'none';
    const { directory } = await fetchModel('org/plain', 'main');
    expect(new Uint8Array(await readFile(join(directory, 'model.safetensors')))).toEqual(weights);
  },
);

test('an index that is hostile or lists a missing shard is refused', async () => {
  await expect(fetchModel('org/escape', 'main')).rejects.toThrow(/weight_map.*evil\.safetensors/);
  await expect(fetchModel('org/hole', 'main')).rejects.toThrow(
    /lists model-9\.safetensors, which the repository lacks/,
  );
});

test("GPT-2's own tokenizer files are fetched where there is no tokenizer.json, and complete a copy", async () => {
  const old = await fetchModel('org/old', 'main');
  const names = ['config.json', 'merges.txt', 'model.safetensors', 'special_tokens_map.json', 'vocab.json'];
  expect((await readdir(old.directory)).sort()).toEqual(names);
  const asked = hub.requests.length;
  await fetchModel('org/old', 'main');
  expect(hub.requests).toHaveLength(asked);
  const both = await fetchModel('org/both', 'main');
  expect((await readdir(both.directory)).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
});

test('a model without tokenizer.json is asked for again but works without network', async () => {
  const first = await fetchModel('org/untokenized', 'main');
  await hub.close();
  expect(await fetchModel('org/untokenized', 'main')).toEqual(first);
});

test('refusals say what to do', async () => {
  await expect(fetchModel('org/gated', 'main')).rejects.toThrow(/gated or private.*set HF_TOKEN/);
  await expect(fetchModel('org/unknown', 'main')).rejects.toThrow(/or does not exist/);
  await expect(fetchModel('org/missing', 'main')).rejects.toThrow(/no such model or revision/);
  await expect(fetchModel('org/pickled', 'main')).rejects.toThrow(
    /neither model\.safetensors nor .*; there is pytorch_model\.bin, a PyTorch pickle/,
  );
  await hub.close();
  await expect(fetchModel('org/plain', 'main')).rejects.toThrow(/not in the local cache.*cannot be reached/);
});

test('HF_TOKEN is sent, a bare id works', async () => {
  vi.stubEnv('HF_TOKEN', 'hf_test');
  await fetchModel('bare', 'main');
  expect(hub.authorization).toBe('Bearer hf_test');
});
