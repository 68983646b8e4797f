import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

import { parseDetails } from '../../../src/files/own/details-json.js';
import { formatEffect, formatNumber } from '../../../viewer/view/format.js';
import { roleWords } from '../../../viewer/view/role-words.js';
import { browserPath } from '../../support/browser.js';
import { drawn, useViewer, viewOf } from '../../support/viewer-page.js';

const GRAPHS = fileURLToPath(new URL('../../../graphs/', import.meta.url));
const DETAILS = `${GRAPHS}tasks-4l.ioi.acdc.details.json`;

describe.skipIf(!browserPath)('which head moves it, from where, and how do I know', () => {
  const viewer = useViewer();

  test('is answered within three clicks from the first screen', async () => {
    const details = parseDetails(readFileSync(DETAILS, 'utf8'), 'details');
    const { page } = await viewer.open([GRAPHS], { isNewcomer: true });
    await expect.poll(async () => (await viewOf(page)).file).toBe('tasks-4l.ioi.acdc.json');
    await drawn(page);
    const summary = await page.getByTestId('summary').innerText();
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const heads = Object.entries(details.nodes).filter(
      ([, { direct, looks }]) => looks.length > 0 && direct && mean(direct) > 0.5,
    );
    expect(heads.length).toBeGreaterThan(4);

    await page.getByRole('tab', { name: 'Heads' }).click();
    const rows = page.getByTestId('heads-table').locator('tbody tr');
    const told = new Map(
      (await rows.allInnerTexts()).map((text) => [text.trim().split(/\s/)[0]!, text.replaceAll(/\s+/g, ' ')] as const),
    );
    for (const [name, { direct, looks }] of heads) {
      const label = name.replace(/^a(\d+)\.h(\d+)$/, '$1.$2');
      const [look] = looks;
      const row = told.get(label);
      expect(row).toContain(formatEffect(mean(direct!)));
      expect(row).toContain(`${direct!.filter((value) => value > 0).length} of ${direct!.length}`);
      expect(row).toContain(`${roleWords(look!.from)} → ${roleWords(look!.at)} ${(100 * look!.share).toFixed(1)} %`);
    }
    const [strongest] = [...heads].sort(([, a], [, b]) => mean(b.direct!) - mean(a.direct!));
    const label = strongest![0].replace(/^a(\d+)\.h(\d+)$/, '$1.$2');
    expect(summary).toContain(`${label} (${formatEffect(mean(strongest![1].direct!))})`);
    expect(summary).toContain('look at the later mention of the wrong answer');
    expect((await rows.first().innerText()).trim().startsWith(label)).toBe(true);
  });

  test('a circuit of 30 edges is connected, and its faithfulness is what was measured', async () => {
    const { curve } = parseDetails(readFileSync(DETAILS, 'utf8'), 'details');
    const point = curve!.findLast(({ edges }) => edges <= 30)!;
    const { page } = await viewer.open([GRAPHS], { suffix: '#file=tasks-4l.ioi.acdc.json&circuit=30' });
    await drawn(page);
    expect(await page.getByTestId('read-out').innerText()).toMatch(new RegExp(`^${point.edges} of 94 edges`));
    expect(await page.getByTestId('faithfulness').innerText()).toBe(formatNumber(point.faithfulness));
    await page.getByRole('button', { name: '0.9', exact: true }).click();
    await expect.poll(() => page.getByTestId('faithfulness').innerText().then(Number)).toBeGreaterThanOrEqual(0.9);
  });

  test('nouns of the summary and paths light up what they name', async () => {
    const { page } = await viewer.open([GRAPHS], { suffix: '#file=tasks-4l.ioi.acdc.json' });
    await drawn(page);
    await page.getByTestId('summary').getByRole('button', { name: /^1\.0/ }).hover();
    const faded = await page.getByTestId('stage').screenshot();
    await page.getByTestId('read-out').hover();
    await expect.poll(async () => (await page.getByTestId('stage').screenshot()).equals(faded)).toBe(false);
    await page.getByRole('tab', { name: 'Paths' }).click();
    const paths = page.getByTestId('paths').getByRole('listitem');
    expect(await paths.count()).toBe(10);
    expect((await paths.first().innerText()).replaceAll(/\s+/g, ' ')).toMatch(/^input → .* → logits \+/);
  });
});
