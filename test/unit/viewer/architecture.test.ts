import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findCycle, reachableFrom, readSources, sourceFile, type SourceFile } from '../../support/imports.js';

const VIEWER = fileURLToPath(new URL('../../../viewer', import.meta.url));

/** Paths and packages that every part may import. */
const EVERYWHERE = ['../src/base', '../src/circuit', '../src/files', '../src/pictures', 'valibot'];
const PREACT = ['preact', '@preact/signals'];
/** Runs in Node, and is tested there. */
const PURE = ['data', 'view', 'scene', 'attention'];
/** What is drawn, in layouts, styles and marks. */
const DRAWN = ['scene/scene', 'scene/display-graph', 'scene/display-edges'];
/** What the app is made of, each folder on those before it. */
const PAGE = [...PURE, ...PREACT, 'plots', 'canvas/stage', 'app/state', 'app/actions', 'app/controls'];
/**
 * What the files of each folder may import besides their own folder: files, folders and packages. A file belongs to the
 * longest row that fits.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  data: [],
  view: ['data'],
  scene: ['data', 'view'],
  'scene/layout': ['data', 'view/format', ...DRAWN],
  'scene/style': ['data', 'view', ...DRAWN],
  'scene/draw': [...DRAWN, 'scene/layout', 'scene/style'],
  'scene/pick': [...DRAWN, 'scene/layout', 'scene/draw'],
  attention: ['data', 'view', 'scene/style/color', 'scene/style/palette'],
  plots: ['preact'],
  report: ['preact', 'plots', 'view/format'],
  canvas: [...PURE, 'graphology', 'graphology-layout-forceatlas2'],
  'canvas/sigma': [...PURE, 'canvas', 'graphology', 'sigma', '@sigma'],
  'app/state': [...PURE, ...PREACT, 'canvas/stage'],
  'app/actions': [...PURE, '@preact/signals', 'app/state'],
  'app/listen': [
    ...PURE,
    '@preact/signals',
    'canvas/force-layout',
    'canvas/figure-planner',
    'canvas/figure-worker.ts?worker&inline',
    'app/state',
    'app/actions',
  ],
  'app/controls': ['preact', 'view/format'],
  'app/drawing': [...PAGE, 'canvas/sigma/sigma-stage'],
  'app/attention': PAGE,
  'app/cards': [...PAGE, 'app/attention'],
  'app/tabs': [...PAGE, 'app/cards'],
  'app/shell': [...PAGE, 'app/drawing', 'app/attention', 'app/cards', 'app/tabs', 'app/listen'],
  'app/mount': ['preact', 'app/state', 'app/listen', 'app/controls', 'app/shell'],
  '': ['data', 'app/mount', 'app/actions'],
};

/** The row of a file. A file of an unknown folder has none. */
function rowOf(path: string): string | undefined {
  const fits = (row: string): boolean =>
    row === '' ? !path.includes('/') : path === row || path.startsWith(`${row}/`);
  return Object.keys(MAY_IMPORT)
    .filter(fits)
    .sort((a, b) => b.length - a.length)[0];
}

function forbidden({ path, imports }: SourceFile): string[] {
  const row = rowOf(path);
  if (row === undefined) return [`${path}: an unknown folder`];
  const allowed = [...EVERYWHERE, ...MAY_IMPORT[row]!, ...(row === '' ? [] : [row])];
  const fits = (target: string): boolean => allowed.some((name) => target === name || target.startsWith(`${name}/`));
  return imports.filter((target) => !fits(target)).map((target) => `${path} imports ${target}`);
}

/** Sigma itself and its parts, among everything that a file reaches. */
function sigmaIn(files: readonly SourceFile[], start: string): string[] {
  return [...reachableFrom(files, start)].filter((name) => /^@?sigma(\/|$)/.test(name));
}

/**
 * State that every viewer of a page would share: variables, signals and effects outside of every function, and
 * collections that are filled later. A WeakMap may stay: it remembers what follows from its keys.
 */
function sharedState({ path, text }: SourceFile): string[] {
  const kept =
    /^(?:export )?(?:let |(?:const \w+[^\n]*= )?(?:(?:signal|computed|effect)[(<]|new (?:Map|Set)[^(\n]*\(\)))/gm;
  return [...text.matchAll(kept)].map(([found]) => `${path}: ${found}`);
}

const files = readSources(VIEWER).filter(({ path }) => path !== 'vite.config');

test('every folder imports only what its layer may', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(forbidden)).toEqual([]);
});

