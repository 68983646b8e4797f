import { createReadStream, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from '../../scripts/setup/test-tools.mjs';
import { bundleForBrowser, REPOSITORY } from './bundle.js';

/** Path of the browser. Without one, the tests that need it are skipped (test/SKIPS.md). */
export const browserPath = findChromium();

/** WebGPU in a headless browser without a graphics card: by Chromium's own software driver. */
const FLAGS = ['--no-sandbox', '--enable-unsafe-webgpu', '--enable-unsafe-swiftshader'];

/** WebGL in a headless browser without a graphics card. The browser uses the network only when a page asks. */
export const GL_FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];

/** The globals of a page that is loaded. */
interface Page {
  run(input: unknown): Promise<unknown>;
}
const HTML = `<!doctype html><title>test</title>
<script type="module">import { run } from '/page.js'; globalThis.run = run;</script>`;

/**
 * Runs a module in headless Chromium on a page served from loopback, where the repository's files are at their paths.
 *
 * @param entry path of a TypeScript file that exports `run(input): Promise<output>`. It is bundled here, and must not
 *   need Node.
 * @param input passed to `run` as JSON. The output comes back as JSON too.
 * @throws Error with the page's error, or when the bundle needs Node.
 */
export async function runInBrowser<Output>(entry: string, input: unknown = null): Promise<Output> {
  const server = await serve(await bundleForBrowser(entry));
  const browser = await chromium.launch({ executablePath: browserPath ?? '', args: FLAGS });
  try {
    const page = await browser.newPage();
    const loading: Error[] = [];
    page.on('pageerror', (error) => loading.push(error));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    if (loading[0]) throw loading[0];
    const answer = await page.evaluate(
      async (value) => JSON.stringify(await (globalThis as unknown as Page).run(value)),
      input,
    );
    return JSON.parse(answer) as Output;
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

async function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://page').pathname));
    const file = join(REPOSITORY, path);
    if (path === '/') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML);
    } else if (path === '/page.js') {
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
    } else if (statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      createReadStream(file).pipe(response);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
