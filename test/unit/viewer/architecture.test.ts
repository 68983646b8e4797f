import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const VIEWER = fileURLToPath(new URL('../../../viewer', import.meta.url));

/** Paths and packages that every part may import. */
const PURE = ['../src/base', '../src/circuit', '../src/files', 'graphology', 'graphology-types', 'valibot'];
/** What the files of each folder may import besides: everything up to `scene` runs in Node, and is tested there. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  data: ['data', 'view'],
  view: ['data', 'view'],
  scene: ['data', 'view', 'scene', '@dagrejs/dagre'],
  canvas: ['data', 'view', 'scene', 'canvas', 'graphology-layout-forceatlas2'],
  app: ['data', 'view', 'scene', 'canvas', 'app', 'preact', '@preact/signals'],
  '': ['data', 'view', 'scene', 'canvas', 'app', 'preact', '@preact/signals'],
};
/** The one file that knows Sigma, and what it may import of it. */
const ADAPTER = 'canvas/sigma-stage';
const SIGMA = ['sigma', '@sigma'];

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?(?:[\w$*{},\s]+?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? '';
    const relative = specifier.startsWith('.');
    return {
      target: relative ? posix.join(posix.dirname(path), specifier).replace(/\.js$/, '') : specifier,
      typeOnly: type !== undefined,
    };
  });
}

function forbidden(path: string, imports: readonly Import[]): string[] {
  const folder = path.includes('/') ? path.split('/')[0]! : '';
  const allowed = [...PURE, ...(MAY_IMPORT[folder] ?? []), ...(path === ADAPTER ? SIGMA : [])];
  const fits = ({ target, typeOnly }: Import): boolean => {
    // The names of what is seen are known everywhere; what they do is not.
    if (typeOnly && target.startsWith('view/')) return true;
    return allowed.some((name) => target === name || target.startsWith(`${name}/`));
  };
  return imports.filter((one) => !fits(one)).map(({ target }) => `${path} imports ${target}`);
}

const files = readdirSync(VIEWER, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\.tsx?$/.test(name) && name !== 'vite.config.ts')
  .map((name) => ({ name, text: readFileSync(join(VIEWER, name), 'utf8') }));

test('every folder of the viewer imports only what its layer may', () => {
  expect(files.length).toBeGreaterThan(40);
  const found = files.flatMap(({ name, text }) => {
    const path = name.replace(/\.tsx?$/, '');
    return forbidden(path, importsOf(path, text)).concat(
      name.includes('/') && !(name.split('/')[0]! in MAY_IMPORT) ? [`${name}: an unknown folder`] : [],
    );
  });
  expect(found).toEqual([]);
});

test('data never becomes markup or program', () => {
  const markup =
    /\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|createContextualFragment|eval|new Function)\b/;
  expect(files.filter(({ text }) => markup.test(text)).map(({ name }) => name)).toEqual([]);
});

test('the check finds what it looks for', () => {
  const check = (path: string, text: string): string[] => forbidden(path, importsOf(path, text));
  expect(check('view/a', "import { h } from 'preact';")).toEqual(['view/a imports preact']);
  expect(check('canvas/a', "import Sigma from 'sigma';")).toEqual(['canvas/a imports sigma']);
  expect(check(ADAPTER, "import Sigma from 'sigma';\nimport {\n  a,\n} from '@sigma/edge-curve';")).toEqual([]);
  expect(check('scene/a', "import { x } from '../app/store.js';")).toEqual(['scene/a imports app/store']);
  expect(check('app/a', "import { x } from '../../src/run/engine.js';")).toEqual(['app/a imports ../src/run/engine']);
  expect(check('scene/a', "import { x } from '../../src/base/text.js';")).toEqual([]);
});
