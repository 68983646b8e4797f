import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { ViewState } from '../../../viewer/view/view-state.js';
import { browserPath } from '../../support/browser.js';
import { IOI, STRONGEST } from '../../support/viewer-files.js';
import { card, drawn, middleOf, placeOf, readOut, settled, useViewer, viewOf } from '../../support/viewer-page.js';

const cameraOf = (page: Page) => page.evaluate(() => globalThis.edgewise.stage!.camera());

describe.skipIf(browserPath === undefined)('the pointer in headless Chromium', () => {
  const viewer = useViewer();

  test('hover lights up, a click opens the card of a node and of an edge, Ctrl-click pins', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    const node = await placeOf(page, 'a1.h0');
    await page.mouse.move(node.x, node.y);
    await expect.poll(() => page.getByRole('tooltip').innerText()).toMatch(/^1\.0/);
    await page.mouse.click(node.x, node.y);
    await expect.poll(() => card(page, 'node').getByRole('heading', { level: 2 }).innerText()).toBe('1.0');
    const rows = card(page, 'node').getByRole('list', { name: 'Incoming: helps' }).getByRole('listitem');
    expect(await rows.count()).toBeGreaterThan(1);
    // With few edges no other edge lies under the pointer.
    await page.getByRole('spinbutton', { name: 'Number of edges' }).fill('3');
    await page.keyboard.press('Enter');
    await expect.poll(() => readOut(page)).toMatchObject({ edges: 3 });
    await page.evaluate(() => globalThis.edgewise.stage!.rendered());
    const edge = await middleOf(page, STRONGEST);
    await page.mouse.click(edge.x, edge.y);
    await expect.poll(() => card(page, 'edge').innerText()).toContain(STRONGEST);
    expect(await card(page, 'edge').innerText()).toMatch(/Rank\s+1 of 1,519/);
    // The legend has fewer lines now: the drawing is larger, and the node has moved.
    const smaller = await placeOf(page, 'a1.h0');
    await page.keyboard.down('Control');
    await page.mouse.click(smaller.x, smaller.y);
    await page.keyboard.up('Control');
    await expect.poll(async () => (await viewOf(page)).pinned).toEqual(['a1.h0']);
  });

  test('clicks at two places are no double click, however quick', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    const before = await cameraOf(page);
    const places = [await placeOf(page, 'a1.h0'), await placeOf(page, 'a1.h1'), await placeOf(page, 'm2')];
    // All clicks come in one turn of the page: no hand is as quick.
    await page.evaluate((points) => {
      for (const { x, y } of points) {
        const event = { bubbles: true, composed: true, clientX: x, clientY: y, detail: 1 };
        const surface = document.elementFromPoint(x, y)!;
        for (const type of ['mousedown', 'mouseup', 'click']) surface.dispatchEvent(new MouseEvent(type, event));
      }
    }, places);
    await expect.poll(async () => (await viewOf(page)).selected).toBe('m2');
    await settled(page);
    expect(await cameraOf(page)).toEqual(before);
  });

  test('a double click on a node moves it to the middle, one beside it zooms in there', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    const node = await placeOf(page, 'a1.h0');
    await page.mouse.dblclick(node.x, node.y);
    await expect.poll(async () => (await cameraOf(page)).x).toBeLessThan(0.4);
    await settled(page);
    const box = (await page.getByTestId('stage').boundingBox())!;
    const middle = await placeOf(page, 'a1.h0');
    expect(middle.x).toBeCloseTo(box.x + box.width / 2, 0);
    expect(middle.y).toBeCloseTo(box.y + box.height / 2, 0);
    expect((await cameraOf(page)).ratio).toBe(1);
    const corner = { x: box.x + box.width - 5, y: box.y + 5 };
    await page.mouse.dblclick(corner.x, corner.y);
    await expect.poll(async () => (await cameraOf(page)).ratio).toBeCloseTo(0.5, 5);
    // The place under the pointer stays. All other places are twice as far away from it.
    const after = await placeOf(page, 'a1.h0');
    expect(Math.abs(after.x - corner.x - 2 * (middle.x - corner.x))).toBeLessThan(2);
    expect(Math.abs(after.y - corner.y - 2 * (middle.y - corner.y))).toBeLessThan(2);
  });

  test('a node that is dragged stays where it was put, and a reload restores all', async () => {
    const { page } = await viewer.open([IOI], { viewport: { width: 900, height: 600 } });
    await drawn(page);
    const from = await placeOf(page, 'a1.h0');
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + 20, from.y - 20, { steps: 3 });
    await page.mouse.move(from.x + 40, from.y - 30, { steps: 3 });
    await page.mouse.up();
    await expect.poll(async () => Object.keys((await viewOf(page)).positions.grid ?? {})).toEqual(['a1.h0']);
    const moved = await placeOf(page, 'a1.h0');
    expect(Math.hypot(moved.x - from.x - 40, moved.y - from.y + 30)).toBeLessThan(3);
    await page.keyboard.press('d');
    await page.keyboard.press('m');
    await page.getByRole('searchbox', { name: 'Search' }).fill('layer:1');
    await expect.poll(() => page.url()).toMatch(/#.*layer/);
    const before = await viewOf(page);
    const place = await placeOf(page, 'a1.h0');
    await page.reload();
    await drawn(page);
    // The URL keeps places to 0.01 of the distance between heads.
    const rounded = ({ positions, ...view }: ViewState) => ({
      ...view,
      place: positions.grid?.['a1.h0']?.map((coordinate) => Math.round(100 * coordinate)),
    });
    expect(rounded(await viewOf(page))).toEqual(rounded(before));
    const after = await placeOf(page, 'a1.h0');
    expect(Math.hypot(after.x - place.x, after.y - place.y)).toBeLessThan(3);
    expect(await page.evaluate(() => document.getElementById('app')!.dataset['theme'])).toBe('dark');
  });
});
