import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { openCircuit, type OpenedCircuit } from '../files/index.js';
import { roleOf, shownName, sidecarsOf, stemOf } from '../files/own/sidecars.js';
import { readCircuitText } from './open-files.js';
import { isFile, isFolder } from './probe.js';
import type { EmbeddedFile } from './view/viewer-page.js';

/** Where a circuit and what belongs to it lie. */
export interface CircuitPaths {
  /** For a reader: the file's name, with its folder's where that says more. */
  readonly name: string;
  readonly circuit: string;
  readonly trace: string | null;
  readonly details: string | null;
}

/** A circuit file, and the trace and details beside it. */
export async function circuitPaths(path: string): Promise<CircuitPaths> {
  const absolute = resolve(path);
  const folder = dirname(absolute);
  const name = basename(absolute);
  const { trace, details } = sidecarsOf(name);
  return {
    name: shownName(basename(folder), name),
    // A link stays a link when the file is written anew.
    circuit: await realpath(absolute).catch(() => absolute),
    trace: await ifFile(join(folder, trace)),
    details: await ifFile(join(folder, details)),
  };
}

/**
 * The circuits at a path: a file, a folder with `circuit.json`, or a folder of circuit files and of such folders.
 *
 * @throws EdgewiseError of kind 'circuit' where there are none.
 */
export async function findCircuits(path: string): Promise<CircuitPaths[]> {
  if (!(await isFolder(path))) return [await circuitPaths(path)];
  const own = await ifFile(join(path, 'circuit.json'));
  if (own !== null) return [await circuitPaths(own)];
  const found: CircuitPaths[] = [];
  const names = (await readdir(path)).sort();
  for (const name of names) {
    const inside = join(path, name);
    const result = await ifFile(join(inside, 'circuit.json'));
    if (result !== null) found.push(await circuitPaths(result));
    else if (await holdsCircuit(inside, names)) found.push(await circuitPaths(inside));
  }
  if (found.length === 0) throw new EdgewiseError('circuit', path, 'is a folder without circuits');
  return found;
}

/** @throws EdgewiseError that names the file which cannot be read. */
export async function readCircuitFiles({ name, circuit, trace, details }: CircuitPaths): Promise<EmbeddedFile> {
  return {
    name,
    text: await readCircuitText(circuit),
    trace: trace && (await readCircuitText(trace)),
    details: details && (await readCircuitText(details)),
  };
}

/**
 * The circuit in a text, as the viewer opens it: a model's shape that the file tells in part only is accepted.
 *
 * @throws EdgewiseError of kind 'circuit' where the text is no circuit.
 */
export function openForViewer(text: string, source: string): OpenedCircuit {
  return openCircuit(text, source, { acceptLeastShape: true });
}

/**
 * Whether a circuit file has a place for a view: JSON with edges by name has, other formats have not. The text is one
 * that was opened before. It is not parsed again, because it can have hundreds of megabytes.
 */
export function holdsView(text: string): boolean {
  return /^\ufeff?\s*\{/.test(text) && !/"(?:edges|links)"\s*:\s*\[/.test(text);
}

/** Whether a file among others of a folder is meant as a circuit. A folder may hold any other JSON. */
async function holdsCircuit(path: string, names: readonly string[]): Promise<boolean> {
  const name = basename(path);
  const ending = /\.(json|gexf|graphml)$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === undefined || roleOf(name) !== 'circuit' || !(await isFile(path))) return false;
  if (ending !== 'json') return !names.includes(`${stemOf(name)}.json`);
  const text = await readCircuitText(path).catch(() => '');
  return text.includes('"edges"') && text.includes('"in_graph"');
}

async function ifFile(path: string): Promise<string | null> {
  return (await isFile(path)) ? path : null;
}
