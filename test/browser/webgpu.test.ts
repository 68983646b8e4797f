import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { browserPath, runInBrowser } from '../support/browser.js';
import { bundleForBrowser } from '../support/bundle.js';

const page = (name: string): string => fileURLToPath(new URL(`pages/${name}.ts`, import.meta.url));

test('a bundle that needs Node is refused with the name of the module', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-bundle-'));
  const entry = join(folder, 'entry.ts');
  try {
    writeFileSync(entry, "import { readFileSync } from 'node:fs';\nexport const run = () => readFileSync('x');\n");
    await expect(bundleForBrowser(entry)).rejects.toThrow(/needs Node: node:fs/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe.skipIf(browserPath === undefined)('in headless Chromium', () => {
  test('a compute shader runs and its numbers come back', async () => {
    const result = await runInBrowser<{ adapter: string; output: number[] }>(page('add-one'), [1, 2.5, -1]);
    expect(result.output).toEqual([2, 3.5, 0]);
    expect(result.adapter).not.toBe('');
  });
});
