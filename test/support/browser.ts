import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
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
const HTML = `<!doctype html><title>test</title><link rel="icon" href="data:," />
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
  const served = await servePage(entry);
  const browser = await chromium.launch({ executablePath: browserPath ?? '', args: FLAGS });
  try {
    const page = await browser.newPage();
    const loading: Error[] = [];
    page.on('pageerror', (error) => loading.push(error));
    await page.goto(served.url);
    if (loading[0]) throw loading[0];
    const answer = await page.evaluate(
      async (value) => JSON.stringify(await (globalThis as unknown as Page).run(value)),
      input,
    );
    return JSON.parse(answer) as Output;
  } finally {
    await browser.close();
    served.close();
  }
}

/** Serves, on loopback, a page on which `run` of a module is a global. The repository's files are at their paths. */
export async function servePage(entry: string): Promise<{ readonly url: string; close(): void }> {
  const script = await bundleForBrowser(entry);
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
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
