import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadSources, saveSource } from '../../../../viewer/data/sources.js';

type Fetch = (url: string, options?: RequestInit) => Promise<Response>;

describe('files that the page was opened with', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A page at `href`. `content` is the text of its script element, `texts` are the texts that it can fetch. */
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