test('imports form no cycle', () => {
  expect(findCycle(files)).toBeUndefined();
});

test('only the folder of the adapter loads Sigma: its interface, and the state that holds it, do not', () => {
  expect(sigmaIn(files, 'canvas/stage')).toEqual([]);
  expect(sigmaIn(files, 'app/state/page')).toEqual([]);
  expect(sigmaIn(files, 'canvas/sigma/sigma-stage')).toContain('sigma');
});

test('the app keeps nothing between viewers: all that changes is in the store of one', () => {
  const app = files.filter(({ path }) => /^(app|canvas|view)\//.test(path));
  expect(app.length).toBeGreaterThan(80);
  expect(app.flatMap(sharedState)).toEqual([]);
});

test('data never becomes markup or program', () => {
  const markup =
    /\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|createContextualFragment|eval|new Function)\b/;
  expect(files.filter(({ text }) => markup.test(text)).map(({ path }) => path)).toEqual([]);
});

test('the check of layers finds what it looks for', () => {
  const check = (path: string, text: string): string[] => forbidden(sourceFile(`${path}.ts`, text));
  expect(check('data/a', "import type { ViewState } from '../view/view-state.js';")).toEqual([
    'data/a imports view/view-state',
  ]);
  expect(check('view/a', "import { h } from 'preact';")).toEqual(['view/a imports preact']);
  expect(check('canvas/a', "import Sigma from 'sigma';")).toEqual(['canvas/a imports sigma']);
  expect(check('canvas/a', "export { createStage } from './sigma/sigma-stage.js';")).toEqual([]);
  expect(check('canvas/sigma/a', "import Sigma from 'sigma';\nimport {\n  a,\n} from '@sigma/edge-curve';")).toEqual(
    [],
  );
  expect(check('scene/a', "import { x } from '../app/state/view.js';")).toEqual(['scene/a imports app/state/view']);
  expect(check('scene/style/a', "import { x } from '../draw/svg.js';")).toEqual([
    'scene/style/a imports scene/draw/svg',
  ]);
  expect(check('app/state/a', "import { x } from '../cards/card.js';")).toEqual(['app/state/a imports app/cards/card']);
  expect(check('app/cards/a', "import { x } from '../../../src/run/engine.js';")).toEqual([
    'app/cards/a imports ../src/run/engine',
  ]);
  expect(check('app/other/a', '')).toEqual(['app/other/a: an unknown folder']);
  expect(check('scene/a', "import { x } from '../../src/base/text.js';")).toEqual([]);
});

test('the checks of cycles and of Sigma find what they look for', () => {
  const stage = sourceFile('canvas/stage.ts', "export { createStage } from './sigma/sigma-stage.js';");
  const adapter = sourceFile(
    'canvas/sigma/sigma-stage.ts',
    "import Sigma from 'sigma';\nimport type { Stage } from '../stage.js';",
  );
  expect(findCycle([stage, adapter])).toEqual(['canvas/stage', 'canvas/sigma/sigma-stage', 'canvas/stage']);
  expect(sigmaIn([stage, adapter], 'canvas/stage')).toEqual(['sigma']);
});

test('the check of shared state finds what it looks for', () => {
  const check = (text: string): string[] => sharedState(sourceFile('app/a.ts', text));
  for (const text of [
    'export const open = signal(true);',
    'const left = signal<ReadonlySet<string>>(new Set());',
    'export const scene: ReadonlySignal<Scene> = computed(() => build());',
    'const stop = effect(() => draw());',
    'effect(() => {\n  draw();\n});',
    'let preview: Selection | null = null;',
    'export let run = 0;',
    'const left = new Map<string, Partial<ViewState>>();',
  ]) {
    expect(check(text), text).toHaveLength(1);
  }
  for (const text of [
    'export function createPage() {\n  const open = signal(true);\n  let run = 0;\n  return { open };\n}',
    "const DOWNWARDS = new Set<Column>(['effect']);",
    'const pools = new WeakMap<CircuitData, Pool>();',
    "import { signal } from '@preact/signals';",
  ]) {
    expect(check(text), text).toEqual([]);
  }
});
