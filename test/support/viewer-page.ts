// The built viewer, served by the server of `edgewise view`, in headless Chromium.
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { circuitPaths, findCircuits } from '../../src/node/circuit-files.js';
import { serveViewer, type ViewServer } from '../../src/node/view/view-server.js';
import { viewerPage } from '../../src/node/view/viewer-page.js';
import type { Stage } from '../../viewer/canvas/stage.js';
import type { Scene } from '../../viewer/scene/scene.js';
import type { ViewState } from '../../viewer/view/view-state.js';
import { browserPath, GL_FLAGS } from './browser.js';
import { buildOnce } from './cli.js';

/** The global that the viewer has for tests. */
declare global {
  var edgewise: { readonly view: ViewState; readonly scene: Scene; readonly stage: Stage | null };
}

export interface OpenOptions extends BrowserContextOptions {
  /** The end of the address: `?file=...` or `#...`. The server's page opens in the grid where it has no `#`. */
  readonly suffix?: string;
  /** As a reader who was never here: the first steps are shown, and the page chooses the layout. Default false. */
  readonly isNewcomer?: boolean;
  /** The address of another page than the server's. */
  readonly url?: string;
}

export interface Viewer {
  readonly page: Page;
  readonly url: string;
  /** Errors of the page and of its console. The test fails if some are left at its end. */
  readonly problems: string[];
}

/** Opens pages in the tests of a file. Every page is closed after its test. */
export function useViewer(): { open(paths: readonly string[], options?: OpenOptions): Promise<Viewer> } {
  let browser: Browser | undefined;
  const opened: { readonly viewer: Viewer; readonly server: ViewServer | undefined }[] = [];
  beforeAll(async () => {
    if (browserPath === undefined) return;
    buildOnce();
    browser = await chromium.launch({ executablePath: browserPath, args: GL_FLAGS });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const { viewer, server } of opened.splice(0)) {
      await viewer.page.context().close();
      await server?.close();
      expect(viewer.problems).toEqual([]);
    }
  });
  return {
    async open(paths, { suffix = '', url, isNewcomer = false, ...context } = {}) {
      const server = url === undefined ? await serve(paths) : undefined;
      const address = url ?? server!.url;
      const session = await browser!.newContext({ viewport: { width: 1000, height: 640 }, ...context });
      session.setDefaultTimeout(30_000);
      const page = await session.newPage();
      const viewer: Viewer = { page, url: address, problems: [] };
      opened.push({ viewer, server });
      page.on('pageerror', (error) => viewer.problems.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') viewer.problems.push(message.text());
      });
      if (!isNewcomer) await page.addInitScript(closeGuide);
      const asked = isNewcomer || url !== undefined || suffix.includes('#') ? suffix : `${suffix}#layout=grid`;
      await page.goto(`${address}${asked}`);
      return viewer;
    },
  };
}

/** A page from a file may not store anything: it shows the first steps. */
function closeGuide(): void {
  try {
    localStorage.setItem('edgewise.guide', 'closed');
  } catch {
    // Not allowed.
  }
}

/** @param paths folders with circuits, or circuit files. The files may be unreadable. */
async function serve(paths: readonly string[]): Promise<ViewServer> {
  const found = await Promise.all(
    paths.map((path) => findCircuits(path).catch(async () => [await circuitPaths(path)])),
  );
  return serveViewer(await viewerPage(), found.flat(), 0);
}

/** Waits until the drawing shows something. */
export async function drawn(page: Page): Promise<void> {
  await page.waitForFunction(
    () => (globalThis.edgewise?.scene.graph.size ?? 0) > 0 && globalThis.edgewise.stage !== null,
  );
  await page.evaluate(() => globalThis.edgewise.stage!.rendered());
}

export function viewOf(page: Page): Promise<ViewState> {
  return page.evaluate(() => globalThis.edgewise.view);
}

/** The counts in the line above the drawing. */
export async function readOut(page: Page): Promise<{ edges: number; of: number; nodes: number }> {
  const text = await page.getByTestId('read-out').innerText();
  const [, edges, of, nodes] = /^([\d,\s]+?) of ([\d,\s]+?) edges?\s+([\d,\s]+?) nodes?/.exec(text) ?? [];
  if (nodes === undefined) throw new Error(`not a line of counts: ${text}`);
  const number = (digits: string | undefined): number => Number((digits ?? '').replaceAll(/\D/g, ''));
  return { edges: number(edges), of: number(of), nodes: number(nodes) };
}

/** The card that a click opens. */
export function card(page: Page, kind: 'node' | 'edge'): Locator {
  return page.getByTestId(`${kind}-card`);
}

/** Waits until the camera and the surface rest. The size of the surface follows the legend one frame later. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const surface = document.querySelector('[data-testid=stage]')!;
    const now = (): string =>
      JSON.stringify([globalThis.edgewise.stage!.camera(), surface.getBoundingClientRect(), globalThis.edgewise.view]);
    let [before, still] = ['', 0];
    while (still < 3) {
      await new Promise(requestAnimationFrame);
      const after = now();
      still = after === before ? still + 1 : 0;
      before = after;
    }
  });
}

/** Place of a display node on the page in CSS pixels, once the drawing rests. */
export async function placeOf(page: Page, node: string): Promise<{ x: number; y: number }> {
  await settled(page);
  const [place, box] = await Promise.all([
    page.evaluate((id) => globalThis.edgewise.stage!.placeOf(id), node),
    page.getByTestId('stage').boundingBox(),
  ]);
  if (!place || !box) throw new Error(`${node} is not drawn`);
  return { x: box.x + place.x, y: box.y + place.y };
}

/** A place on the curve of a display edge of the grid. */
export async function middleOf(page: Page, edge: string): Promise<{ x: number; y: number }> {
  const ends = await page.evaluate((id) => {
    const { graph } = globalThis.edgewise.scene;
    return { from: graph.source(id), to: graph.target(id), curvature: graph.getEdgeAttribute(id, 'curvature') };
  }, edge);
  const [a, b] = [await placeOf(page, ends.from), await placeOf(page, ends.to)];
  // The middle of the curve is half way to the control point. y goes downwards on the page.
  const bend = ends.curvature / 2;
  return { x: (a.x + b.x) / 2 + bend * (b.y - a.y), y: (a.y + b.y) / 2 - bend * (b.x - a.x) };
}
