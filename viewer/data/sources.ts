import * as v from 'valibot';
import { EdgewiseError } from '../../src/base/errors.js';
import { sidecarsOf, distinctNames, shownName } from '../../src/files/own/sidecars.js';
import type { SourceFile } from './document.js';
import { MAX_BYTES } from './dropped-files.js';

const textOrNull = v.nullable(v.string());
const Embedded = v.array(v.object({ name: v.string(), text: v.string(), trace: textOrNull, details: textOrNull }));
/** The list of `edgewise view`: it has addresses instead of texts. */
const Listed = v.array(
  v.object({ name: v.string(), text: v.string(), trace: textOrNull, details: textOrNull, saveTo: textOrNull }),
);

/**
 * The circuits that the page was opened with. First come the circuits that the page's address names: `?file=`, once or
 * more often. Then come the circuits that are embedded in the page or served beside it.
 *
 * @param report hears of each circuit that cannot be fetched. The others are opened all the same. By default the first
 *   failure is thrown.
 */
export async function loadSources(report: (error: unknown) => void = rethrow): Promise<SourceFile[]> {
  const { searchParams } = new URL(location.href);
  const parts = [searchParams.getAll('file').map(fetchNamed), ownSources()].flat();
  const sources: SourceFile[] = [];
  for (const result of await Promise.allSettled(parts)) {
    if (result.status === 'fulfilled') sources.push(...result.value);
    else report(result.reason);
  }
  const names = distinctNames(sources.map((source) => source.name));
  return sources.map((source, i) => ({ ...source, name: names[i]! }));
}

/**
 * Writes a text into the circuit file that a document came from.
 *
 * @throws EdgewiseError kind `usage` with the server's reason, when the server refuses the text.
 */
export async function saveSource(source: SourceFile, text: string): Promise<void> {
  if (source.saveTo === null) throw new EdgewiseError('usage', source.name, 'was not opened from a place to save to');
  const response = await request(source.saveTo, source.name, { method: 'PUT', body: text });
  if (response.ok) return;
  const reason = await response.text();
  throw new EdgewiseError('usage', source.name, `was not saved: ${reason.trim() || `status ${response.status}`}`);
}

/** The page's script element holds the files themselves, or the address of a list of files, or nothing. */
async function ownSources(): Promise<SourceFile[]> {
  const text = document.getElementById('edgewise-files')?.textContent.trim() ?? '';
  if (text === '') return [];
  const content = json(text, 'the files in this page');
  if (typeof content !== 'string') {
    const files = checked(Embedded, content, 'the files in this page');
    return files.map((file) => ({ ...file, saveTo: null }));
  }
  const list = checked(Listed, json(await fetchText(content), content), content);
  return Promise.all(
    list.map(async ({ name, text: at, trace, details, saveTo }) => ({
      name,
      text: await fetchText(at, name),
      trace: trace === null ? null : await fetchText(trace, name),
      details: details === null ? null : await fetchText(details, name),
      saveTo,
    })),
  );
}

/**
 * A circuit by its address. A trace and details are fetched only beside a `circuit.json`, where `discover` writes them.
 */
async function fetchNamed(address: string): Promise<SourceFile[]> {
  const url = addressOf(address);
  const [folder = '', file = ''] = url.pathname.split('/').slice(-2).map(decoded);
  const beside = async (name: string): Promise<string | null> => {
    if (file !== 'circuit.json') return null;
    return fetchText(new URL(name, url).href).catch(() => null);
  };
  const { trace, details } = sidecarsOf('circuit.json');
  const name = shownName(folder, file) || url.href;
  return [
    { name, text: await fetchText(url.href), trace: await beside(trace), details: await beside(details), saveTo: null },
  ];
}

function addressOf(address: string): URL {
  let url: URL;
  try {
    url = new URL(address, location.href);
  } catch (cause) {
    throw new EdgewiseError('usage', `?file=${address}`, 'is not an address', { cause });
  }
  if (/^https?:$/.test(url.protocol)) return url;
  throw new EdgewiseError('usage', `?file=${address}`, 'expected an address that begins with http: or https:');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @throws EdgewiseError kind `circuit` with the address, and with the status if the server answered. */
async function fetchText(url: string, name = url): Promise<string> {
  const response = await request(url, name);
  if (!response.ok) {
    throw new EdgewiseError('circuit', name, `the server answered ${response.status} ${response.statusText}`.trimEnd());
  }
  const size = Number(response.headers.get('content-length') ?? 0);
  const blob = size > MAX_BYTES ? null : await response.blob();
  if (blob === null || blob.size > MAX_BYTES) {
    throw new EdgewiseError('circuit', name, `${blob?.size ?? size} bytes, expected at most ${MAX_BYTES}`);
  }
  return blob.text();
}

async function request(url: string, name: string, options: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, options);
  } catch (cause) {
    const what = 'cannot be fetched: there is no such server, or it does not allow this page to read it';
    throw new EdgewiseError('circuit', name, what, { cause });
  }
}

function json(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EdgewiseError('circuit', where, 'not valid JSON', { cause });
  }
}

function checked<S extends v.GenericSchema>(schema: S, value: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new EdgewiseError('circuit', where, `is no list of circuits (${result.issues[0].message})`);
}

function rethrow(error: unknown): never {
  throw error;
}
