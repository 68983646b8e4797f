import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { CircuitDetails } from '../../../src/circuit/details.js';
import { parseDetails } from '../../../src/files/own/details-json.js';
import { formatPercent } from '../../../viewer/view/format.js';
import { browserPath } from '../../support/browser.js';
import { GRAPHS, IOI } from '../../support/viewer-files.js';
import { card, drawn, useViewer, viewOf } from '../../support/viewer-page.js';

const AGREEMENT = join(GRAPHS, 'tasks-4l.agreement.acdc.json');
const KEY_EDGE = 'input->a0.h0<k>';

function detailsOf(circuit: string): CircuitDetails {
  const path = circuit.replace(/\.json$/, '.details.json');
  return parseDetails(readFileSync(path, 'utf8'), path);
}

const show = (name: string, more = ''): string => `#show=${encodeURIComponent(name)}${more}`;

/** Opens another part of the circuit by its address. */
async function open(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => (location.hash = to), hash);
}

describe.skipIf(browserPath === undefined)('the cards in headless Chromium', () => {
  const viewer = useViewer();

  test('an edge: where its reader looks with it and without it, what it is worth, prompt by prompt', async () => {
    const details = detailsOf(IOI);
    const { page } = await viewer.open([IOI], { suffix: show(KEY_EDGE) });
    await drawn(page);
    const shown = card(page, 'edge');
    // The head stands at another token than the measured one. That row comes first, with the shares of the file.
    const [row] = details.reads[KEY_EDGE]![0]!.filter(({ query }) => query === details.nodes['a0.h0']!.at![0]);
    const changes = [...row!.kept].map((share, key) => Math.abs(share - row!.cut[key]!));
    const key = changes.indexOf(Math.max(...changes));
    await expect.poll(() => shown.innerText()).toContain(`with the edge ${formatPercent(row!.kept[key]!)} at`);
    expect(await shown.innerText()).toContain(`without it ${formatPercent(row!.cut[key]!)}.`);
    const effects = details.inCircuit[KEY_EDGE]!;
    const mean = effects.reduce((sum, effect) => sum + effect, 0) / effects.length;
    expect(await shown.innerText()).toContain(`+${mean.toPrecision(3)}`);
    expect(await shown.innerText()).toMatch(/When decided\s+\+0\.\d+ helps the task, step \d+ of 499/);
    // Enter on a bar shows that prompt on the whole page.
    const bars = shown.getByRole('slider', { name: /^Effect on each of 32 prompts/ });
    await bars.focus();
    await bars.press('End');
    await bars.press('Enter');
    await expect.poll(async () => (await viewOf(page)).prompt).toBe(31);
    await expect.poll(() => shown.getByTestId('edge-read').innerText()).toMatch(/^Where it is read\s+prompt 32,/);
    await shown.getByRole('button', { name: 'mean over all' }).click();
    await expect.poll(async () => (await viewOf(page)).prompt).toBe(null);
  });

  test('an edge that carries nothing says so', async () => {
    const { page } = await viewer.open([AGREEMENT], { suffix: show('a0.h7->m0') });
    await drawn(page);
    const warning = page.getByTestId('carries-nothing');
    await expect.poll(() => warning.innerText()).toMatch(/no path from the input to the logits/);
    expect(await card(page, 'edge').innerText()).not.toMatch(/In the circuit\s+\S+ helps the task/);
  });

  test('a head: where it looks, its direct effect and rank of the answer, as in the details', async () => {
    const details = detailsOf(IOI);
    const { page } = await viewer.open([IOI], { suffix: show('a1.h0') });
    await drawn(page);
    const { looks, direct } = details.nodes['a1.h0']!;
    const mean = direct!.reduce((sum, one) => sum + one, 0) / direct!.length;
    const shown = card(page, 'node');
    await expect.poll(() => shown.innerText()).toContain(`+${mean.toPrecision(3)} logits`);
    const text = await shown.innerText();
    expect(text).toContain(`${formatPercent(looks[0]!.share)} from measured at wrong answer, later`);
    expect(text).toContain(`above 0 on ${direct!.filter((one) => one > 0).length} of 32 prompts`);
    expect(text).toMatch(/Rank of the answer\s+\d+ among all tokens/);
    expect(text).not.toContain('Sum of effects');
  });

  test('tabs: probability of the answer, colours of a comparison, the start of the replay, names in the table', async () => {
    const details = detailsOf(IOI);
    const { page } = await viewer.open([IOI, AGREEMENT], { suffix: '#file=tasks-4l.ioi.acdc.json&tab=prompts' });
    await drawn(page);
    const { probability, top } = details.prompts[0]!;
    await expect
      .poll(() => page.getByTestId('prompts').innerText())
      .toMatch(new RegExp(`Its probability\\s+${formatPercent(probability!.correct)}`));
    expect(await page.getByRole('list', { name: 'Likeliest next tokens' }).getByRole('listitem').count()).toBe(
      top.length,
    );
    await page.getByRole('tab', { name: 'Edges' }).click();
    // The name holds what is seen, and no column says the same of every edge.
    const first = page.getByTestId('edge-table').locator('tbody tr').first().getByRole('button');
    const seen = await first.innerText();
    expect(await first.getAttribute('aria-label')).toMatch(new RegExp(`^${seen}: open ${seen} → `));
    expect(await page.getByRole('columnheader', { name: 'Kept' }).count()).toBe(0);
    await open(page, '#file=tasks-4l.ioi.acdc.json&tab=history&step=0');
    await expect.poll(() => page.getByTestId('history').innerText()).toMatch(/all 1,519 edges are there/);
    await open(page, '#file=tasks-4l.ioi.acdc.json&with=tasks-4l.agreement.acdc.json');
    const colour = page.getByRole('combobox', { name: 'Colour of edges' });
    await expect.poll(() => colour.locator('option').first().innerText()).toBe('A / B / both');
  });
});
