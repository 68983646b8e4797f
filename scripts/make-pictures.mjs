// Draws the README's pictures: the viewer on a shipped circuit, as a reader sees it in a browser.
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serveViewer } from '../dist/node/view/view-server.js';
import { circuitPaths } from '../dist/node/circuit-files.js';
import { viewerPage } from '../dist/node/view/viewer-page.js';
import { findChromium } from './setup/test-tools.mjs';

const GRAPHS = fileURLToPath(new URL('../graphs/', import.meta.url));
const PICTURES = [
  { file: 'viewer.png', theme: 'light', view: '' },
  { file: 'viewer-card.png', theme: 'dark', view: 'layout=figure&circuit=60&show=input-%3Ea0.h1%3Cq%3E&prompt=0' },
  { file: 'viewer-tokens.png', theme: 'light', view: 'layout=tokens&circuit=40&prompt=0&tab=heads' },
];
const FLAGS = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('no Chromium or Chrome was found: set CHROMIUM_PATH');
const circuit = await circuitPaths(`${GRAPHS}tasks-4l.ioi.acdc.json`);
const server = await serveViewer(await viewerPage(), [circuit], 0);
const browser = await chromium.launch({ executablePath, args: FLAGS });
try {
  for (const { file, theme, view } of PICTURES) {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, colorScheme: theme });
    await page.goto(`${server.url}#${view}`);
    // The guide of a first visit is no part of the page.
    await page.getByRole('button', { name: 'Do not show again' }).click();
    await page.waitForFunction(() => globalThis.edgewise?.scene.graph.order > 0);
    await page.evaluate(() => globalThis.edgewise.stage.rendered());
    await page.screenshot({ path: `${GRAPHS}${file}` });
    console.log(`wrote graphs/${file}`);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
