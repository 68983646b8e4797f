import { describe, expect, test } from 'vitest';
import {
  chooseTuning,
  MOST_JOBS,
  type DeviceTrials,
  type Trial,
  type TrialProduct,
  type TrialWork,
} from '../../../../src/gpu/product/choose-tile.js';
import { Gpu } from '../../../../src/gpu/gpu.js';
import { trialRowWorkgroups } from '../../../../src/gpu/workgroups.js';
import {
  comparedTiles,
  defaultTile,
  TILE_NAMES,
  tileLacks,
  trialTiles,
  usableTiles,
  type TileName,
} from '../../../../src/gpu/product/tiles.js';

interface FakeDevice {
  /** Seconds of one job alone. */
  readonly seconds: Readonly<Partial<Record<TileName, Readonly<Record<TrialProduct, number>>>>>;
  /** Jobs that run at once. */
  readonly parallel?: number;
  /** Factor on each measurement, by how many came before. */
  readonly noise?: (measurement: number) => number;
}

type FakeTrials = DeviceTrials & { readonly work: TrialWork[] };

function fakeTimer({ seconds, parallel = 1, noise = () => 1 }: FakeDevice): FakeTrials {
  const work: TrialWork[] = [];
  const products: Trial<TileName> = {
    choices: Object.keys(seconds) as TileName[],
    time(tile, asked) {
      work.push(asked);
      const turns = Math.ceil(asked.jobs / parallel) * asked.repeats;
      return Promise.resolve(noise(work.length) * turns * seconds[tile]![asked.product]);
    },
  };
  return { work, products, parallel: true };
}

const both = (many: number, few: number): Record<TrialProduct, number> => ({ 'many rows': many, 'few rows': few });

describe('choice of a tile', () => {
  test('the least total time, each product with about the same share', async () => {
    // One takes twice as long over many rows, the other three times as long over few, which are a tenth of the time.
    const seconds = {
      'register-8': both(0.02, 0.002),
      'subgroup-8': both(0.04, 0.002),
      'subgroup-16': both(0.02, 0.006),
    };
    const first = { 'register-8': seconds['register-8'] };
    expect((await chooseTuning(fakeTimer({ seconds }))).tile).toBe('register-8');
    expect((await chooseTuning(fakeTimer({ seconds: first }))).tile).toBe('register-8');
    const faster = { ...seconds, 'workgroup-64': both(0.019, 0.002) };
    expect((await chooseTuning(fakeTimer({ seconds: faster }))).tile).toBe('workgroup-64');
  });

  test('few rows count although they take little', async () => {
    const seconds = { 'register-8': both(0.001, 0.00001), 'subgroup-8': both(0.0009, 0.00002) };
    expect((await chooseTuning(fakeTimer({ seconds }))).tile).toBe('register-8');
  });

  test('equally fast tiles: the first', async () => {
    const same = both(0.003, 0.001);
    const seconds = { 'subgroup-16': same, 'register-8': same, 'workgroup-32': same };
    expect((await chooseTuning(fakeTimer({ seconds }))).tile).toBe('subgroup-16');
  });

  test('a disturbance in any one round does not change it', async () => {
    const seconds = { 'register-8': both(0.011, 0.011), 'subgroup-8': both(0.01, 0.01) };
    const calls = fakeTimer({ seconds });
    await chooseTuning(calls);
    for (let disturbed = 1; disturbed <= calls.work.length; disturbed++) {
      const noise = (n: number): number => (n === disturbed ? 1.8 : 1);
      expect((await chooseTuning(fakeTimer({ seconds, noise }))).tile).toBe('subgroup-8');
    }
  });

  test('a tile that takes far longer is measured once', async () => {
    const seconds = { 'register-8': both(0.01, 0.01), 'workgroup-32': both(1, 1) };
    const asked: TileName[] = [];
    const timer = fakeTimer({ seconds });
    const products: Trial<TileName> = {
      ...timer.products,
      time: (tile, work) => (asked.push(tile), timer.products.time(tile, work)),
    };
    await chooseTuning({ ...timer, products });
    // To compile, and in the first round, with two products each.
    expect(asked.filter((tile) => tile === 'workgroup-32')).toHaveLength(4);
  });

  test('measurements are long enough on a fast device, and never of more jobs than there are', async () => {
    const timer = fakeTimer({
      seconds: { 'register-8': both(1e-5, 1e-6), 'subgroup-8': both(2e-5, 1e-6) },
      parallel: 64,
    });
    await chooseTuning(timer);
    const longest = Math.max(...timer.work.map(({ jobs, repeats }) => jobs * repeats));
    expect(longest).toBeGreaterThan(100);
    expect(Math.max(...timer.work.map(({ jobs }) => jobs))).toBe(MOST_JOBS);
  });
});

describe('fill', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 4],
    [15, 8],
    [16, 16],
    [500, MOST_JOBS],
  ])('%i jobs at once: %i', async (parallel, expected) => {
    for (const job of [0.02, 1e-4]) {
      const timer = fakeTimer({ seconds: { 'register-8': both(job, job) }, parallel });
      expect(await chooseTuning(timer)).toEqual({ tile: 'register-8', fill: expected });
    }
  });

  test('of a device that one job fills: 1, without measuring', async () => {
    const timer = { ...fakeTimer({ seconds: { 'register-8': both(0.01, 0.01) }, parallel: 16 }), parallel: false };
    expect(await chooseTuning(timer)).toEqual({ tile: 'register-8', fill: 1 });
    expect(timer.work).toEqual([]);
  });

  test('of a clock that gives no number: 1', async () => {
    const products: Trial<TileName> = { choices: ['register-8'], time: () => Promise.resolve(Number.NaN) };
    expect((await chooseTuning({ products, parallel: true })).fill).toBe(1);
  });
});

