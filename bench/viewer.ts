import { readFile } from 'node:fs/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type CDPSession, type Page } from 'playwright-core';
import { createRng } from '../src/base/rng.js';
import { createCircuit, type Circuit } from '../src/circuit/circuit.js';
import { EdgeSet } from '../src/circuit/edge-set.js';
import { Topology } from '../src/circuit/topology.js';
import { writeCircuitJson, writeSparseCircuitJson } from '../src/files/own/circuit-json.js';
import { circuitPaths } from '../src/node/circuit-files.js';
import { serveViewer } from '../src/node/view/view-server.js';
import { browserPath, GL_FLAGS } from '../test/support/browser.js';
import { encodeView } from '../viewer/view/url-state.js';
import { DEFAULT_VIEW } from '../viewer/view/view-state.js';
import type { Row } from './row.js';
import { summary } from './timing.js';

const VIEWPORT = { width: 1400, height: 900 };
const REPEATS = 9;

const GPT2_SMALL = { shape: { layers: 12, heads: 12, parallel: false }, width: 768, kept: 1000 };
const LLAMA_3_8B = { shape: { layers: 32, heads: 32, parallel: false }, width: 4096 };

/** What one row draws. */
interface Case {
  readonly name: string;
  readonly text: () => string;
  readonly scope: 'circuit' | 'all';
  readonly edges: number;
}

function cases(): readonly Case[] {
  const small = syntheticCircuit(GPT2_SMALL);
  return [
    ...[100, 1000, 32_491].map((edges): Case => {
      return { name: `${edges.toLocaleString('en')} edges`, text: () => writeCircuitJson(small), scope: 'all', edges };
    }),
    ...[3000, 30_000].map((kept): Case => {
      const name = `${kept.toLocaleString('en')} kept of 1,592,881, sparse`;
      const text = () => writeSparseCircuitJson(syntheticCircuit({ ...LLAMA_3_8B, kept }));
      return { name, text, scope: 'circuit', edges: kept };
    }),
    {
      name: '30,000 kept of 1,592,881, all listed',
      text: () => writeCircuitJson(syntheticCircuit({ ...LLAMA_3_8B, kept: 30_000 })),
      scope: 'circuit',
      edges: 30_000,
    },
  ];
}

/** A model's edges, with effects as those of circuits are: a few large ones, a long tail, one in four negative. */
function syntheticCircuit(model: typeof GPT2_SMALL): Circuit {
  const topology = new Topology(model.shape);
  const rng = createRng(1);
  const effects = new Float64Array(topology.edgeCount).fill(NaN);
  for (let id = 0; id < topology.additionEdges; id++) {
    effects[id] = (rng.next() < 0.25 ? -1 : 1) * 1e-4 * (1 - rng.next()) ** -1.2;
  }
  const strongest = [...effects.subarray(0, topology.additionEdges).keys()].sort(
    (a, b) => Math.abs(effects[b]!) - Math.abs(effects[a]!),
  );
  return createCircuit({
    topology,
    width: model.width,
    kept: EdgeSet.of(topology, strongest.slice(0, model.kept)),
    effects,
    steps: new Int32Array(topology.edgeCount).fill(-1),
    untestedRemovals: [],
    directTested: false,
    provenance: null,
  });
}

/** What was measured, and by which renderer of the browser. */
export interface ViewerBench {
  readonly renderer: string;
  readonly rows: Row[];
}

/**
 * The viewer in headless Chromium with 100, 1,000 and all 32,491 edges of GPT-2 small's shape drawn, and with circuits
 * of Llama-3-8B's shape, in milliseconds. `load` is from the start
 * of the navigation to the first frame with all of them. `step` and `hover` are the work of the page's main thread for
 * one step of the slider and for the pointer's arrival on a node, up to the frame that shows it; `rest` is the work
 * that follows when the slider rests, which draws what a step leaves out. `frame` is wall time from a move of the
 * camera to pixels that can be read back. `heap` is what the page's script holds at the end, in MB.
 */
