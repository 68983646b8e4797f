import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { isInstrument, openCircuitOrGraph, parseInstrument } from '../files/index.js';
import { counted, quoteList } from '../base/text.js';
import { roleOf, shownName, shownNames, sidecarsOf, stemOf } from '../files/own/sidecars.js';
import { readCircuitText } from './open-files.js';
import { isFile, isFolder } from './probe.js';
import type { EmbeddedFile } from './view/viewer-page.js';

/** Where a circuit and what belongs to it lie. */
export interface CircuitPaths {
  /** For a reader: the file's name, with its folder's where that says more. */
  readonly name: string;
  /** As it was found, and where it is: a link leads elsewhere. */
  readonly path: string;
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
    path: absolute,
    // A link stays a link when the file is written anew.
    circuit: await realpath(absolute).catch(() => absolute),
    trace: await ifFile(join(folder, trace)),
    details: await ifFile(join(folder, details)),
  };
}

/** Levels of folders below the given one that are looked through: runs/<run>/threshold-<x> is two below runs. */
const DEEPEST = 3;

/**
 * What the viewer shows of a path: a file, or all circuit files and results of instruments of a folder and of the
 * folders in it.
 *
 * @param tell hears of what was left out.
 * @throws EdgewiseError of kind 'circuit' where there are none.
 */
export async function findCircuits(path: string, tell: (what: string) => void = () => {}): Promise<CircuitPaths[]> {
  const found = await Promise.all((await circuitFilesAt(path, tell, true)).map(circuitPaths));
  return withNames(found);
}

/** The same circuits with names that tell them apart. */
export function withNames(circuits: readonly CircuitPaths[]): CircuitPaths[] {
  const names = shownNames(circuits.map((circuit) => circuit.path));
  return circuits.map((circuit, i) => ({ ...circuit, name: names[i]! }));
}

/**
 * The one circuit file at a path: the file, or the only circuit in a folder.
 *
 * @throws EdgewiseError of kind 'circuit' where a folder holds none or several, which it names.
 */
export async function oneCircuitAt(path: string): Promise<string> {
  const files = await circuitFilesAt(path, () => {});
  if (files.length === 1) return files[0]!;
  const names = quoteList(files.map((file) => relative(path, file)));
  throw new EdgewiseError('circuit', path, `holds ${files.length} circuits, expected one: name one of ${names}`);
}

/** @param results also the results of instruments. */
async function circuitFilesAt(path: string, tell: (what: string) => void, results = false): Promise<string[]> {
  if (!(await isFolder(path))) return [path];
  const { files, tooDeep } = await circuitsIn(path, 0, results);
  if (tooDeep > 0) {
    tell(`${path}: ${counted(tooDeep, 'folder')} more than ${DEEPEST} levels down are not looked through`);
  }
  if (files.length === 0) throw new EdgewiseError('circuit', path, 'is a folder without circuits');
  return files;
}

/** The circuit files of a folder, `circuit.json` first, then those in its folders; and how many folders lie deeper. */
async function circuitsIn(
  folder: string,
  level: number,
  results: boolean,
): Promise<{ files: string[]; tooDeep: number }> {
  const names = (await readdir(folder).catch((): string[] => [])).sort();
  const isResult = names.includes('circuit.json') && (await isFile(join(folder, 'circuit.json')));
  const files = isResult ? [join(folder, 'circuit.json')] : [];
  let tooDeep = 0;
  for (const name of names) {
    const inside = join(folder, name);
    // Scores beside a circuit are those that it was chosen from.
    const isPart = isResult && (stemOf(name) === 'circuit' || name === 'scores.json');
    if (!isPart && (await holdsCircuit(inside, names, results))) files.push(inside);
  }
  for (const name of names) {
    const inside = join(folder, name);
    if (name.startsWith('.') || name === 'node_modules' || !(await isFolder(inside))) continue;
    if (level === DEEPEST) tooDeep++;
    else {
      const deeper = await circuitsIn(inside, level + 1, results);
      files.push(...deeper.files);
      tooDeep += deeper.tooDeep;
    }
  }
  return { files, tooDeep };
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
 * Makes sure that the viewer can open a text: a circuit, an attribution graph or the result of an instrument. A model's
 * shape that the file tells in part only is accepted.
 *
 * @throws EdgewiseError of kind 'circuit' where the text is none of them.
 */
export function assertViewable(text: string, source: string): void {
  if (isInstrument(text)) parseInstrument(text, source);
  else openCircuitOrGraph(text, source, { acceptLeastShape: true, strict: true });
}

/**
 * Whether a circuit file has a place for a view: JSON with edges by name has, other formats have not. The text is one
 * that was opened before. It is not parsed again, because it can have hundreds of megabytes.
 */
export function holdsView(text: string): boolean {
  return /^\ufeff?\s*\{/.test(text) && !/"(?:edges|links)"\s*:\s*\[/.test(text) && !isInstrument(text);
}

/** Whether a file among others of a folder is meant as a circuit. A folder may hold any other JSON. */
async function holdsCircuit(path: string, names: readonly string[], results: boolean): Promise<boolean> {
  const name = basename(path);
  const ending = /\.(json|gexf|graphml)$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === undefined || roleOf(name) !== 'circuit' || !(await isFile(path))) return false;
  if (ending !== 'json') return !names.includes(`${stemOf(name)}.json`);
  const text = await readCircuitText(path).catch(() => '');
  if (isInstrument(text)) return results;
  return text.includes('"in_graph"') || (text.includes('"nodes"') && /"(?:edges|links)"/.test(text));
}

async function ifFile(path: string): Promise<string | null> {
  return (await isFile(path)) ? path : null;
}
