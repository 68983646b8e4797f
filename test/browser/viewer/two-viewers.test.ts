import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { ViewState } from '../../../viewer/view/view-state.js';
import { browserPath, servePage } from '../../support/browser.js';
import { IOI, STRONGEST } from '../../support/viewer-files.js';
import { useViewer } from '../../support/viewer-page.js';
import type { run, TwoViewers } from '../pages/two-viewers.js';

/** The globals of the page. */
interface Globals {
  readonly run: typeof run;
  readonly viewers: TwoViewers;
}

const viewsOf = (page: Page): Promise<ViewState[]> =>
  page.evaluate(() => (globalThis as unknown as Globals).viewers.views());

describe.skipIf(browserPath === undefined)('two viewers on one page in headless Chromium', () => {
  const viewer = useViewer();

  test('each has its own state, keys and files, and leaves the page alone', async () => {
    const served = await servePage(fileURLToPath(new URL('../pages/two-viewers.ts', import.meta.url)));
    try {
      const { page } = await viewer.open([], {
        url: served.url,
        viewport: { width: 1600, height: 820 },
      });
      const text = readFileSync(IOI, 'utf8');
      await page.evaluate((circuit) => (globalThis as unknown as Globals).run(circuit), { name: 'ioi.json', text });
      const drawn = () => page.evaluate(() => (globalThis as unknown as Globals).viewers.drawn());
      await expect.poll(drawn).toEqual([true, true]);
      const [one, two] = [page.locator('#one'), page.locator('#two')];
      const before = await viewsOf(page);

      // What is chosen in the first changes nothing in the second.
      await one.getByRole('tab', { name: 'Edges' }).click();
      await one.getByTestId('edge-table').locator('tbody tr').first().click();
      await expect.poll(() => one.getByTestId('edge-card').count()).toBe(1);
      expect((await viewsOf(page))[0]!.selected).toBe(STRONGEST);
      expect((await viewsOf(page))[1]).toEqual(before[1]);
      expect(await two.getByTestId('edge-card').count()).toBe(0);

      // Keys are for the one that has the focus, and for none when none has it.
      const merged = async (): Promise<boolean[]> => (await viewsOf(page)).map(({ mergePorts }) => mergePorts);
      const at = before[0]!.mergePorts;
      await two.getByTestId('read-out').click();
      await page.keyboard.press('m');
      expect(await merged()).toEqual([at, !at]);
      await one.getByTestId('stage').focus();
      await page.keyboard.press('m');
      expect(await merged()).toEqual([!at, !at]);
      await page.keyboard.press('/');
      expect(await one.getByRole('searchbox').evaluate((box) => box === document.activeElement)).toBe(true);
      await page.locator('#outside').focus();
      await page.keyboard.press('m');
      expect(await merged()).toEqual([!at, !at]);

      // So are files that are dropped, and the theme.
      await two.evaluate((element, content) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([content], 'dropped.json'));
        const drop = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
        element.querySelector('.stage')!.dispatchEvent(drop);
      }, text);
      await expect.poll(async () => (await viewsOf(page))[1]!.file).toBe('dropped.json');
      expect((await viewsOf(page))[0]!.file).toBe('ioi.json');
      await two.getByRole('button', { name: 'Theme: auto' }).click();
      await two.getByRole('button', { name: 'Theme: light' }).click();
      const ground = (half: typeof one): Promise<string> =>
        half.locator('.edgewise').evaluate((element) => getComputedStyle(element).backgroundColor);
      expect(await ground(two)).not.toBe(await ground(one));

      // Ids are unique, and name elements of the same viewer.
      const ids = await page.evaluate(() => ({
        all: [...document.querySelectorAll('[id]')].map(({ id }) => id),
        astray: [...document.querySelectorAll('[aria-controls]')].filter((element) => {
          const controlled = document.getElementById(element.getAttribute('aria-controls')!);
          return controlled !== null && controlled.closest('.half') !== element.closest('.half');
        }).length,
      }));
      expect(ids.all.length).toBeGreaterThan(10);
      expect(new Set(ids.all).size).toBe(ids.all.length);
      expect(ids.astray).toBe(0);

      // The page itself is as it was.
      const around = await page.evaluate(() => [location.hash, document.title, document.documentElement.dataset.theme]);
      expect(around).toEqual(['', 'test', undefined]);

      // So are the looks of what it holds itself, whatever names its classes have.
      const looks = await page.evaluate(() => (globalThis as unknown as Globals).viewers.looks());
      expect(looks.styled.length).toBeGreaterThan(30);
      expect(looks.styled).toEqual(looks.bare);
      const selectors = await page.evaluate(() => (globalThis as unknown as Globals).viewers.selectors());
      expect(selectors.length).toBeGreaterThan(40);
      expect(
        selectors.filter((selector) => !/^(:where)?\(?\.(edgewise|plot-figure)\b|> \.edgewise$/.test(selector)),
      ).toEqual([]);

      // One goes, the other one stays.
      await page.evaluate(() => (globalThis as unknown as Globals).viewers.dispose('one'));
      expect(await one.innerHTML()).toBe('');
      await two.getByTestId('stage').focus();
      await page.keyboard.press('m');
      expect(await merged()).toEqual([!at, at]);
      await one.evaluate((element) => element.dispatchEvent(new KeyboardEvent('keydown', { key: 'm' })));
      expect(await merged()).toEqual([!at, at]);
    } finally {
      served.close();
    }
  });
});
