import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserPath } from '../../support/browser.js';
import { IOI } from '../../support/viewer-files.js';
import { drawn, useViewer } from '../../support/viewer-page.js';

/** What the page keeps for the test. */
interface Motion {
  arrived: boolean;
  release(): void;
}

/** Chooses another layout while the clock of the page stands: a motion that has begun does not end. */
async function moveWithoutTime(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const [now, start] = [performance.now.bind(performance), performance.now()];
    performance.now = () => start;
    const motion: Motion = { arrived: false, release: () => (performance.now = now) };
    Object.assign(globalThis, { motion });
    [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Tokens')!.click();
    while (globalThis.edgewise.scene.layout !== 'tokens') await new Promise(requestAnimationFrame);
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    void globalThis.edgewise.stage!.rendered().then(() => (motion.arrived = true));
    for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);
  });
}

const hasArrived = (page: Page): Promise<boolean> =>
  page.evaluate(() => (globalThis as unknown as { motion: Motion }).motion.arrived);

const transition = (page: Page): Promise<string> =>
  page
    .getByRole('tab')
    .first()
    .evaluate((tab) => getComputedStyle(tab).transitionDuration);

describe.skipIf(browserPath === undefined)('motion in headless Chromium', () => {
  const viewer = useViewer();

  test('nodes are at their new places at once for who wants no motion, and no colour fades', async () => {
    const { page } = await viewer.open([IOI], { reducedMotion: 'reduce', suffix: '#layout=figure' });
    await drawn(page);
    expect(await transition(page)).toMatch(/^0s/);
    await moveWithoutTime(page);
    await expect.poll(() => hasArrived(page)).toBe(true);
  });

  test('otherwise they go there in some time', async () => {
    const { page } = await viewer.open([IOI], { reducedMotion: 'no-preference', suffix: '#layout=figure' });
    await drawn(page);
    expect(await transition(page)).not.toMatch(/^0s/);
    await moveWithoutTime(page);
    expect(await hasArrived(page)).toBe(false);
    await page.evaluate(() => (globalThis as unknown as { motion: Motion }).motion.release());
    await expect.poll(() => hasArrived(page)).toBe(true);
  });
});
