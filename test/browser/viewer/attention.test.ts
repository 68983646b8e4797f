import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { parseDetails } from '../../../src/files/own/details-json.js';
import { browserPath } from '../../support/browser.js';
import { GRAPHS, IOI } from '../../support/viewer-files.js';
import { card, drawn, useViewer, viewOf } from '../../support/viewer-page.js';

const DOCSTRING = join(GRAPHS, 'tasks-4l.docstring.acdc.json');

function patterns(where: Locator): Locator {
  return where.locator('.pattern canvas[role=img]');
}

const caption = (where: Locator): Promise<string> => where.getByTestId('attention-caption').innerText();

describe.skipIf(browserPath === undefined)('attention patterns in headless Chromium', () => {
  const viewer = useViewer();

  test('several heads side by side: one cell in all of them, held by a click, exported, closed by Escape', async () => {
    const path = IOI.replace(/\.json$/, '.details.json');
    const { prompts, nodes } = parseDetails(readFileSync(path, 'utf8'), path);
    const n = prompts[0]!.clean.length;
    const { page } = await viewer.open([IOI], { suffix: '#pin=a1.h0,a0.h1&show=a1.h1&prompt=0&attention=wide' });
    await drawn(page);
    const window = page.getByRole('dialog', { name: 'Attention of several heads' });
    const small = patterns(window.locator('.small-patterns'));
    await expect.poll(() => small.count()).toBe(2);
    // The last row of the second head, and its key with the most attention.
    const weights = nodes['a1.h0']!.attention![0]!.subarray((n - 1) * n);
    const key = weights.indexOf(Math.max(...weights));
    const { width, height } = (await small.nth(1).boundingBox())!;
    const position = { x: ((key + 0.5) / n) * width, y: height - 0.5 * (height / n) };
    await small.nth(1).click({ position });
    await expect.poll(() => caption(window)).toContain(`1.0: “\u00a0to”`);
    const said = await caption(window);
    expect(said).toContain(weights[key]!.toFixed(3));
    // The other head's number of the same cell.
    expect(said).toContain(`0.1 ${nodes['a0.h1']!.attention![0]![(n - 1) * n + key]!.toFixed(3)}`);
    await small.nth(0).hover({ position: { x: 5, y: 5 } });
    expect(await caption(window)).toBe(said);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      window.getByRole('button', { name: 'SVG' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/attention\.svg$/);
    const svg = readFileSync(await download.path(), 'utf8');
    expect(svg.match(/<rect/g)).toHaveLength(1 + (2 * n * (n + 1)) / 2);
    // Printed alone: on one page, as lines and text.
    await page.evaluate(
      () => (globalThis.print = () => document.documentElement.setAttribute('data-printed', document.title)),
    );
    await window.getByRole('button', { name: 'PDF' }).click();
    await expect.poll(() => page.locator('html').getAttribute('data-printed')).toBe('tasks-4l.ioi.acdc.attention');
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    expect(pdf).not.toMatch(/\/Subtype\s*\/Image/);
    expect(pdf).toMatch(/\/Font/);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await window.getByRole('button', { name: /^circuit/ }).click();
    await expect.poll(() => small.count()).toBeGreaterThan(10);
    await page.keyboard.press('Escape');
    await expect.poll(() => window.isVisible()).toBe(false);
    await expect.poll(async () => (await viewOf(page)).attention.wide).toBe(false);
    expect((await viewOf(page)).selected).toBe('a1.h1');
  });

  test('a card: keys walk the cells, the corrupted run and lines are chosen for all cards', async () => {
    const { page } = await viewer.open([IOI], { suffix: '#show=a1.h0&prompt=0' });
    await drawn(page);
    const shown = card(page, 'node');
    const pattern = patterns(shown).first();
    expect(await pattern.getAttribute('aria-label')).toMatch(/looks 100 % at “\u00a0James” \(2nd\)/);
    await pattern.focus();
    await pattern.press('ArrowUp');
    await pattern.press('ArrowUp');
    await expect.poll(() => caption(shown)).toMatch(/“\u00a0ball” attends to|No query attends/);
    await pattern.press('Escape');
    expect((await viewOf(page)).selected).toBe('a1.h0');
    await shown.getByRole('button', { name: 'difference' }).click();
    await shown.getByRole('button', { name: 'lines' }).click();
    await shown.getByRole('button', { name: 'used' }).click();
    expect((await viewOf(page)).attention).toEqual({ run: 'difference', as: 'lines', rows: 'used', wide: false });
    await expect.poll(() => shown.getByTestId('attention').innerText()).toContain('more on the corrupted');
  });

  test('a prompt of 32 tokens has cells of at least nine pixels, on a phone too', async () => {
    const { page } = await viewer.open([DOCSTRING], {
      suffix: '#show=a1.h1&attention=wide',
      viewport: { width: 390, height: 800 },
    });
    const large = patterns(page.locator('.attention-large')).first();
    await expect.poll(async () => ((await large.boundingBox())?.width ?? 0) / 33).toBeGreaterThan(9);
    const { width } = (await page.getByRole('dialog').boundingBox())!;
    expect(width).toBeLessThanOrEqual(390);
  });
});
