import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { REPOSITORY } from './bundle.js';

/** The shipped circuits. */
export const GRAPHS = join(REPOSITORY, 'graphs');
/** One of the shipped circuits. */
export const IOI = join(GRAPHS, 'tasks-4l.ioi.acdc.json');
/** Edges that the circuit keeps. */
export const KEPT = 94;
/** Edges of its model. */
export const EDGES = 1519;
/** Name of its strongest edge. */
export const STRONGEST = 'input->a0.h1<v>';

/** A folder for the files of a test file. It is removed after the tests. */
export function useFolder(): { readonly folder: string; readonly put: (name: string, text: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-viewer-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    put: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}
