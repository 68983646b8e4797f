import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevice } from '../../src/node/device.js';
import { bundleForNode, REPOSITORY } from '../support/bundle.js';

test('a device has a name, raised limits, and can be closed twice', async () => {
  const opened = await openDevice();
  expect(opened.adapter).toMatch(/\w/);
  expect(opened.device.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20);
  expect(GPUBufferUsage.STORAGE).toBe(0x80);
  await opened.close();
  await opened.close();
  expect(await opened.lost).toBeUndefined();
});

test('an unknown adapter name is refused with the known ones', async () => {
  await expect(openDevice({ adapter: 'no such' })).rejects.toThrow(/^adapter 'no such': not found; there is '/);
});

describe('as a program', () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    // Inside node_modules, so that the package is found from there.
    folder = mkdtempSync(join(REPOSITORY, 'node_modules', '.edgewise-'));
    const entry = join(folder, 'entry.ts');
    writeFileSync(
      entry,
      `import { openDevice } from ${JSON.stringify(join(REPOSITORY, 'src/node/device.ts'))};
       try {
         for (let i = 0; i < 3; i += 1) {
           const { device, close } = await openDevice();
           device.createBuffer({ size: 1024, usage: GPUBufferUsage.STORAGE });
           globalThis.gc();
           await close();
           globalThis.gc();
         }
         console.log('closed');
       } catch (error) {
         console.log(String(error));
       }`,
    );
    program = await bundleForNode(entry, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('it exits by itself after closing, also with the collector at work', () => {
    const done = spawnSync(process.execPath, ['--expose-gc', program], { encoding: 'utf8', timeout: 60_000 });
    expect([done.stdout, done.status, done.signal]).toEqual(['closed\n', 0, null]);
  });

  test.runIf(process.platform === 'linux')('without a driver it says what to install', () => {
    const env = { ...process.env, VK_DRIVER_FILES: '/none', VK_ICD_FILENAMES: '/none' };
    const done = spawnSync(process.execPath, ['--expose-gc', program], { encoding: 'utf8', timeout: 60_000, env });
    expect(done.stdout).toMatch(/^EdgewiseError: adapter: no WebGPU adapter was found; .*mesa-vulkan-drivers/);
    expect(done.status).toBe(0);
  });
});
