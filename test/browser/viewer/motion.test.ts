import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserPath } from '../../support/browser.js';
import { IOI } from '../../support/viewer-files.js';
import { drawn, useViewer } from '../../support/viewer-page.js';

/** The places that a node has, frame by frame, after another layout was chosen, until it has been still for long. */
function placesOnTheWay(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const places = new Set<string>();
    const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Tokens')!;
    button.click();
    const now = (): number => performance.now();
    for (let last = now(); now() - last < 600;) {
      await new Promise(requestAnimationFrame);
      const { scene, stage } = globalThis.edgewise;
      const place = scene.layout === 'tokens' && stage!.placeOf('a1.h0');
      if (!place) continue;
      const before = places.size;
      places.add(`${place.x.toFixed(1)} ${place.y.toFixed(1)}`);
      if (places.size !== before) last = now();
    }
    return [...places];
  });
}

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
    expect(await transition(page)).toBe('0s');
    expect(await placesOnTheWay(page)).toHaveLength(1);
  });

  test('otherwise they go there', async () => {
    const { page } = await viewer.open([IOI], { reducedMotion: 'no-preference', suffix: '#layout=figure' });
    await drawn(page);
    expect(await transition(page)).not.toBe('0s');
    expect((await placesOnTheWay(page)).length).toBeGreaterThan(1);
  });
});
