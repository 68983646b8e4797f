import { describe, expect, test } from 'vitest';
import { browserPath } from '../../support/browser.js';
import { IOI, KEPT, STRONGEST } from '../../support/viewer-files.js';
import { card, drawn, useViewer, viewOf } from '../../support/viewer-page.js';

describe.skipIf(browserPath === undefined)('the keyboard in headless Chromium', () => {
  const viewer = useViewer();

  test('search, the edge table, keyboard', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    await page.keyboard.press('/');
    await page.keyboard.type('m0');
    const found = (): Promise<string[]> =>
      page.evaluate(() => globalThis.edgewise.scene.graph.filterNodes((_, { found: hit }) => hit === true));
    await expect.poll(found).toEqual(['m0']);
    await page.getByRole('searchbox', { name: 'Search' }).fill('');
    await page.getByRole('tab', { name: 'Edges' }).click();
    const rows = page.getByTestId('edge-table').locator('tbody tr');
    expect(await rows.count()).toBe(KEPT);
    expect(await rows.first().innerText()).toMatch(/^input\s+0\.1\s+v/);
    await rows.first().click();
    await expect.poll(() => card(page, 'edge').innerText()).toContain(STRONGEST);
    await page.keyboard.press('Escape');
    await page.getByTestId('stage').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.getByTestId('spoken').innerText()).toMatch(/^logits, effect .*edges? in, 0 out/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => card(page, 'node').count()).toBe(1);
    expect(await card(page, 'node').getByRole('heading', { level: 2 }).innerText()).not.toBe('logits');
    for (const [key, field] of [
      ['p', 'pinned'],
      ['m', 'mergePorts'],
      ['[', 'limit'],
      ['l', 'layout'],
      ['1', 'ports'],
    ] as const) {
      const before = (await viewOf(page))[field];
      await page.keyboard.press(key);
      await expect.poll(async () => (await viewOf(page))[field], { message: key }).not.toEqual(before);
    }
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog', { name: 'Help' }).innerText()).toContain('walk the graph');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog', { name: 'Help' }).count()).toBe(0);
  });
});
