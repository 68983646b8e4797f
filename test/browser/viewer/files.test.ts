import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { keptEdges } from '../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { toGraph } from '../../../src/files/graph/circuit-graph.js';
import { fileTopology, parseCircuit, resolveCircuit, writeCircuitJson, writeGexf } from '../../../src/files/index.js';
import { circuitPaths, readCircuitFiles } from '../../../src/node/circuit-files.js';
import { embedFiles, viewerPage } from '../../../src/node/view/viewer-page.js';
import { browserPath } from '../../support/browser.js';
import { sampleCircuit } from '../../support/sample-circuit.js';
import { IOI, KEPT, STRONGEST, useFolder } from '../../support/viewer-files.js';
import { drawn, readOut, useViewer, viewOf } from '../../support/viewer-page.js';

const { put } = useFolder();

describe.skipIf(browserPath === undefined)('files in headless Chromium', () => {
  const viewer = useViewer();

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

  test('a graph with the name of an object is refused, and the next file opens', async () => {
    const gexf = (name: string): string =>
      `<gexf version="1.3"><graph defaultedgetype="directed"><nodes><node id="input"/></nodes><edges><edge source="input" target="${name}"/></edges></graph></gexf>`;
    const { page } = await viewer.open([
      put('proto.gexf', gexf('__proto__')),
      put('made.gexf', gexf('constructor')),
      IOI,
    ]);
    await drawn(page);
    const alerts = (await page.getByRole('alert').allInnerTexts()).join('\n');
    expect(alerts).toMatch(/proto\.gexf: .*"__proto__" is no node of the file/);
    expect(alerts).toMatch(/made\.gexf: .*"constructor" is no node of the file/);
    expect(await readOut(page)).toMatchObject({ edges: KEPT, of: KEPT });
    expect(await page.evaluate(() => ['previous' in {}, 'previous' in Object])).toEqual([false, false]);
  });

  test('a circuit that nothing ranks is shown whole, and says so', async () => {
    const many = new Topology({ layers: 4, heads: 4, parallel: false });
    const even = sampleCircuit({
      topology: many,
      provenance: null,
      kept: EdgeSet.where(many, (id) => id % 2 === 0 || id >= many.additionEdges),
      effects: new Float64Array(many.edgeCount),
      steps: new Int32Array(many.edgeCount).fill(-1),
      untestedRemovals: [],
    });
    const { page } = await viewer.open([put('even.json', writeCircuitJson(even))]);
    await drawn(page);
    const count = keptEdges(even);
    expect(count).toBeGreaterThan(200);
    expect(await readOut(page)).toMatchObject({ edges: count, of: count });
    const text = await page.getByTestId('read-out').innerText();
    expect(text).toContain('nothing ranks these edges');
    expect(await page.getByRole('slider', { name: 'Edges shown' }).isDisabled()).toBe(true);
    expect(await page.getByRole('region', { name: 'Meaning of the sign' }).count()).toBe(0);
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
});
