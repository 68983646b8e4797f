import { expect, test } from 'vitest';
import { MOST_JOBS } from '../../src/gpu/product/choose-tile.js';
import { measureTuning } from '../../src/gpu/product/measure-tuning.js';
import { trialTiles } from '../../src/gpu/product/tiles.js';
import { trialRowWorkgroups } from '../../src/gpu/workgroups.js';
import { Engine } from '../../src/run/engine.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import { useDevice } from '../support/gpu.js';

const device = useDevice();

test('the trial chooses a tile that is tried, and the fill of this device', async () => {
  const { tile, transposedTile, rowWorkgroup, fill } = await measureTuning(device.gpu);
  expect(trialTiles(device.gpu.device)).toContain(tile);
  expect([1, 2, 4, 8, MOST_JOBS]).toContain(fill);
  if (device.gpu.device.adapterInfo.isFallbackAdapter) {
    expect([transposedTile, rowWorkgroup, fill]).toEqual([undefined, undefined, 1]);
  } else {
    expect(trialTiles(device.gpu.device)).toContain(transposedTile);
    expect(trialRowWorkgroups(device.gpu.device)).toContain(rowWorkgroup);
  }
});

test('a card chooses both tiles, the workgroup of row kernels and the fill', async () => {
  const tiles = ['register-8', 'workgroup-32'] as const;
  const before = device.gpu.liveBytes;
  const tuning = await measureTuning(device.gpu, { tiles, card: true });
  expect(tiles).toContain(tuning.tile);
  expect(tiles).toContain(tuning.transposedTile);
  expect(trialRowWorkgroups(device.gpu.device)).toContain(tuning.rowWorkgroup);
  expect([1, 2, 4, 8, MOST_JOBS]).toContain(tuning.fill);
  expect(device.gpu.liveBytes).toBe(before);
});

test('an engine measures unless it is told, says what it has, and computes with it', async () => {
  const spec = gpt2Spec({ layers: 1, heads: 2, headWidth: 5, mlpWidth: 9, vocab: 11, maxPositions: 4 });
  const options = { device: device.gpu.device, adapter: 'this one', model: await randomModel(spec, 1) };
  const measured = await Engine.create(options);
  expect(trialTiles(device.gpu.device)).toContain(measured.tuning.tile);
  measured.dispose();
  const tuning = { tile: 'register-8', transposedTile: 'subgroup-8', rowWorkgroup: 32, fill: 3 } as const;
  const told = await Engine.create({ ...options, tuning });
  expect(told.tuning).toEqual(tuning);
  expect([measured.gpu.tile, told.gpu.tile]).toEqual([measured.tuning.tile, 'register-8']);
  expect([told.gpu.transposedTile, told.gpu.rowWorkgroup]).toEqual(['subgroup-8', 32]);
  told.dispose();
  expect([measured.gpu.liveBytes, told.gpu.liveBytes]).toEqual([0, 0]);
});
