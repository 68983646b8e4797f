import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGraph } from '../../../src/files/graph/circuit-graph.js';
import { roleOf } from '../../../src/files/own/sidecars.js';
import { fileTopology, parseCircuit, resolveCircuit, writeCircuitJson, writeGexf } from '../../../src/files/index.js';
import { circuitPaths, readCircuitFiles } from '../../../src/node/circuit-files.js';
import { embedFiles, viewerPage } from '../../../src/node/viewer-page.js';
import { browserPath } from '../../support/browser.js';
import { REPOSITORY } from '../../support/bundle.js';
import { cli } from '../../support/cli.js';
import { sharedFixtures } from '../../support/fixtures.js';
import { sampleCircuit } from '../../support/sample-circuit.js';
import { TINY_MODEL, tinyRows, writeRows } from '../../support/tiny-task.js';
import { card, drawn, placeOf, readOut, useViewer, viewOf } from '../../support/viewer-page.js';

const GRAPHS = join(REPOSITORY, 'graphs');
const IOI = join(GRAPHS, 'tasks-4l.ioi.acdc.json');
const KEPT = 94;
const EDGES = 1519;
const STRONGEST = 'input->a0.h1<v>';

const folder = mkdtempSync(join(tmpdir(), 'edgewise-viewer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of this test, by its name. */
function put(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The text of a download that an action starts. */
async function downloaded(page: Page, action: () => Promise<void>): Promise<{ name: string; content: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), action()]);
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

describe.skipIf(browserPath === undefined)('in headless Chromium', () => {
  const viewer = useViewer();

  test('every circuit of graphs/ opens, and each layout draws it', async () => {
    const { page } = await viewer.open([GRAPHS]);
    await drawn(page);
    const names = readdirSync(GRAPHS).filter((name) => name.endsWith('.json') && roleOf(name) === 'circuit');
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      await page.getByRole('combobox', { name: 'Circuit', exact: true }).selectOption(name);
      const { edges } = parseCircuit(readFileSync(join(GRAPHS, name), 'utf8'), name);
      const kept = [...edges.values()].filter((edge) => edge.inGraph).length;
      await expect.poll(() => readOut(page)).toMatchObject({ edges: kept, of: kept });
      expect((await viewOf(page)).file).toBe(name);
    }
    for (const name of ['Figure', 'Force', 'Grid']) {
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
    await box.fill('20');
    await box.press('Enter');
    await expect.poll(() => readOut(page)).toMatchObject({ edges: 20, of: KEPT });
    const slider = page.getByRole('slider', { name: 'Edges shown' });
    await slider.focus();
    await slider.press('End');
    await expect.poll(() => readOut(page)).toMatchObject({ edges: KEPT });
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    const share = page.getByRole('spinbutton', { name: 'Percent of |effect|' });
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

  test('search, the edge table, keyboard', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    await page.keyboard.press('/');
    await page.keyboard.type('m0');
    const found = (): Promise<string[]> =>
      page.evaluate(() => globalThis.edgewise.scene.graph.filterNodes((_, { found: hit }) => hit === true));
    await expect.poll(found).toEqual(['m0']);
    await page.getByRole('searchbox', { name: 'Search' }).fill('');
    await page.getByRole('tab', { name: 'Edges' }).click();
    const rows = page.getByTestId('edge-table').locator('tbody tr');
    expect(await rows.count()).toBe(KEPT);
    expect(await rows.first().innerText()).toMatch(/^input\s+0\.1\s+v/);
    await rows.first().click();
    await expect.poll(() => card(page, 'edge').innerText()).toContain(STRONGEST);
    await page.keyboard.press('Escape');
    await page.getByTestId('stage').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.getByTestId('spoken').innerText()).toMatch(/^logits, effect .*edges? in, 0 out/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => card(page, 'node').count()).toBe(1);
    expect(await card(page, 'node').getByRole('heading', { level: 2 }).innerText()).not.toBe('logits');
    for (const [key, field] of [
      ['p', 'pinned'],
      ['m', 'mergePorts'],
      ['[', 'limit'],
      ['l', 'layout'],
      ['1', 'ports'],
    ] as const) {
      const before = (await viewOf(page))[field];
      await page.keyboard.press(key);
      await expect.poll(async () => (await viewOf(page))[field], { message: key }).not.toEqual(before);
    }
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog', { name: 'Help' }).innerText()).toContain('walk the graph');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog', { name: 'Help' }).count()).toBe(0);
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
    // Down and up in one turn of the page: on a loaded machine a press may last as long as a key that is held.
    const tap = (): Promise<void> =>
      page.evaluate(() => {
        for (const type of ['keydown', 'keyup']) {
          document.body.dispatchEvent(new KeyboardEvent(type, { key: 'c', bubbles: true }));
        }
      });
    await tap();
    await expect.poll(blink).toBe('a');
    expect(await classes()).not.toContain('only-b');
    await tap();
    await expect.poll(classes).not.toContain('only-a');
    // Held, it shows the other one as long as it is down.
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
    // Nothing is decided on yet, so that every edge is still there.
    await expect.poll(async () => (await readOut(page)).of).toBeGreaterThan(KEPT);
    await page.getByRole('button', { name: 'Step forward' }).click();
    await expect.poll(async () => (await viewOf(page)).step).toBe(1);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await expect.poll(async () => (await viewOf(page)).step).toBeGreaterThan(3);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'End replay' }).click();
    await expect.poll(() => readOut(page)).toMatchObject({ edges: KEPT, of: KEPT });
  });

  test('exports: PNG, SVG, circuit and GEXF', async () => {
    const { page } = await viewer.open([IOI]);
    await drawn(page);
    const save = (name: string) =>
      downloaded(page, async () => {
        if ((await page.getByRole('button', { name }).count()) === 0) {
          await page.getByRole('button', { name: 'Export', exact: true }).click();
        }
        await page.getByRole('button', { name }).click();
      });
    const png = await save('PNG picture');
    expect(png.name).toBe('tasks-4l.ioi.acdc.png');
    expect(png.content.subarray(1, 4).toString()).toBe('PNG');
    expect(png.content.length).toBeGreaterThan(20_000);
    const svg = (await save('SVG picture')).content.toString();
    const shapes = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
      const wrong = parsed.querySelector('parsererror')?.textContent ?? null;
      return { wrong, root: parsed.documentElement.tagName, marks: parsed.querySelectorAll('path, line').length };
    }, svg);
    expect(shapes).toMatchObject({ wrong: null, root: 'svg' });
    expect(shapes.marks).toBeGreaterThanOrEqual(KEPT);
    expect(svg).toContain('helps the task');
    expect(svg).not.toMatch(/NaN|undefined/);
    const json = (await save('circuit.json')).content.toString();
    expect(parseCircuit(json, 'download').edges).toEqual(parseCircuit(readFileSync(IOI, 'utf8'), 'graphs').edges);
    expect((await save('GEXF')).content.toString().match(/<edge id=/g)).toHaveLength(KEPT);
  });

  test('pins, a group and a note are saved into the file that was opened', async () => {
    const path = put('mine.json', readFileSync(IOI, 'utf8'));
    const { page } = await viewer.open([path]);
    await drawn(page);
    await page.keyboard.down('Control');
    for (const id of ['a1.h0', 'a1.h1']) {
      const { x, y } = await placeOf(page, id);
      await page.mouse.click(x, y);
    }
    await page.keyboard.up('Control');
    await page.keyboard.press('g');
    await page.getByRole('textbox', { name: /^Name of the group/ }).fill('movers');
    await page.keyboard.press('Enter');
    await expect
      .poll(async () => (await viewOf(page)).groups)
      .toEqual([{ name: 'movers', members: ['a1.h0', 'a1.h1'] }]);
    await page.getByRole('textbox', { name: 'Note' }).fill('<b>both</b>');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('button', { name: /^Save view into file/ }).click();
    await expect.poll(() => page.getByText('Saved into mine.json.').count()).toBe(1);
    const { view } = parseCircuit(readFileSync(path, 'utf8'), path);
    expect(view).toMatchObject({ groups: [{ name: 'movers', members: ['a1.h0', 'a1.h1'] }] });
    await page.goto('about:blank');
    const again = await viewer.open([path]);
    await drawn(again.page);
    const restored = await viewOf(again.page);
    expect(restored.groups).toEqual([{ name: 'movers', members: ['a1.h0', 'a1.h1'] }]);
    expect(Object.values(restored.notes)).toEqual(['<b>both</b>']);
  });

  test('broken and hostile files give a message, and their text stays text', async () => {
    const { page } = await viewer.open([put('broken.json', '{"edges": {"m0->m1": {"in_graph": 3}}}')]);
    const alerts = page.getByRole('alert');
    await expect.poll(() => alerts.first().innerText()).toMatch(/broken\.json: .*in_graph/);
    expect(await page.getByTestId('empty').count()).toBe(1);
    const evil = '<img src=x onerror="globalThis.hacked=1">';
    const input = page.getByTestId('file-input');
    const give = async (name: string, text: string): Promise<void> => {
      await input.setInputFiles([{ name, mimeType: 'application/json', buffer: Buffer.from(text) }]);
    };
    await give(`${evil.replace('/', '')}.json`, '[]');
    await give(
      'names.json',
      JSON.stringify({ cfg: { n_layers: 1, n_heads: 1 }, edges: { [evil]: { in_graph: true } } }),
    );
    await give('script.gexf', '<html><script>globalThis.hacked=1</script></html>');
    await expect.poll(() => alerts.count()).toBeGreaterThan(3);
    expect((await alerts.allInnerTexts()).join('\n')).toContain('onerror');
    const circuit = JSON.parse(writeCircuitJson(sampleCircuit()));
    circuit.edgewise.provenance.task.name = evil;
    circuit.edgewise.provenance.model.name = `</script>${evil}`;
    circuit.edgewise.view = { notes: { m0: evil }, groups: [{ name: evil, members: ['a0.h0', 'a0.h1'] }] };
    await give('evil.json', JSON.stringify(circuit));
    await drawn(page);
    expect(await page.locator('body').innerText()).toContain(evil);
    const found = await page.evaluate(() => ({
      images: document.querySelectorAll('img, iframe, object').length,
      hacked: 'hacked' in globalThis,
    }));
    expect(found).toEqual({ images: 0, hacked: false });
  });

  test('GEXF of the same circuit shows the same edges', async () => {
    const text = readFileSync(IOI, 'utf8');
    const file = parseCircuit(text, 'ioi');
    const gexf = put('ioi.gexf', writeGexf(toGraph(resolveCircuit(file, fileTopology(file)))));
    const { page } = await viewer.open([gexf]);
    await drawn(page);
    expect(await readOut(page)).toMatchObject({ edges: KEPT, of: KEPT });
    expect(await page.evaluate((id) => globalThis.edgewise.scene.graph.hasEdge(id), STRONGEST)).toBe(true);
  });

  test('one HTML file works from disk without network', async () => {
    const files = await readCircuitFiles(await circuitPaths(IOI));
    const path = put('ioi.html', embedFiles(await viewerPage(), [files]));
    const { page } = await viewer.open([], { url: 'about:blank', suffix: '' });
    const asked: string[] = [];
    await page.route('**/*', (route) => {
      const url = route.request().url();
      if (url.startsWith('file:')) return route.continue();
      asked.push(url);
      return route.abort();
    });
    await page.goto(pathToFileURL(path).href);
    await drawn(page);
    expect(await readOut(page)).toMatchObject({ edges: KEPT, of: KEPT });
    await page.getByRole('button', { name: 'Force', exact: true }).click();
    await page.waitForFunction(() => globalThis.edgewise.scene.layout === 'force');
    expect(asked).toEqual([]);
  });

  test('a circuit by its address', async () => {
    const { page, url, problems } = await viewer.open([IOI], { suffix: '?file=api/files/0/text' });
    await drawn(page);
    expect((await viewOf(page)).file).toBe('text');
    await page.goto(`${url}?file=gone.json`);
    await expect.poll(() => page.getByRole('alert').innerText()).toMatch(/gone\.json: the server answered 404/);
    await drawn(page);
    expect(problems.splice(0)).toEqual([expect.stringMatching(/404/)]);
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
      const head = await page.evaluate(() =>
        globalThis.edgewise.scene.graph.findNode((_, { kind, connected }) => kind === 'head' && connected),
      );
      expect(head).toBeDefined();
      const { x, y } = await placeOf(page, head!);
      await page.mouse.click(x, y);
      await expect.poll(() => card(page, 'node').innerText()).toMatch(/Attention[\s\S]*Promotes/);
      expect(await card(page, 'node').locator('canvas').count()).toBeGreaterThan(0);
    });
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
