import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { writeReport, type CircuitReport } from '../../src/files/index.js';
import { reportPage } from '../../src/node/view/viewer-page.js';
import { browserPath, GL_FLAGS } from '../support/browser.js';
import { useFolder } from '../support/cli.js';

const HOSTILE = '</script><img src=x onerror="document.title = 1"> \u2028';

const REPORT: Omit<CircuitReport, 'schema_version'> = {
  of: {
    engine_version: '0.1.0',
    adapter: 'none',
    model: { name: 'tiny', hash: '0' },
    task: { name: HOSTILE, hash: '1' },
    prompts: { count: 3, skip: 0 },
    metric: 'logit-diff',
    ablation: 'resample',
    input: 'token',
    mean_over: null,
    circuit: { name: 'circuit.json', sha256: '2', method: null, edges: 3, total_edges: 9 },
    scores: null,
  },
  per_prompt: { whole: [-3, -2, null], circuit: [-2, -2.5, 1], complement: [0, 0, 0], empty: [1, 1, 1] },
  measures: [
    {
      name: 'sufficiency',
      about: 'whether random circuits do as well',
      source: 'a paper',
      verdict: 'bad',
      sentence: 'random circuits do as well',
      value: 1,
      result: { circuit_loss: 2, random_losses: [3, 1, 2.5], note: HOSTILE },
    },
    {
      name: 'minimality',
      about: 'whether every edge matters',
      source: null,
      verdict: 'unknown',
      sentence: 'nothing is claimed',
      value: null,
      result: { edges: ['input->m0', 'm0->logits'], wins: [4, 9] },
    },
  ],
  draws: {
    seed: 0,
    permutations: [[1, 0, 2]],
    inflations: [],
    random_circuits: [],
    epsilon: 0.1,
    quantile: 0.9,
    floor: 1e-9,
  },
  curve: [
    { edges: 2, faithfulness: 0.2, necessity: null },
    { edges: 3, faithfulness: 0.9, necessity: 0.8 },
  ],
  stability: [
    { edge: 'input->m0', count: 5, of: 20, lower: 0.087, upper: 0.491 },
    { edge: 'm0->logits', count: 20, of: 20, lower: 0.832, upper: 1 },
  ],
  curves: null,
};

describe.skipIf(browserPath === undefined)('report.html in headless Chromium', () => {
  const folder = useFolder();

  test('shows verdicts, the curve, what tests compared and each prompt; texts stay texts', async () => {
    const path = join(folder.path, 'report.html');
    await writeFile(path, await reportPage(writeReport(REPORT)));
    const browser = await chromium.launch({ executablePath: browserPath!, args: GL_FLAGS });
    try {
      const page = await browser.newPage();
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(error.message));
      page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
      await page.goto(pathToFileURL(path).href);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(`${HOSTILE} on tiny`);
      const rows = await page.locator('.verdicts tr').allTextContents();
      expect(rows).toEqual(['✗sufficiencyrandom circuits do as well1', '–minimalitynothing is claimed']);
      const plots = page.locator('svg.plot');
      await expect.poll(() => plots.count()).toBe(5);
      // The curve has a gap where necessity is not defined; a prompt without a number has no dot.
      expect(await page.locator('.line-2 circle').count()).toBe(1);
      expect(await plots.nth(1).locator('.dot line').count()).toBe(2);
      expect(await page.getByText('1 of 2 edges were found').count()).toBe(1);
      expect(await plots.nth(2).locator('.dot').count()).toBe(2);
      expect(await plots.nth(3).locator('.dot').count()).toBe(3);
      await page.getByText('All numbers').first().click();
      expect(await page.locator('details[open] pre').textContent()).toContain('circuit_loss');
      expect(await page.locator('img').count()).toBe(0);
      expect(wrong).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
