import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserPath } from '../../support/browser.js';
import { sampleGraph } from '../../support/attribution-graph.js';
import { GRAPHS, IOI, useFolder } from '../../support/viewer-files.js';
import { card, drawn, useViewer, viewOf } from '../../support/viewer-page.js';

const { put } = useFolder();
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds that keeps people out: rules of WCAG and its best practices, from serious on. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    interface Violation {
      readonly id: string;
      readonly impact: string | null;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { violations } = await axe.run();
    return violations
      .filter(({ id, impact }) => impact === 'serious' || impact === 'critical' || id === 'page-has-heading-one')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`);
  });
}

/** Pairs of the named parts that lie over each other, and parts that leave the window. */
function overlaps(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parts = ['.top-bar', '.prompt-strip', '.filter-bar', '.stage-frame', '.legend', '.side-panel'].flatMap(
      (name) => [...document.querySelectorAll(name)].map((element) => [name, element.getBoundingClientRect()] as const),
    );
    const wrong = parts
      .filter(([, box]) => box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1)
      .map(([name]) => `${name} leaves the window`);
    parts.forEach(([a, one], i) => {
      for (const [b, two] of parts.slice(i + 1)) {
        const [width, height] = [
          Math.min(one.right, two.right) - Math.max(one.left, two.left),
          Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top),
        ];
        if (width > 1 && height > 1) wrong.push(`${a} and ${b}`);
      }
    });
    return wrong;
  });
}

describe.skipIf(browserPath === undefined)('the habits of a page in headless Chromium', () => {
  const viewer = useViewer();

  test('undo brings back what was cleared, Back what was open, and letters can be switched off', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    const pins = async (): Promise<readonly string[]> => (await viewOf(page)).pinned;
    const spoken = page.getByTestId('spoken');
    const stage = page.getByTestId('stage');
    await stage.focus();
    await stage.press('ArrowDown');
    await stage.press('Enter');
    const selected = (await viewOf(page)).selected;
    expect(selected).toBe('logits');
    await stage.press('p');
    expect(await pins()).toEqual(['logits']);
    await expect.poll(() => spoken.innerText()).toBe('logits pinned, 1 pin');
    // Esc closes the card, then clears the pins.
    await stage.press('Escape');
    expect([(await viewOf(page)).selected, await pins()]).toEqual([null, ['logits']]);
    await stage.press('Escape');
    expect(await pins()).toEqual([]);
    await page.keyboard.press('Control+z');
    expect(await pins()).toEqual(['logits']);
    await page.getByRole('button', { name: 'Redo' }).click();
    expect(await pins()).toEqual([]);

    // Each place that was written into the address is one step of the Back button.
    await expect.poll(() => page.evaluate(() => location.hash)).not.toContain('show=');
    await page.getByRole('tab', { name: 'Edges' }).click();
    await expect.poll(() => page.evaluate(() => location.hash)).toContain('tab=edges');
    await page.goBack();
    await expect.poll(async () => (await viewOf(page)).tab).toBe('card');
    await page.goForward();
    await expect.poll(async () => (await viewOf(page)).tab).toBe('edges');

    // A letter is for the drawing, and not for a button that has the focus.
    const merged = async (): Promise<boolean> => (await viewOf(page)).mergePorts;
    await page.getByRole('tab', { name: 'Edges' }).press('m');
    expect(await merged()).toBe(false);
    await stage.press('m');
    expect(await merged()).toBe(true);
    await page.getByRole('button', { name: 'Help' }).click();
    await page.getByRole('checkbox', { name: 'Keys of one character' }).uncheck();
    await page.keyboard.press('Escape');
    await stage.press('m');
    expect(await merged()).toBe(true);
    await page.reload();
    await drawn(page);
    await stage.press('m');
    expect(await merged()).toBe(true);
  });

  test('a newcomer sees the circuit with most to tell, its prompt, and three steps that go for good', async () => {
    const { page } = await viewer.open([GRAPHS], { isNewcomer: true, viewport: { width: 1400, height: 900 } });
    await drawn(page);
    const { file, layout } = await viewOf(page);
    expect([file, layout]).toEqual(['tasks-4l.ioi.acdc.json', 'figure']);
    const strip = page.getByTestId('prompt-strip');
    const details = JSON.parse(readFileSync(IOI.replace('.json', '.details.json'), 'utf8'));
    const [prompt] = details.prompts;
    const words = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
    const inCorrupted = / ?\(in the corrupted prompt: [^)]*\)/g;
    expect(words((await strip.innerText()).replaceAll(inCorrupted, ''))).toContain(words(prompt.clean.join('')));
    expect(await strip.locator('.strip-answer').innerText()).toContain(prompt.correct[0].trim());
    const changed = prompt.clean.flatMap((token: string, i: number) =>
      token === prompt.corrupted[i] ? [] : [prompt.corrupted[i].trim()],
    );
    const marked = strip.locator('mark');
    expect(await marked.evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset['instead']))).toEqual(
      changed,
    );
    const guide = page.getByRole('region', { name: 'First steps' });
    await guide.getByRole('button', { name: 'Next' }).click();
    await guide.getByRole('button', { name: 'Next' }).click();
    await guide.getByRole('button', { name: 'Done' }).click();
    await page.reload();
    await drawn(page);
    expect(await guide.count()).toBe(0);
    expect(await overlaps(page)).toEqual([]);
  });

  test('nothing overlaps in small windows, and a frame shows the drawing alone', async () => {
    const { page, url } = await viewer.open([IOI], { viewport: { width: 390, height: 800 } });
    await drawn(page);
    const stage = (await page.getByTestId('stage').boundingBox())!;
    expect(stage.width).toBe(390);
    expect(await overlaps(page)).toEqual([]);
    await page.getByRole('button', { name: 'Show panel' }).click();
    expect(await overlaps(page)).toEqual([]);
    expect((await page.getByRole('complementary').boundingBox())!.width).toBe(390);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('button', { name: 'Figure', exact: true }).click();
    expect((await viewOf(page)).layout).toBe('figure');
    await page.setViewportSize({ width: 900, height: 700 });
    await expect.poll(() => overlaps(page)).toEqual([]);
    await page.goto('about:blank');
    await page.goto(`${url}#layout=figure&pin=m0&embed`);
    await drawn(page);
    expect(await page.locator('.top-bar, .filter-bar, .side-panel').count()).toBe(0);
    expect(await page.getByTestId('prompt-strip').count()).toBe(1);
    const whole = await page.getByRole('link', { name: 'Open in Edgewise' }).getAttribute('href');
    expect(whole).toContain('pin=m0');
    expect(whole).not.toContain('embed');
    await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/^#file=.*&embed$/);
  });

  test('axe-core finds no serious barrier on any tab, in both themes', async () => {
    const { page } = await viewer.open([GRAPHS], { isNewcomer: true, viewport: { width: 1400, height: 900 } });
    await drawn(page);
    const tabs = await page.getByRole('tab').allInnerTexts();
    expect(tabs.length).toBeGreaterThan(4);
    for (const theme of ['light', 'dark'] as const) {
      // Without motion: a colour on its way from one theme to the other has no contrast to judge.
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      for (const tab of tabs) {
        await page.getByRole('tab', { name: tab, exact: true }).click();
        expect(await barriers(page), `${tab}, ${theme}`).toEqual([]);
      }
    }
  });

  test('an attribution graph opens at its tokens, with cards that say what is known', async () => {
    const { page } = await viewer.open([put('graph.json', JSON.stringify(sampleGraph())), IOI]);
    await drawn(page);
    await page.getByRole('combobox', { name: 'Circuit', exact: true }).selectOption('graph.json');
    await expect.poll(() => page.getByTestId('graph-overview').innerText()).toContain('gemma-2-2b');
    await page.waitForFunction(() => globalThis.edgewise.scene.layout === 'tokens');
    expect(await page.getByTestId('prompt-strip').innerText()).toMatch(/Texas is\s*→\s*, answer:\s*Austin\s*43.0 %/);
    // Filters that do nothing for it are not offered.
    await page.getByRole('button', { name: 'Filters' }).click();
    const filters = page.getByRole('group', { name: 'Filters' });
    expect(
      await filters
        .getByRole('checkbox')
        .evaluateAll((boxes) => boxes.map((box) => box.closest('label')?.innerText.trim())),
    ).toEqual(['input', 'logits']);
    expect(await filters.innerText()).toContain('has no queries, keys and values');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /Austin/ }).click();
    await expect.poll(() => card(page, 'node').innerText()).toMatch(/Probability\s+43.0 %/);
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      expect(await page.getByRole('tabpanel').innerText()).not.toContain('could not be shown');
    }
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption({ index: 1 });
    await expect.poll(() => page.getByRole('alert').innerText()).toContain('is an attribution graph');
  });
});
