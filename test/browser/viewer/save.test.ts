import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { parseCircuit } from '../../../src/files/index.js';
import { browserPath } from '../../support/browser.js';
import { IOI, KEPT, useFolder } from '../../support/viewer-files.js';
import { drawn, placeOf, useViewer, viewOf } from '../../support/viewer-page.js';

const { put } = useFolder();

/** The text of a download that an action starts. */
async function downloaded(page: Page, action: () => Promise<void>): Promise<{ name: string; content: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), action()]);
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

describe.skipIf(browserPath === undefined)('what leaves the page in headless Chromium', () => {
  const viewer = useViewer();

  test('exports: PNG, SVG, circuit and GEXF', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    const save = (name: string) =>
      downloaded(page, async () => {
        if ((await page.getByRole('button', { name }).count()) === 0) {
          await page.getByRole('button', { name: 'Export', exact: true }).click();
        }
        await page.getByRole('button', { name }).click();
      });
    const png = await save('PNG picture');
    expect(png.name).toBe('tasks-4l.ioi.acdc.png');
    expect(png.content.subarray(1, 4).toString()).toBe('PNG');
    expect(png.content.length).toBeGreaterThan(20_000);
    const svg = (await save('SVG picture')).content.toString();
    const shapes = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
      const wrong = parsed.querySelector('parsererror')?.textContent ?? null;
      return { wrong, root: parsed.documentElement.tagName, marks: parsed.querySelectorAll('path, line').length };
    }, svg);
    expect(shapes).toMatchObject({ wrong: null, root: 'svg' });
    expect(shapes.marks).toBeGreaterThanOrEqual(KEPT);
    expect(svg).toContain('helps the task');
    expect(svg).not.toMatch(/NaN|undefined/);
    const json = (await save('circuit.json')).content.toString();
    expect(parseCircuit(json, 'download').edges).toEqual(parseCircuit(readFileSync(IOI, 'utf8'), 'graphs').edges);
    expect((await save('GEXF')).content.toString().match(/<edge id=/g)).toHaveLength(KEPT);
  });

  test('pins, a group and a note are saved into the file that was opened', async () => {
    const path = put('mine.json', readFileSync(IOI, 'utf8'));
    const { page } = await viewer.open([path]);
    await drawn(page);
    await page.keyboard.down('Control');
    for (const id of ['a1.h0', 'a1.h1']) {
      const { x, y } = await placeOf(page, id);
      await page.mouse.click(x, y);
    }
    await page.keyboard.up('Control');
    await page.keyboard.press('g');
    await page.getByRole('textbox', { name: /^Name of the group/ }).fill('movers');
    await page.keyboard.press('Enter');
    await expect
      .poll(async () => (await viewOf(page)).groups)
      .toEqual([{ name: 'movers', members: ['a1.h0', 'a1.h1'] }]);
    await page.getByRole('textbox', { name: 'Note' }).fill('<b>both</b>');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('button', { name: /^Save view into file/ }).click();
    await expect.poll(() => page.getByText('Saved into mine.json.').count()).toBe(1);
    const { view } = parseCircuit(readFileSync(path, 'utf8'), path);
    expect(view).toMatchObject({ groups: [{ name: 'movers', members: ['a1.h0', 'a1.h1'] }] });
    await page.goto('about:blank');
    const again = await viewer.open([path]);
    await drawn(again.page);
    const restored = await viewOf(again.page);
    expect(restored.groups).toEqual([{ name: 'movers', members: ['a1.h0', 'a1.h1'] }]);
    expect(Object.values(restored.notes)).toEqual(['<b>both</b>']);
  });
});
