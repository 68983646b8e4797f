import type { ChildProcess } from 'node:child_process';
import { cp, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { request, createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CIRCUIT_WRITERS, writeCircuitJson, writeGexf } from '../../src/files/index.js';
import { toGraph } from '../../src/files/graph/circuit-graph.js';
import {
  cli,
  expectMistake,
  finished,
  NO_ADAPTER,
  runCli,
  startCli,
  useFolder,
  type CliResult,
} from '../support/cli.js';
import { sampleCircuit } from '../support/sample-circuit.js';

const folder = useFolder();
const env = NO_ADAPTER;
const TEXT = writeCircuitJson(sampleCircuit());
const at = (...path: string[]): string => join(folder.path, ...path);

interface Entry {
  readonly name: string;
  readonly text: string;
  readonly trace: string | null;
  readonly details: string | null;
  readonly saveTo: string | null;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Question {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** The command, once it serves. */
interface Running {
  readonly url: string;
  readonly ended: Promise<CliResult>;
  readonly ask: (path: string, options?: Question) => Promise<Answer>;
  readonly list: () => Promise<Entry[]>;
}

const children: ChildProcess[] = [];

async function view(...args: (string | { readonly cwd: string })[]): Promise<Running> {
  const options = Object.assign({ env }, ...args.filter((arg) => typeof arg !== 'string'));
  const child = startCli(['view', '--no-open', ...args.filter((arg) => typeof arg === 'string')], options);
  children.push(child);
  const ended = finished(child);
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.once('data', (text: string) => resolve(text));
    void ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  const url = /^viewer at (http:\/\/127\.0\.0\.1:\d+\/) \(Ctrl-C ends it\)\n$/.exec(line)?.[1];
  if (url === undefined) throw new Error(`not the line that was expected: ${line}`);
  const ask: Running['ask'] = (path, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      // The path goes out as it is: fetch would tidy it up.
      const { hostname, port } = new URL(url);
      const sent = request({ hostname, port, path, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return { url, ended, ask, list: async () => JSON.parse((await ask('/api/files')).body) as Entry[] };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGTERM');
});

beforeAll(async () => {
  await mkdir(at('all', 'run'), { recursive: true });
  await writeFile(at('all', 'a.json'), TEXT);
  await writeFile(at('all', 'a.gexf'), 'not read: the same circuit is there as JSON');
  await writeFile(at('all', 'a.trace.jsonl'), 'steps of a\n');
  await writeFile(at('all', 'a.details.json'), '{}');
  await writeFile(at('all', 'b.gexf'), writeGexf(toGraph(sampleCircuit())));
  await writeFile(at('all', 'package.json'), '{"name": "no circuit"}');
  await writeFile(at('all', 'broken.json'), '{"edges": {"m0->m1": {"in_graph": 3}}}');
  await writeFile(at('all', 'run', 'circuit.json'), TEXT);
  await writeFile(at('all', 'run', 'trace.jsonl'), 'steps of run\n');
});

describe('what is served', () => {
  test('a folder: circuits with what lies beside them; what is broken is told of, what is none left out', async () => {
    const { ask, list, ended, url } = await view(at('all'));
    const page = await ask('/');
    expect(page.status).toBe(200);
    expect(page.body).toContain('<script id="edgewise-files" type="application/json">"api/files"</script>');
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none';.* connect-src 'self';/);
    const entries = await list();
    expect(entries.map(({ saveTo, ...entry }) => [entry, saveTo !== null])).toEqual([
      [{ name: 'a.json', text: 'api/files/0/text', trace: 'api/files/0/trace', details: 'api/files/0/details' }, true],
      [{ name: 'b.gexf', text: 'api/files/1/text', trace: null, details: null }, false],
      [{ name: 'run/circuit.json', text: 'api/files/2/text', trace: 'api/files/2/trace', details: null }, true],
    ]);
    expect((await ask('/api/files/0/text')).body).toBe(TEXT);
    expect((await ask('/api/files/0/trace')).body).toBe('steps of a\n');
    expect((await ask('/api/files/2/trace')).body).toBe('steps of run\n');
    expect((await ask('/', { headers: { host: `localhost:${new URL(url).port}` } })).status).toBe(200);
    const head = await ask('/api/files/0/text', { method: 'HEAD' });
    expect([head.status, head.headers['content-length'], head.body]).toEqual([200, String(TEXT.length), '']);
    children[0]!.kill('SIGTERM');
    const { stdout, stderr, code } = await ended;
    expect([code, stdout]).toEqual([0, `viewer at ${url} (Ctrl-C ends it)\n`]);
    expect(stderr).toMatch(/^warning: .*broken\.json: .*in_graph.*; left out\n$/);
  });

  test('files, folders and the same file again', async () => {
    const { list } = await view(at('all', 'run'), at('all', 'a.json'), at('all', 'run', 'circuit.json'));
    expect((await list()).map(({ name }) => name)).toEqual(['run/circuit.json', 'a.json']);
  });

  test('a file that is written anew is served anew', async () => {
    const file = at('anew.json');
    await writeFile(file, TEXT);
    const { ask } = await view(file);
    await writeFile(file, `${TEXT} `);
    expect((await ask('/api/files/0/text')).body).toBe(`${TEXT} `);
  });

  test.skipIf(process.platform === 'win32')('Ctrl-C ends it with status 0', async () => {
    const { ended } = await view(at('all', 'a.json'));
    children[0]!.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('without a path the results under runs/, the newest first', async () => {
    const cwd = at('work');
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      await cp(at('all', 'run'), join(cwd, 'runs', name), { recursive: true });
      const time = new Date(2020, i === 1 ? 12 : i, 1);
      await utimes(join(cwd, 'runs', name, 'circuit.json'), time, time);
    }
    const { list } = await view({ cwd });
    expect((await list()).map(({ name }) => name)).toEqual(['b/circuit.json', 'c/circuit.json', 'a/circuit.json']);
  });

  test('the circuits of a sweep, those of other runs beside it, and of folders below; what lies deeper is told', async () => {
    const cwd = at('sweep');
    const put = async (...path: string[]): Promise<void> => {
      await mkdir(join(cwd, 'runs', ...path.slice(0, -1)), { recursive: true });
      await writeFile(join(cwd, 'runs', ...path), TEXT);
    };
    for (const run of ['x', 'y'])
      for (const part of ['threshold-0.2', 'threshold-0.5']) await put(run, part, 'circuit.json');
    await put('z', 'circuit.json');
    await put('z', 'top.json');
    await put('z', 'scores.json');
    await put('1', '2', '3', '4', 'circuit.json');
    await writeFile(join(cwd, 'runs', 'g.graphml'), CIRCUIT_WRITERS.graphml(sampleCircuit()));
    await writeFile(join(cwd, 'runs', 'n.json'), CIRCUIT_WRITERS['node-link'](sampleCircuit()));
    const { list, ask, ended } = await view({ cwd });
    const entries = await list();
    expect(entries.map(({ name }) => name).toSorted()).toEqual([
      'g.graphml',
      'n.json',
      'top.json',
      'x/threshold-0.2/circuit.json',
      'x/threshold-0.5/circuit.json',
      'y/threshold-0.2/circuit.json',
      'y/threshold-0.5/circuit.json',
      'z/circuit.json',
    ]);
    const graphml = entries.find(({ name }) => name === 'g.graphml')!;
    expect(graphml.saveTo).toBeNull();
    expect((await ask(`/${graphml.text}`)).body).toBe(CIRCUIT_WRITERS.graphml(sampleCircuit()));
    children.at(-1)!.kill('SIGTERM');
    expect((await ended).stderr).toBe('note: runs: 1 folder more than 3 levels down are not looked through\n');
  });

  test('--help', async () => {
    expect(await cli(['view', '--help'], { env })).toMatch(/\[path\.\.\.\][\s\S]*--port[\s\S]*--no-open/);
  });
});

describe('what is refused', () => {
  test('everything that is not in the list', async () => {
    const { ask } = await view(at('all', 'a.json'));
    for (const path of [
      '/a.json',
      '/api/files/1/text',
      '/api/files/-1/text',
      '/api/files/0/path',
      '/api/files/0/__proto__',
      '/api/files/0/text/../../../../etc/passwd',
      '/../a.json',
      '/%2e%2e/a.json',
      '//etc/passwd',
      `/api/files/${encodeURIComponent(at('all', 'a.json'))}/text`,
    ]) {
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    }
    expect(await ask('/', { method: 'POST' })).toMatchObject({ status: 405 });
    expect(await ask('/', { method: 'OPTIONS' })).toMatchObject({ status: 405 });
  });

  test('a foreign host name: nothing is told', async () => {
    const { ask } = await view(at('all', 'a.json'));
    for (const host of ['evil.test', '127.0.0.1', '127.0.0.1:1', 'localhost.evil.test:80']) {
      for (const path of ['/', '/api/files', '/api/files/0/text']) {
        const { status, body } = await ask(path, { headers: { host } });
        expect([status, body]).toEqual([403, 'this host is not served here\n']);
      }
    }
  });

  test('only addresses that the page was opened with may be reached from it', async () => {
    const { ask } = await view(at('all', 'a.json'));
    const query = 'file=https://x.test/a/b.json&file=%27unsafe%27;%20script-src%20*&file=javascript:1&file=data:,1';
    const policy = (await ask(`/?${query}`)).headers['content-security-policy'];
    expect(policy).toMatch(/; connect-src 'self' https:\/\/x\.test; /);
    expect(policy).not.toMatch(/\*|javascript|data:,/);
  });
});

describe('saving', () => {
  const withView = (text: string): string =>
    text.replace('"edgewise": {', '"edgewise": {\n"view": {"pinned": ["m0"]},');

  test('a view goes into the file; another circuit, a stranger and garbage do not', async () => {
    const file = at('saved.json');
    await writeFile(file, TEXT);
    const { ask, list, url } = await view(file);
    const saveTo = `/${(await list())[0]!.saveTo}`;
    const origin = url.slice(0, -1);
    const put = (
      body: string | Uint8Array,
      path = saveTo,
      headers: OutgoingHttpHeaders = { origin },
    ): Promise<Answer> => ask(path, { method: 'PUT', body, headers });
    const refused = async (status: number, answer: Promise<Answer>): Promise<void> => {
      expect((await answer).status).toBe(status);
      expect(await readFile(file, 'utf8')).toBe(TEXT);
    };
    const text = withView(TEXT);
    expect(text).not.toBe(TEXT);
    await refused(403, put(text, saveTo, {}));
    await refused(403, put(text, saveTo, { origin: 'http://evil.test' }));
    await refused(403, put(text, saveTo, { origin: 'null' }));
    await refused(403, put(text, saveTo.replace(/token=.*/, 'token=')));
    await refused(403, put(text, saveTo.replace(/\?.*/, '')));
    await refused(403, put(text, `${saveTo}x`));
    await refused(404, put(text, saveTo.replace('/0/', '/1/')));
    await refused(404, put(text, saveTo.replace('/text', '/trace')));
    await refused(422, put('garbage'));
    await refused(422, put(Buffer.from([0x7b, 0xff, 0x7d])));
    const cut = TEXT.replace(/"in_graph":\s*true,"step"/, '"in_graph":false,"step"');
    expect(cut).not.toBe(TEXT);
    await refused(409, put(cut));
    // With a view that is new, anything else that is new.
    for (const [status, from, to] of [
      [409, '"m0": {"in_graph":true}', '"m0": {"in_graph":false}'],
      [409, '"nodes": {', '"mine": 1,\n"nodes": {'],
      [409, '"schema_version": 1', '"schema_version": 1, "mine": {}'],
      [409, '"nodes": {', '"__proto__": {"edges": {}},\n"nodes": {'],
      [422, '"nodes": {', '"nodes": {},\n"nodes": {'],
      [422, '"in_graph":true}', '"in_graph":true,"in_graph":false}'],
      [422, '"d_model": 16', '"d_model": 1e999'],
    ] as const) {
      const more = text.replace(from, to);
      if (more === text) continue;
      await refused(status, put(more));
    }
    await refused(413, ask(saveTo, { method: 'PUT', headers: { origin, 'content-length': 2 ** 40 }, body: 'x' }));
    expect((await put(text)).status).toBe(204);
    expect(await readFile(file, 'utf8')).toBe(text);
    // Another run has replaced the file since.
    const other = TEXT.replace('"kl"', '"nll"');
    expect(other).not.toBe(TEXT);
    await writeFile(file, other);
    const late = await put(text);
    expect([late.status, late.body]).toEqual([409, expect.stringMatching(/another circuit/)]);
    expect(await readFile(file, 'utf8')).toBe(other);
  });
});

describe('mistakes', () => {
  test.each([
    ['no such file', () => [at('gone.json')], /gone\.json: there is no such file/],
    ['a broken file alone', () => [at('all', 'broken.json')], /broken\.json: .*in_graph/],
    ['a folder without circuits', () => [at('empty')], /empty: is a folder without circuits/],
    ['a port that is none', () => ['--port', '70000', at('all')], /--port/],
  ] as const)('%s', async (_, args, message) => {
    await mkdir(at('empty'), { recursive: true });
    expectMistake(await runCli(['view', '--no-open', ...args()], { env }), message);
  });

  test('no path and no results', async () => {
    await mkdir(at('elsewhere'));
    const result = await runCli(['view', '--no-open'], { env, cwd: at('elsewhere') });
    expectMistake(result, /no results under runs\/; name a circuit file/);
  });

  test('a port that is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const result = await runCli(['view', '--no-open', '--port', String(port), at('all', 'a.json')], { env });
      expectMistake(result, `port ${port}: is in use by another program`);
    } finally {
      server.close();
    }
  });
});
