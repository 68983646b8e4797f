import { EdgewiseError } from '../../src/base/errors.js';
import { roleOf, shownNames, sidecarsOf, stemOf } from '../../src/files/own/sidecars.js';
import type { SourceFile } from './document.js';

/** A file that the reader chose or dropped: the part of the browser's `File` that is used. */
export interface DroppedFile {
  readonly name: string;
  /** Path below the chosen folder. Empty when no folder was chosen. */
  readonly webkitRelativePath?: string;
  readonly size: number;
  text(): Promise<string>;
}

/** A file with more bytes is refused unread. No circuit that the viewer can hold has as many. */
export const MAX_BYTES = 2 ** 28;

/**
 * Circuits with their traces and details. The names of the files tell what belongs together. A circuit that comes alone
 * gets the one trace and the one details file that come with it, whatever their names. When a circuit comes as JSON and
 * as a graph, the JSON is taken: it holds more.
 *
 * @throws EdgewiseError kind `circuit` when a file is too large or cannot be read; kind `usage` when a trace or details
 *   come without their circuit.
 */
export async function readDropped(files: ArrayLike<DroppedFile>): Promise<SourceFile[]> {
  const all = Array.from(files);
  const circuits = withoutDoubles(all.filter((file) => roleOf(file.name) === 'circuit'));
  const left = new Set(all.filter((file) => roleOf(file.name) !== 'circuit'));
  const take = (role: 'trace' | 'details', circuit: DroppedFile): DroppedFile | null => {
    const candidates = [...left].filter((file) => roleOf(file.name) === role);
    const beside = candidates.find((file) => isBeside(file, sidecarsOf(circuit.name)[role], circuit));
    const found = beside ?? (circuits.length === 1 && candidates.length === 1 ? candidates[0]! : null);
    if (found) left.delete(found);
    return found;
  };
  const groups = circuits.map((circuit) => ({
    circuit,
    trace: take('trace', circuit),
    details: take('details', circuit),
  }));
  for (const { name } of left) {
    const kind = roleOf(name) === 'trace' ? 'a trace' : 'details';
    throw new EdgewiseError('usage', name, `is ${kind} without a circuit; open it together with its circuit file`);
  }
  const names = shownNames(circuits.map((file) => file.webkitRelativePath || file.name));
  return Promise.all(
    groups.map(async ({ circuit, trace, details }, i) => ({
      name: names[i]!,
      text: await textOf(circuit),
      trace: trace && (await textOf(trace)),
      details: details && (await textOf(details)),
      saveTo: null,
    })),
  );
}

function withoutDoubles(circuits: readonly DroppedFile[]): DroppedFile[] {
  const key = (file: DroppedFile): string => `${folderOf(file)}/${stemOf(file.name)}`;
  const json = new Set(circuits.filter((file) => /\.json$/i.test(file.name)).map(key));
  return circuits.filter((file) => !/\.(gexf|graphml)$/i.test(file.name) || !json.has(key(file)));
}

function isBeside(file: DroppedFile, name: string, circuit: DroppedFile): boolean {
  return file.name === name && folderOf(file) === folderOf(circuit);
}

/** Path of the file's folder. Empty when it is not known. */
function folderOf({ webkitRelativePath: path = '' }: DroppedFile): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

async function textOf(file: DroppedFile): Promise<string> {
  if (file.size > MAX_BYTES) {
    throw new EdgewiseError('circuit', file.name, `${file.size} bytes, expected at most ${MAX_BYTES}`);
  }
  try {
    return await file.text();
  } catch (cause) {
    throw new EdgewiseError('circuit', file.name, 'cannot be read (is it a folder?)', { cause });
  }
}
