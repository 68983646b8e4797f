import { afterEach, describe, expect, test, vi } from 'vitest';
import { distinctNames } from '../../../../src/files/own/sidecars.js';
import type { DroppedFile } from '../../../../viewer/data/dropped-files.js';
import { loadSources, saveSource } from '../../../../viewer/data/sources.js';
import { readDropped } from '../../../../viewer/data/dropped-files.js';

type Fetch = (url: string, options?: RequestInit) => Promise<Response>;

/** A file whose text is its path. */
function file(path: string, changes: Partial<DroppedFile> = {}): DroppedFile {
  const name = path.split('/').at(-1)!;
  return { name, webkitRelativePath: name === path ? '' : path, size: 10, text: async () => path, ...changes };
}

/** Names and texts, without what is null. */
async function dropped(...paths: string[]): Promise<object[]> {
  const sources = await readDropped(paths.map((path) => file(path)));
  return sources.map((source) => Object.fromEntries(Object.entries(source).filter(([, value]) => value !== null)));
}

describe('files that are dropped together', () => {
  test('a result', async () => {
    expect(await dropped('trace.jsonl', 'circuit.gexf', 'details.json', 'circuit.json')).toEqual([
      { name: 'circuit.json', text: 'circuit.json', trace: 'trace.jsonl', details: 'details.json' },
    ]);
  });

  test('several circuits, each with its own', async () => {
    expect(await dropped('b.trace.jsonl', 'a.json', 'b.json', 'a.details.json', 'c.gexf', 'b.gexf')).toEqual([
      { name: 'a.json', text: 'a.json', details: 'a.details.json' },
      { name: 'b.json', text: 'b.json', trace: 'b.trace.jsonl' },
      { name: 'c.gexf', text: 'c.gexf' },
    ]);
  });

  test('a folder of results', async () => {
    expect(await dropped('runs/x/circuit.json', 'runs/y/circuit.json', 'runs/y/trace.jsonl')).toEqual([
      { name: 'x/circuit.json', text: 'runs/x/circuit.json' },
      { name: 'y/circuit.json', text: 'runs/y/circuit.json', trace: 'runs/y/trace.jsonl' },
    ]);
  });

  test('one circuit of another name gets what comes with it', async () => {
    expect(await dropped('mine.json', 'trace.jsonl')).toEqual([
      { name: 'mine.json', text: 'mine.json', trace: 'trace.jsonl' },
    ]);
  });

  test('equal names are told apart', async () => {
    expect(await dropped('circuit.json', 'circuit.json')).toMatchObject([
      { name: 'circuit.json' },
      { name: 'circuit.json (2)' },
    ]);
    expect(distinctNames(['a', 'a (2)', 'a', 'a'])).toEqual(['a', 'a (2)', 'a (3)', 'a (4)']);
  });

  test('what has no circuit, is too large or cannot be read is named', async () => {
    await expect(readDropped([file('trace.jsonl')])).rejects.toThrow(/^trace\.jsonl: is a trace without a circuit/);
    await expect(dropped('a.json', 'b.json', 'details.json')).rejects.toThrow(/^details\.json: is details without/);
    await expect(readDropped([file('a.json', { size: 2 ** 29 })])).rejects.toThrow(/^a\.json: 536870912 bytes/);
    const folder = file('a.json', { text: () => Promise.reject(new Error('no')) });
    await expect(readDropped([folder])).rejects.toThrow(/^a\.json: cannot be read/);
  });
});

describe('files that the page was opened with', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A page with this address, this content of its script element, and these texts to fetch. */
  function page(
    href: string,
    content: string,
    texts: Readonly<Record<string, string>> = {},
  ): ReturnType<typeof vi.fn<Fetch>> {
    const fetched = vi.fn<Fetch>(async (url) =>
      Object.hasOwn(texts, url)
        ? new Response(texts[url])
        : new Response('no', { status: 404, statusText: 'Not Found' }),
    );
    vi.stubGlobal('location', new URL(href));
    vi.stubGlobal('document', { getElementById: () => ({ textContent: content }) });
    vi.stubGlobal('fetch', fetched);
    return fetched;
  }

  test('none', async () => {
    const fetched = page('file:///x/index.html', '\n');
    expect(await loadSources()).toEqual([]);
    expect(fetched).not.toHaveBeenCalled();
  });

  test('embedded, without a place to save to', async () => {
    page('file:///x/a.html', '[{"name": "a.json", "text": "{}", "trace": null, "details": "d", "saveTo": "x"}]');
    expect(await loadSources()).toEqual([{ name: 'a.json', text: '{}', trace: null, details: 'd', saveTo: null }]);
    page('file:///x/a.html', '[{"name": 1}]');
    await expect(loadSources()).rejects.toThrow(/files in this page: is no list of circuits/);
    page('file:///x/a.html', '[');
    await expect(loadSources()).rejects.toThrow(/not valid JSON/);
  });

  test('listed by a server', async () => {
    const entry = { name: 'a.json', text: 'api/files/0/text', trace: 'api/files/0/trace', details: null, saveTo: 's' };
    page('http://127.0.0.1:1/', '"api/files"', {
      'api/files': JSON.stringify([entry]),
      'api/files/0/text': 'circuit',
      'api/files/0/trace': 'steps',
    });
    expect(await loadSources()).toEqual([{ ...entry, text: 'circuit', trace: 'steps' }]);
  });

  test('named by the address: first, with what lies beside a circuit.json, failures told one by one', async () => {
    page('http://x.test/?file=runs/b/circuit.json&file=http://y.test/a.json&file=gone.json&file=javascript:1', '', {
      'http://x.test/runs/b/circuit.json': 'b',
      'http://x.test/runs/b/trace.jsonl': 'steps',
      'http://y.test/a.json': 'a',
      'http://y.test/trace.jsonl': 'not its own',
    });
    const told: string[] = [];
    const sources = await loadSources((error) => told.push((error as Error).message));
    expect(sources).toEqual([
      { name: 'b/circuit.json', text: 'b', trace: 'steps', details: null, saveTo: null },
      { name: 'a.json', text: 'a', trace: null, details: null, saveTo: null },
    ]);
    expect(told).toEqual([
      'http://x.test/gone.json: the server answered 404 Not Found',
      '?file=javascript:1: expected an address that begins with http: or https:',
    ]);
  });

  test('saving puts the text where it came from, and says why not', async () => {
    const source = { name: 'a.json', text: '', trace: null, details: null, saveTo: 'api/files/0/text?token=t' };
    const fetched = vi.fn<Fetch>(async () => new Response(null, { status: 204 }));
    vi.stubGlobal('fetch', fetched);
    await saveSource(source, 'text');
    expect(fetched).toHaveBeenCalledWith(source.saveTo, { method: 'PUT', body: 'text' });
    vi.stubGlobal('fetch', async () => new Response('another circuit\n', { status: 409 }));
    await expect(saveSource(source, 'text')).rejects.toThrow('a.json: was not saved: another circuit');
    await expect(saveSource({ ...source, saveTo: null }, 'text')).rejects.toThrow(/a place to save to/);
  });
});