describe('what a card chooses beside the tile', () => {
  const products = fakeTimer({ seconds: { 'register-8': both(0.01, 0.01) } }).products;

  test('the tile of transposed products by itself, from their own times', async () => {
    const seconds = { 'register-8': both(0.02, 0.02), 'blocked-64': both(0.03, 0.001) };
    const transposed = fakeTimer({ seconds }).products;
    const tuning = await chooseTuning({ products, transposed, parallel: false });
    expect(tuning).toEqual({ tile: 'register-8', transposedTile: 'blocked-64', fill: 1 });
  });

  test.each([
    [[4e-5, 3e-5, 5e-5], 64],
    [[4e-5, 4e-5, 4e-5], 32],
    [[9e-5, 7e-5, 1e-6], 128],
  ])('the workgroup of row kernels: %j is %i', async (times, expected) => {
    const sizes = [32, 64, 128];
    const rows: Trial<number> = {
      choices: sizes,
      time: (size, { jobs, repeats }) => Promise.resolve(jobs * repeats * times[sizes.indexOf(size)]!),
    };
    expect((await chooseTuning({ products, rows, parallel: false })).rowWorkgroup).toBe(expected);
  });

  test('sizes that the device can run, from a subgroup on', () => {
    const sizes = (most: number) =>
      trialRowWorkgroups({ limits: { maxComputeInvocationsPerWorkgroup: most } as GPUSupportedLimits });
    expect(sizes(256)).toEqual([32, 64, 128, 256]);
    expect(sizes(100)).toEqual([32, 64]);
  });
});

describe('tiles of a device', () => {
  type Device = Parameters<typeof usableTiles>[0];
  const device = (lanes: number | undefined, software: boolean, invocations = 256, bytes = 32_768): Device => {
    return {
      features: new Set(lanes === undefined ? [] : ['subgroups']),
      limits: { maxComputeInvocationsPerWorkgroup: invocations, maxComputeWorkgroupStorageSize: bytes },
      adapterInfo: { subgroupMinSize: lanes, isFallbackAdapter: software },
    } as unknown as Device;
  };

  test('subgroups of fewer than 8, or none, are not enough for a subgroup tile', () => {
    expect(usableTiles(device(8, true))).toEqual(TILE_NAMES);
    expect(usableTiles(device(32, false))).toEqual(TILE_NAMES);
    for (const lacking of [device(4, false), device(undefined, false)]) {
      expect(usableTiles(lacking)).toEqual(['register-8', 'workgroup-32', 'workgroup-64', 'blocked-64', 'blocked-128']);
      expect(tileLacks('subgroup-16', lacking)).toMatch(/subgroups of at least 8/);
      expect(defaultTile(lacking)).toBe('register-8');
    }
    expect(defaultTile(device(8, true))).toBe('subgroup-8');
    expect(usableTiles(device(undefined, false, 64))).toEqual(['register-8']);
    expect(usableTiles(device(8, false, 128))).toEqual(['register-8', 'subgroup-8', 'subgroup-16', 'blocked-64']);
    // WebGPU's defaults
    expect(usableTiles(device(8, false, 256, 16_384))).toEqual(TILE_NAMES.filter((name) => name !== 'blocked-128'));
    expect(usableTiles(device(undefined, false, 256, 8192))).toEqual(['register-8']);
  });

  test('a device that cannot run the tile is refused by what it lacks', () => {
    const lesser = device(4, false);
    const message = 'tile subgroup-8: needs subgroups of at least 8 invocations: not on a card';
    expect(() => new Gpu(lesser as GPUDevice, 'a card', { tile: 'subgroup-8' })).toThrow(message);
    const small = device(4, false, 128) as GPUDevice;
    expect(() => new Gpu(small, 'a card', { tile: 'workgroup-32' })).toThrow(/needs workgroups of 256 invocations/);
    const transposed = { tile: 'register-8', transposedTile: 'workgroup-64' } as const;
    expect(() => new Gpu(small, 'a card', transposed)).toThrow(/tile workgroup-64: needs workgroups of 256/);
  });

  test('a software adapter is spared the tiles for cards', () => {
    const others = TILE_NAMES.filter((name) => !name.startsWith('blocked'));
    expect(comparedTiles(device(8, true))).toEqual(others);
    expect(comparedTiles(device(8, false))).toEqual(TILE_NAMES);
    expect(comparedTiles(device(undefined, false, 64))).toEqual(['register-8']);
  });

  test('a software adapter tries no tile through workgroup memory', () => {
    expect(trialTiles(device(8, true))).toEqual(['subgroup-8', 'subgroup-16']);
    expect(trialTiles(device(undefined, true))).toEqual(['register-8']);
    expect(trialTiles(device(32, false))).toEqual(TILE_NAMES);
  });
});
