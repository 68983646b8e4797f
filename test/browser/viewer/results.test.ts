import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseInstrument } from '../../../src/files/index.js';
import { shown } from '../../../src/pictures/heat-map.js';
import { browserPath } from '../../support/browser.js';
import { drawn, useViewer, viewOf } from '../../support/viewer-page.js';

const GRAPHS = fileURLToPath(new URL('../../../graphs/', import.meta.url));
const KNOCKOUT = `${GRAPHS}tasks-4l.ioi.knockout.json`;

describe.skipIf(!browserPath)('results of instruments', () => {
  const viewer = useViewer();

  test('have a tab beside the circuits of their folder, and say the numbers of their files', async () => {
    const { page } = await viewer.open([GRAPHS]);
    await drawn(page);
    expect((await viewOf(page)).file).toMatch(/acdc\.json$/);
    await page.getByRole('tab', { name: 'Results' }).click();
    const panel = page.getByTestId('results');
    await panel.getByRole('combobox').selectOption('tasks-4l.ioi.knockout.json');
    const file = parseInstrument(readFileSync(KNOCKOUT, 'utf8'), KNOCKOUT);
    if (file.instrument !== 'knockout') throw new Error('expected a knockout');
    const cells = panel.getByRole('table').first().locator('tbody tr').first().locator('td');
    const told = file.result.layers.map(({ p_relative: value }) => shown(value!));
    expect(await cells.allInnerTexts()).toEqual(told);
    await panel.getByRole('combobox').selectOption('tasks-4l.ioi.causal-tracing.json');
    expect(await panel.getByRole('heading').first().innerText()).toMatch(/^Causal tracing: tasks-4l, ioi/);
    const saving = page.waitForEvent('download');
    await panel.getByRole('button', { name: 'Save SVG' }).click();
    expect((await saving).suggestedFilename()).toBe('tasks-4l.ioi.causal-tracing.svg');
  });

  test('are shown alone where no circuit is open', async () => {
    const { page } = await viewer.open([KNOCKOUT]);
    await expect.poll(() => page.getByTestId('results').innerText()).toMatch(/Attention knockout/);
    await page.setViewportSize({ width: 390, height: 700 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
  });
});
