import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Tuning } from '../../../src/gpu/product/choose-tile.js';
import { cacheFolder, deviceTuning } from '../../../src/node/tuning-store.js';

/** As much of a device as says which tiles run on it. */
function fakeDevice(subgroups: boolean): GPUDevice {
  return {
    features: new Set(subgroups ? ['subgroups'] : []),
    limits: { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 },
    adapterInfo: { subgroupMinSize: 8, isFallbackAdapter: true },
    addEventListener: () => {},
    lost: new Promise(() => {}),
  } as unknown as GPUDevice;
}

const open = { device: fakeDevice(true), adapter: 'a card, driver 1' };
const CHOICE: Tuning = { tile: 'subgroup-16', transposedTile: 'workgroup-32', rowWorkgroup: 64, fill: 4 };
let folder: string;
let measured: number;

const measure = (result: Tuning = CHOICE) => {
  return (): Promise<Tuning> => {
    measured++;
    return Promise.resolve(result);
  };
};
const refuse = (): Promise<Tuning> => Promise.reject(new Error('must not be measured'));
const file = async (): Promise<string> => join(folder, 'cache', (await readdir(join(folder, 'cache')))[0]!);
const cache = (): string => join(folder, 'cache');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgewise-tuning-'));
  measured = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('measured once, then stored, in a folder that is made', async () => {
  expect(await deviceTuning(open, cache(), measure())).toEqual(CHOICE);
  expect(await deviceTuning(open, cache(), refuse)).toEqual(CHOICE);
  expect(await readdir(cache())).toHaveLength(1);
  expect(measured).toBe(1);
});

test('each adapter has its own', async () => {
  const other = { ...open, adapter: 'another card' };
  await deviceTuning(open, cache(), measure());
  expect(await deviceTuning(other, cache(), measure({ tile: 'register-8', fill: 1 }))).toEqual({
    tile: 'register-8',
    fill: 1,
  });
  expect(await deviceTuning(open, cache(), refuse)).toEqual(CHOICE);
  expect(measured).toBe(2);
});

test.each([
  ['empty', () => ''],
  ['cut short', (text: string) => text.slice(0, -9)],
  ['no object', () => '[]'],
  ['an unknown tile', (text: string) => text.replace('subgroup-16', 'subgroup-17')],
  ['an unknown transposed tile', (text: string) => text.replace('workgroup-32', 'workgroup-33')],
  ['an odd workgroup', (text: string) => text.replace('"rowWorkgroup":64', '"rowWorkgroup":65')],
  ['a fill of 0', (text: string) => text.replace('"fill":4', '"fill":0')],
  ['a fill that is too large', (text: string) => text.replace('"fill":4', '"fill":99')],
  ['of another version', (text: string) => text.replace(/"version":"[^"]*"/, '"version":"0.0.1"')],
  ['of another adapter', (text: string) => text.replace('driver 1', 'driver 2')],
])('a file that is broken is replaced: %s', async (_, broken) => {
  await deviceTuning(open, cache(), measure());
  const text = await readFile(await file(), 'utf8');
  await writeFile(await file(), broken(text));
  expect(await deviceTuning(open, cache(), measure())).toEqual(CHOICE);
  expect(measured).toBe(2);
  expect(await readFile(await file(), 'utf8')).toBe(text);
});

test('a stored tile that the device cannot run is measured anew', async () => {
  await deviceTuning(open, cache(), measure());
  const lesser = { ...open, device: fakeDevice(false) };
  expect(await deviceTuning(lesser, cache(), measure({ tile: 'register-8', fill: 1 }))).toEqual({
    tile: 'register-8',
    fill: 1,
  });
});

test('a stored choice of the tile alone is whole', async () => {
  const alone: Tuning = { tile: 'subgroup-16', fill: 1 };
  await deviceTuning(open, cache(), measure(alone));
  expect(await deviceTuning(open, cache(), refuse)).toEqual(alone);
});

test('of two processes that measure at once the first to store decides', async () => {
  const slow = async (): Promise<Tuning> => {
    await deviceTuning(open, cache(), measure());
    return { tile: 'subgroup-8', fill: 1 };
  };
  expect(await deviceTuning(open, cache(), slow)).toEqual(CHOICE);
});

test('a folder that cannot be made is no error', async () => {
  await writeFile(join(folder, 'file'), '');
  const nowhere = join(folder, 'file', 'cache');
  for (let i = 0; i < 2; i++) expect(await deviceTuning(open, nowhere, measure())).toEqual(CHOICE);
  expect(measured).toBe(2);
});

test('a measurement that fails is told and stores nothing', async () => {
  await expect(deviceTuning(open, cache(), refuse)).rejects.toThrow('must not be measured');
  await expect(readdir(cache())).rejects.toThrow('ENOENT');
});

test("the folder is the system's, unless the environment names one", () => {
  expect(cacheFolder({ EDGEWISE_CACHE: '/somewhere' }, 'linux')).toBe('/somewhere');
  expect(cacheFolder({ XDG_CACHE_HOME: '/caches' }, 'linux')).toBe(join('/caches', 'edgewise'));
  expect(cacheFolder({}, 'linux')).toMatch(/[/\\]\.cache[/\\]edgewise$/);
  expect(cacheFolder({}, 'darwin')).toMatch(/Library[/\\]Caches[/\\]edgewise$/);
  expect(cacheFolder({ LOCALAPPDATA: '/local' }, 'win32')).toBe(join('/local', 'edgewise'));
});