export async function benchViewer(): Promise<ViewerBench> {
  if (browserPath === undefined) throw new Error('the viewer bench needs Chromium: on PATH, or in CHROMIUM_PATH');
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-bench-'));
  // This file runs as a part of the bundle in node_modules/.edgewise-bench.
  const html = await readFile(new URL('../../dist/viewer/index.html', import.meta.url), 'utf8');
  const browser = await chromium.launch({ executablePath: browserPath, args: GL_FLAGS });
  try {
    const rows: Row[] = [];
    let renderer = '';
    for (const [place, one] of cases().entries()) {
      const file = join(folder, `${place}.json`);
      writeFileSync(file, one.text());
      const server = await serveViewer(html, [await circuitPaths(file)], 0);
      const page = await browser.newPage({ viewport: VIEWPORT });
      try {
        rows.push(await benchCase(page, server.url, one));
        renderer = await rendererOf(page);
      } finally {
        await page.close();
        await server.close();
      }
    }
    return { renderer, rows };
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchCase(page: Page, url: string, { name, scope, edges }: Case): Promise<Row> {
  // A connected circuit seldom has so round a number of edges.
  const exact = { limitBy: 'top', onPaths: false, limit: edges } as const;
  const view = { ...DEFAULT_VIEW, ...exact, scope, sign: 'positive-helps' } as const;
  await page.goto(`${url}#${encodeView(view).replace(/^#/, '')}`);
  const load = await shown(page, edges);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const step = await timed(page, session, (i) => stepSlider(page, i));
  const hover = await timed(page, session, (i) => pointAt(page, i));
  const frame = await frames(page);
  const { metrics } = await session.send('Performance.getMetrics');
  return {
    name,
    'load ms': load,
    'step ms': step.median,
    'worst step ms': step.worst,
    'rest ms': step.after,
    'hover ms': hover.median,
    'worst hover ms': hover.worst,
    'frame ms': frame,
    'heap MB': metrics.find((metric) => metric.name === 'JSHeapUsedSize')!.value / 1e6,
  };
}

/** Milliseconds since the navigation began, once so many edges are drawn. */
async function shown(page: Page, edges: number): Promise<number> {
  await page.waitForFunction(
    (count) => globalThis.edgewise?.stage && globalThis.edgewise.scene.graph.size === count,
    edges,
    { timeout: 120_000 },
  );
  return page.evaluate(async () => {
    await globalThis.edgewise.stage!.rendered();
    return performance.now();
  });
}

function rendererOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const gl = document.createElement('canvas').getContext('webgl2')!;
    const names = gl.getExtension('WEBGL_debug_renderer_info');
    return String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  });
}

/** Main-thread milliseconds of an action up to its frame, and the median of what follows until all is done. */
async function timed(
  page: Page,
  session: CDPSession,
  act: (i: number) => Promise<void>,
): Promise<{ median: number; worst: number; after: number }> {
  const busy = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
  await settled(page);
  await page.evaluate(drain);
  const times: number[] = [];
  const later: number[] = [];
  for (let i = 0; i <= REPEATS; i++) {
    const before = await busy();
    await act(i);
    const acted = await busy();
    await settled(page);
    const done = await busy();
    await page.evaluate(drain);
    if (i === 0) continue; // the first run warms up
    times.push(acted - before);
    later.push(done - acted);
  }
  return { median: summary(times).median, worst: Math.max(...times), after: summary(later).median };
}

/** Until every edge that the slider asks for is drawn. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const asked = document.querySelector('[data-testid=read-out] b')!.textContent.replaceAll(/\D/g, '');
      return globalThis.edgewise.scene.graph.size === Number(asked);
    },
    undefined,
    { polling: 50 },
  );
}

/**
 * Until the graphics process has nothing left to do: reading a pixel of every layer back waits for it, and so would the
 * next action.
 * Runs in the page.
 */
async function drain(): Promise<void> {
  await globalThis.edgewise.stage!.rendered();
  const pixel = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d')!;
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.stage canvas')) {
    pixel.drawImage(canvas, 0, 0, 1, 1);
  }
  pixel.getImageData(0, 0, 1, 1);
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}

/** One step down, then up again. */
function stepSlider(page: Page, i: number): Promise<void> {
  return page.evaluate(
    async (up) => {
      const slider = document.querySelector<HTMLInputElement>('input.main-slider')!;
      slider.valueAsNumber += up ? 1 : -1;
      slider.dispatchEvent(new Event('input', { bubbles: true }));
      await globalThis.edgewise.stage!.rendered();
    },
    i % 2 === 1,
  );
}

/** The pointer goes from empty ground to a node. */
async function pointAt(page: Page, i: number): Promise<void> {
  const place = await page.evaluate((at) => {
    const { scene, stage } = globalThis.edgewise;
    const nodes = scene.graph.filterNodes((_, { connected, kind }) => connected && kind === 'head');
    const { left, top } = document.querySelector('.stage')!.getBoundingClientRect();
    const { x, y } = stage!.placeOf(nodes[(7 * at) % nodes.length]!)!;
    return { x: left + x, y: top + y };
  }, i);
  await page.mouse.move(place.x, place.y);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Median wall milliseconds of a camera step, until a pixel of every layer was read back. */
async function frames(page: Page): Promise<number> {
  const times = await page.evaluate(async (repeats) => {
    const stage = globalThis.edgewise.stage!;
    const layers = document.querySelectorAll<HTMLCanvasElement>('.stage canvas');
    const pixel = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d')!;
    const measured: number[] = [];
    for (let i = 0; i <= repeats; i++) {
      const start = performance.now();
      stage.pan(i % 2 === 0 ? 3 : -3, 0);
      await stage.rendered();
      for (const layer of layers) pixel.drawImage(layer, 0, 0, 1, 1);
      pixel.getImageData(0, 0, 1, 1);
      if (i > 0) measured.push(performance.now() - start);
    }
    return measured;
  }, REPEATS);
  return summary(times).median;
}
