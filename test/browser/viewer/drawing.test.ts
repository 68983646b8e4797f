import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCircuit } from '../../../src/files/index.js';
import { browserPath } from '../../support/browser.js';
import { sharedFixtures } from '../../support/fixtures.js';
import { GRAPHS, IOI, KEPT, EDGES } from '../../support/viewer-files.js';
import { drawn, placeOf, readOut, useViewer, viewOf } from '../../support/viewer-page.js';

describe.skipIf(browserPath === undefined)('the drawing in headless Chromium', () => {
  const viewer = useViewer();

  test('every circuit of graphs/ opens, and each layout draws it', async () => {
    const { page } = await viewer.open([GRAPHS]);
    await drawn(page);
    const names = readdirSync(GRAPHS).filter((name) => name.endsWith('.acdc.json'));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      await page.getByRole('combobox', { name: 'Circuit', exact: true }).selectOption(name);
      const { edges } = parseCircuit(readFileSync(join(GRAPHS, name), 'utf8'), name);
      const kept = [...edges.values()].filter((edge) => edge.inGraph).length;
      await expect.poll(() => readOut(page)).toMatchObject({ edges: kept, of: kept });
      expect((await viewOf(page)).file).toBe(name);
    }
    for (const name of ['Figure', 'Tokens', 'Force', 'Grid']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.waitForFunction((layout) => globalThis.edgewise.scene.layout === layout, name.toLowerCase());
      await page.evaluate(() => globalThis.edgewise.stage!.rendered());
    }
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
  });

  test('slider and box choose how many edges, filters and merged ports change what is drawn', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    const box = page.getByRole('spinbutton', { name: 'Number of edges' });
    await page.getByRole('button', { name: 'Top', exact: true }).click();
    await box.fill('20');
    await box.press('Enter');
    await expect.poll(() => readOut(page)).toMatchObject({ edges: 20, of: KEPT });
    const slider = page.getByRole('slider', { name: 'Edges shown' });
    await slider.focus();
    await slider.press('End');
    await expect.poll(() => readOut(page)).toMatchObject({ edges: KEPT });
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    const share = page.getByRole('spinbutton', { name: 'Percent of the sum of all' });
    await share.fill('50');
    await share.press('Enter');
    const half = await readOut(page);
    expect(half.edges).toBeGreaterThan(1);
    expect(half.edges).toBeLessThan(KEPT / 2);
    await page.getByRole('button', { name: 'Top', exact: true }).click();
    await box.fill('94');
    await box.press('Enter');
    const sizes = (): Promise<[number, number]> =>
      page.evaluate(() => [globalThis.edgewise.scene.graph.order, globalThis.edgewise.scene.graph.size]);
    const [nodes, edges] = await sizes();
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByRole('checkbox', { name: /^Merge q, k and v/ }).check();
    const [merged, fewer] = await sizes();
    expect(merged).toBeLessThan(nodes);
    expect(fewer).toBeLessThan(edges);
    await page.getByRole('checkbox', { name: 'v', exact: true }).uncheck();
    await expect.poll(async () => (await readOut(page)).of).toBeLessThan(KEPT);
    await page.getByRole('checkbox', { name: /^Include edges that were removed/ }).check();
    await page.getByRole('checkbox', { name: 'v', exact: true }).check();
    await expect.poll(() => readOut(page)).toMatchObject({ edges: 94, of: EDGES });
  });

  test('the figure stands still, what went away is not hovered, and its plan comes from a worker', async () => {
    const { page } = await viewer.open([IOI], { suffix: '#layout=figure&by=top' });
    await drawn(page);
    // The rough plan of the page's own thread gives way to the worker's, which the policy of the page lets start.
    await expect.poll(() => page.workers().length).toBe(1);
    const places = () =>
      page.evaluate(() =>
        globalThis.edgewise.scene.graph.mapNodes((id) => [id, globalThis.edgewise.stage!.placeOf(id)!] as const),
      );
    await expect
      .poll(async () => {
        const before = JSON.stringify(await places());
        await page.waitForTimeout(400);
        return before === JSON.stringify(await places());
      })
      .toBe(true);
    const whole = new Map(await places());
    const node = await placeOf(page, 'm1');
    await page.mouse.move(node.x, node.y);
    await expect.poll(() => page.getByRole('tooltip').innerText()).toMatch(/^MLP 1/);
    const box = page.getByRole('spinbutton', { name: 'Number of edges' });
    for (const count of [93, 90, 60]) {
      await box.fill(String(count));
      await box.press('Enter');
      await expect.poll(() => page.evaluate(() => globalThis.edgewise.scene.graph.size)).toBe(count);
      await page.evaluate(() => globalThis.edgewise.stage!.rendered());
      for (const [id, { x, y }] of await places()) {
        const was = whole.get(id)!;
        expect(Math.hypot(x - was.x, y - was.y), `${id} at ${count} edges`).toBeLessThan(40);
      }
    }
    // The camera takes the node away from under the pointer.
    await page.evaluate(() => globalThis.edgewise.stage!.pan(160, 0));
    await expect.poll(() => page.getByRole('tooltip').count()).toBe(0);
    // The ring of the keyboard's focus is over the drawing.
    await page.getByTestId('stage').focus();
    await page.keyboard.press('ArrowUp');
    const ring = await page
      .getByTestId('stage')
      .evaluate((stage) => getComputedStyle(stage.parentElement!, '::after').borderTopWidth);
    expect(ring).toBe('2px');
  });

  test('a picture is printed alone, on a page of its size', async () => {
    const { page } = await viewer.open([IOI], { suffix: '#layout=figure' });
    await drawn(page);
    await page.evaluate(
      () => (window.print = () => document.documentElement.setAttribute('data-printed', document.title)),
    );
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('button', { name: /^PDF picture/ }).click();
    await expect.poll(() => page.locator('html').getAttribute('data-printed')).toBe('tasks-4l.ioi.acdc');
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    // Lines and text, no pixels.
    expect(pdf).not.toMatch(/\/Subtype\s*\/Image/);
    expect(pdf).toMatch(/\/Font/);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    expect(await page.locator('.edgewise-paper').count()).toBe(0);
  });

  test('dark and light follow the system and the key, and colour the drawing', async () => {
    const { page } = await viewer.open([IOI], { colorScheme: 'dark' });
    await drawn(page);
    const ground = (): Promise<string> =>
      page.getByTestId('stage').evaluate((element) => getComputedStyle(element).backgroundColor);
    const dark = await ground();
    await page.keyboard.press('d');
    await expect.poll(ground).not.toBe(dark);
    expect((await viewOf(page)).theme).toBe('light');
  });

  test.skipIf(!sharedFixtures)("another program's 32,491 edges open, readable and quick to work with", async () => {
    const { page } = await viewer.open([`${sharedFixtures}mib/ioi-eap-ig.json`]);
    await drawn(page);
    const first = await readOut(page);
    expect(first.edges).toBeLessThanOrEqual(200);
    const question = page.getByRole('region', { name: 'Meaning of the sign' });
    await question.getByRole('button', { name: /likely/ }).click();
    await expect.poll(() => question.count()).toBe(0);
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByRole('checkbox', { name: /^Include edges that were removed/ }).check();
    await expect.poll(async () => (await readOut(page)).of).toBe(32_491);
    await page.keyboard.press('Escape');
    const slider = page.getByRole('slider', { name: 'Edges shown' });
    await slider.focus();
    await slider.press('End');
    await expect.poll(async () => (await readOut(page)).edges, { timeout: 20_000 }).toBe(32_491);
    await page.evaluate(() => globalThis.edgewise.stage!.rendered());
  });
});
