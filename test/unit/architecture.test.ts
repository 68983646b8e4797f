import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findCycle, readSources, sourceFile, type SourceFile } from '../support/imports.js';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** What the files of each folder may import besides their own folder: folders or single files of src, and packages. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  statistics: ['base', 'simple-statistics'],
  circuit: ['base'],
  checkpoint: ['base'],
  task: ['base', '@huggingface/tokenizers', 'hyparquet', 'papaparse', 'scslre'],
  gpu: ['base'],
  model: ['base', 'circuit', 'checkpoint', 'gpu'],
  block: ['base', 'circuit', 'gpu', 'model'],
  readout: ['base', 'gpu', 'model', 'block'],
  pass: ['base', 'circuit', 'gpu', 'model', 'block'],
  gradient: ['base', 'circuit', 'gpu', 'model', 'readout', 'block'],
  discover: ['base', 'circuit'],
  truth: ['base', 'circuit', 'checkpoint', 'task', 'model', 'readout'],
  evaluate: ['base', 'circuit', 'task', 'gpu', 'model', 'block', 'readout', 'pass', 'discover'],
  judge: ['base', 'statistics', 'circuit', 'task', 'model', 'readout', 'evaluate'],
  attribute: ['base', 'circuit', 'task', 'gpu', 'model', 'block', 'readout', 'gradient', 'evaluate'],
  stability: ['base', 'statistics', 'circuit', 'task'],
  inspect: ['base', 'circuit', 'task', 'gpu', 'model', 'readout', 'block', 'pass', 'evaluate'],
  files: ['base', 'circuit', 'graphology', 'graphology-types'],
  pictures: ['base', 'circuit', 'files'],
  instruments: [
    'base',
    'circuit',
    'task',
    'gpu',
    'model',
    'block',
    'readout',
    'gradient',
    'pass',
    'evaluate',
    'inspect',
    'files',
  ],
  check: ['base', 'circuit', 'task', 'gpu', 'model', 'readout', 'pass', 'evaluate', 'attribute'],
  run: [
    'base',
    'circuit',
    'checkpoint',
    'task',
    'gpu',
    'model',
    'readout',
    'discover',
    'evaluate',
    'judge',
    'attribute',
    'stability',
    'inspect',
    'files',
    'instruments',
    'pictures',
    'check',
    'version',
  ],
};
const CORE = Object.keys(MAY_IMPORT);
const ROOT_FILES = [...CORE, 'index', 'version'];
const NODE_SIDE = [...ROOT_FILES, 'node', 'cli', 'node:', 'webgpu', '@huggingface/hub', 'commander', 'cli-progress'];
/** Packages that the engine may use anywhere: they run in a browser and know nothing of it. */
const ANYWHERE = ['valibot'];

function forbidden({ path, imports }: SourceFile): string[] {
  const folder = path.includes('/') ? (path.split('/')[0] ?? '') : '';
  const core = MAY_IMPORT[folder];
  const allowed = [...(core ?? (folder === '' ? ROOT_FILES : NODE_SIDE)), ...ANYWHERE, ...(folder ? [folder] : [])];
  const matches = (target: string): boolean =>
    allowed.some((name) => target === name || target.startsWith(name.endsWith(':') ? name : `${name}/`));
  return imports.filter((target) => !matches(target)).map((target) => `${path} imports ${target}`);
}

const files = readSources(SRC);

test('every folder imports only what its layer may', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap(forbidden)).toEqual([]);
  const folders = new Set(files.map((file) => dirname(file.path).split('/')[0] ?? ''));
  expect([...folders].filter((folder) => !['.', 'node', 'cli', ...CORE].includes(folder))).toEqual([]);
});

test('imports form no cycle', () => {
  expect(findCycle(files)).toBeUndefined();
});

test('both checks find what they look for', () => {
  const text = `import type { A } from '../pass/plain.js';\nexport * from "./acdc.js";\nconst fs = await import('node:fs');\nimport {\n  b,\n} from '../circuit/nodes.js';`;
  const file = sourceFile('discover/select.ts', text);
  expect(file.imports).toEqual(['pass/plain', 'discover/acdc', 'node:fs', 'circuit/nodes']);
  expect(forbidden(file)).toEqual(['discover/select imports pass/plain', 'discover/select imports node:fs']);
  expect(forbidden(sourceFile('pass/plain.ts', `import '../block/norm.js'; `))).toEqual([]);
  expect(forbidden(sourceFile('block/norm.ts', `import '../pass/plain.js'; `))).toHaveLength(1);
  const ring = [sourceFile('a/x.ts', `import './y.js';`), sourceFile('a/y.ts', `export * from './x.js';`)];
  expect(findCycle(ring)).toEqual(['a/x', 'a/y', 'a/x']);
});
