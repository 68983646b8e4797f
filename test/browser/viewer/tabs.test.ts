import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { browserPath } from '../../support/browser.js';
import { cli } from '../../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../../support/tiny-task.js';
import { GRAPHS, IOI, KEPT, useFolder } from '../../support/viewer-files.js';
import { card, drawn, placeOf, readOut, useViewer, viewOf } from '../../support/viewer-page.js';

const { folder } = useFolder();

describe.skipIf(browserPath === undefined)('the tabs in headless Chromium', () => {
  const viewer = useViewer();

  test('two circuits are compared', async () => {
    const { page } = await viewer.open([IOI, join(GRAPHS, 'tasks-4l.agreement.acdc.json')]);
    await drawn(page);
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('tasks-4l.agreement.acdc.json');
    const counts = page.getByTestId('compare-counts');
    await expect.poll(() => counts.count()).toBe(1);
    const [both, onlyA, onlyB, flipped] = (await counts.locator('tbody tr td:nth-child(2)').allInnerTexts()).map(
      Number,
    );
    expect(both! + onlyA! + flipped!).toBe(KEPT);
    expect(both! + onlyB! + flipped!).toBe(54);
    const classes = (): Promise<string[]> =>
      page.evaluate(() => [...new Set(globalThis.edgewise.scene.graph.mapEdges((_, edge) => String(edge.class)))]);
    expect(await classes()).toEqual(expect.arrayContaining(['both', 'only-a', 'only-b']));
    const blink = async () => (await viewOf(page)).blink;
    // Both events are made before the page answers to the first: on a loaded machine the answer takes longer than a
    // tap.
    const tap = (): Promise<void> =>
      page.evaluate(() => {
        const [down, up] = ['keydown', 'keyup'].map((type) => new KeyboardEvent(type, { key: 'c', bubbles: true }));
        for (const event of [down!, up!]) document.body.dispatchEvent(event);
      });
    await tap();
    await expect.poll(blink).toBe('a');
    expect(await classes()).not.toContain('only-b');
    await tap();
    await expect.poll(classes).not.toContain('only-a');
    // A held key shows the other circuit as long as it is down.
    await page.keyboard.down('c');
    await expect.poll(blink).toBe('a');
    await page.waitForTimeout(400);
    await page.keyboard.up('c');
    await expect.poll(blink).toBe('b');
  });

  test('the pruning is replayed', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    await page.getByRole('tab', { name: 'History' }).click();
    const slider = page.getByRole('slider', { name: 'Decisions made' });
    await slider.focus();
    await slider.press('Home');
    await expect.poll(async () => (await viewOf(page)).step).toBe(0);
    // Before the first decision every edge is still there.
    await expect.poll(async () => (await readOut(page)).of).toBeGreaterThan(KEPT);
    expect(await page.getByRole('slider', { name: 'Edges shown' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Step forward' }).click();
    await expect.poll(async () => (await viewOf(page)).step).toBe(1);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await expect.poll(async () => (await viewOf(page)).step).toBeGreaterThan(3);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'End replay' }).click();
    await expect.poll(() => readOut(page)).toMatchObject({ edges: KEPT, of: KEPT });
  });

  describe('with details', () => {
    const out = join(folder, 'run');
    beforeAll(async () => {
      mkdirSync(out);
      const task = await writeRows(folder, 'pairs.jsonl', tinyRows(3));
      await cli(['discover', '--model', TINY_MODEL, '--task', task, '--out', out, '--details']);
    });

    test('cards show attention, tokens and prompts', async () => {
      const { page } = await viewer.open([out]);
      await drawn(page);
      await page.getByRole('tab', { name: 'Prompts' }).click();
      const rows = page.getByRole('table', { name: /^Clean and corrupted/ }).getByRole('row');
      expect(await rows.count()).toBeGreaterThan(2);
      const head = await page.evaluate(
        () => globalThis.edgewise.scene.graph.filterNodes((_, { kind, connected }) => kind === 'head' && connected)[0],
      );
      expect(head).toBeDefined();
      const { x, y } = await placeOf(page, head!);
      await page.mouse.click(x, y);
      await expect.poll(() => card(page, 'node').innerText()).toMatch(/Attention[\s\S]*Promotes/);
      expect(await card(page, 'node').locator('canvas').count()).toBeGreaterThan(0);
      expect(await page.getByTestId('head-kind').innerText()).toMatch(
        /^(previous|duplicate) token \d\.\d\d|^induction \d/,
      );
      const written = page.getByTestId('head-tokens').getByRole('listitem');
      const before = await written.count();
      expect(before).toBeGreaterThan(0);
      expect(await page.getByTestId('head-tokens').innerText()).toMatch(/Copies: \d+ % of \d+ tokens/);
      const more = page.getByTestId('head-tokens').getByRole('button', { name: /^\d+ more$/ });
      if ((await more.count()) > 0) {
        await more.click();
        expect(await written.count()).toBeGreaterThan(before);
      }
    });
  });
});
