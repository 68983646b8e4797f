import { describe, expect, test } from 'vitest';
import { measuredCurve, smallestWith } from '../../../viewer/view/curve.js';
import { readFileSync } from 'node:fs';
import { browserPath } from '../../support/browser.js';
import { IOI, KEPT } from '../../support/viewer-files.js';
import { drawn, readOut, useViewer } from '../../support/viewer-page.js';
import { openCircuitDocument, sourceFile } from '../../support/viewer.js';

const details = readFileSync(IOI.replace(/\.json$/, '.details.json'), 'utf8');

describe.skipIf(browserPath === undefined)('the table of nodes and the slider in headless Chromium', () => {
  const viewer = useViewer();

  test.each([
    [1400, 900],
    [900, 700],
    [390, 800],
  ])(
    'in a window of %i x %i the table fits its panel, and its other columns are one click away',
    async (width, height) => {
      const { page } = await viewer.open([IOI], { viewport: { width, height }, suffix: '#tab=heads&layout=grid' });
      await drawn(page);
      if (width < 700) await page.getByRole('button', { name: 'Show panel' }).click();
      const table = page.getByTestId('heads-table').locator('.wide-table');
      const hangsOver = (): Promise<number> =>
        table.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
      const titles = (): Promise<string[]> => table.getByRole('columnheader').allInnerTexts();
      const first = await titles();
      expect(first.slice(0, 3)).toEqual(['Node', 'Direct effect', 'Looks from → at']);
      expect(await hangsOver()).toBeLessThanOrEqual(0);
      const seen = new Set(first);
      const others = page.getByTestId('heads-table').getByRole('button', { name: /^Show / });
      await others.click();
      for (const title of await titles()) seen.add(title);
      expect([...seen].toSorted()).toEqual(
        ['Node', 'Direct effect', 'Looks from → at', 'In circuit', 'Rank', 'In', 'Out'].toSorted(),
      );
      expect(await hangsOver()).toBeLessThanOrEqual(0);
    },
  );

  test('a dragged slider snaps to the marks, and keys go to every size', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    const mark = smallestWith(
      measuredCurve(openCircuitDocument(sourceFile('c', readFileSync(IOI, 'utf8'), { details }))),
      0.8,
    )!;
    expect(mark.edges).toBeLessThan(KEPT);
    const slider = page.getByRole('slider', { name: 'Edges shown' });
    const box = (await slider.boundingBox())!;
    // The middle of the thumb goes from half of its width to the end without that half.
    const at = 8 + ((box.width - 16) * Math.log(mark.edges)) / Math.log(KEPT);
    await page.mouse.move(box.x + box.width - 8, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + at + 4, box.y + box.height / 2, { steps: 4 });
    await expect.poll(async () => (await readOut(page)).edges).toBe(mark.edges);
    await page.mouse.up();
    const there = await slider.inputValue();
    await slider.press('ArrowRight');
    expect(Number(await slider.inputValue())).toBe(Number(there) + 1);
  });
});
