import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { EdgewiseError } from '../../base/errors.js';
import { distinctNames } from '../../files/own/sidecars.js';
import { readJson, readStrictJson } from '../../base/json/json-fields.js';
import { isObject } from '../../base/json/strict-json.js';
import { circuitFileOf } from '../../files/own/read-circuit-json.js';
import { writeFileAtomically } from '../atomic-write.js';
import { holdsView, type CircuitPaths } from '../circuit-files.js';
import { readCircuitText } from '../open-files.js';
import { embedFiles } from './viewer-page.js';

const HOST = '127.0.0.1';
const MAX_BODY = 64 * 2 ** 20;

export interface ViewServer {
  readonly url: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** What is said instead of an answer. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Serves the viewer and these circuits on loopback. Other programs and web pages on this machine are kept out: a
 * request must name this server as its host (so that no foreign name can be bound to it), and a write must come from
 * its page and hold a token that only this page was given. Files are told by their number in the list, never by a path.
 *
 * @param page the viewer's HTML.
 * @param port 0 = any that is free.
 * @throws EdgewiseError of kind 'usage' where the port cannot be used.
 */
export async function serveViewer(page: string, files: readonly CircuitPaths[], port: number): Promise<ViewServer> {
  const token = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    void answer(request, response, { page: embedFiles(page, 'api/files'), files, token, port: portOf(server) });
  });
  await listen(server, port);
  return {
    url: `http://${HOST}:${portOf(server)}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Site {
  readonly page: string;
  readonly files: readonly CircuitPaths[];
  readonly token: string;
  readonly port: number;
}

async function answer(request: IncomingMessage, response: ServerResponse, site: Site): Promise<void> {
  try {
    const hosts = [`${HOST}:${site.port}`, `localhost:${site.port}`];
    if (!hosts.includes(request.headers.host ?? '')) throw new Refusal(403, 'this host is not served here');
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${hosts[0]}`);
    const [, index, part] = /^\/api\/files\/(\d{1,6})\/(text|trace|details)$/.exec(pathname) ?? [];
    const file = index === undefined ? undefined : site.files[Number(index)];
    if (request.method === 'PUT') {
      if (!file || part !== 'text') throw new Refusal(404, 'there is nothing to write here');
      if (
        !hosts.some((host) => request.headers.origin === `http://${host}`) ||
        !sameText(searchParams.get('token') ?? '', site.token)
      ) {
        throw new Refusal(403, 'only the page that was opened by this program may write; reload it');
      }
      await save(file, await bodyOf(request));
      send(response, request, 204, 'text/plain', '');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refusal(405, 'GET and PUT only');
    if (pathname === '/') {
      response.setHeader('Content-Security-Policy', contentPolicy(searchParams.getAll('file')));
      send(response, request, 200, 'text/html', site.page);
    } else if (pathname === '/api/files') {
      send(response, request, 200, 'application/json', JSON.stringify(await listOf(site)));
    } else {
      const path = file && { text: file.circuit, trace: file.trace, details: file.details }[part as 'text'];
      if (!path) throw new Refusal(404, 'there is nothing here');
      send(response, request, 200, 'text/plain', await readCircuitText(path));
    }
  } catch (error) {
    const [status, message] =
      error instanceof Refusal
        ? [error.status, error.message]
        : [error instanceof EdgewiseError ? 422 : 500, error instanceof Error ? error.message : String(error)];
    // What is left of a body that was refused is not read.
    if (!request.complete) response.setHeader('Connection', 'close');
    send(response, request, status, 'text/plain', `${message}\n`);
  }
}

/**
 * Addresses of the texts. Only a JSON file of the interchange schema can be saved to: others have no place for a view.
 */
async function listOf({ files, token }: Site): Promise<object[]> {
  const names = distinctNames(files.map((file) => file.name));
  return Promise.all(
    files.map(async ({ circuit, trace, details }, i) => ({
      name: names[i],
      text: `api/files/${i}/text`,
      trace: trace && `api/files/${i}/trace`,
      details: details && `api/files/${i}/details`,
      saveTo: holdsView(await readCircuitText(circuit)) ? `api/files/${i}/text?token=${token}` : null,
    })),
  );
}

/** Replaces a circuit file by a text that differs from it in the view alone. */
async function save({ circuit }: CircuitPaths, text: string): Promise<void> {
  const before = readJson(await readCircuitText(circuit), circuit);
  // A key that is there twice could be one thing here, and another thing to the next reader.
  const after = readStrictJson(text, circuit);
  circuitFileOf(after, circuit);
  if (!isDeepStrictEqual(withoutView(before, before), withoutView(after, before))) {
    throw new Refusal(
      409,
      'the file on disk holds another circuit by now, or more than the view differs; reload the page',
    );
  }
  await writeFileAtomically(circuit, text);
}

/** All that the file holds but the view, and but what a file without a view gets along with its first one. */
function withoutView(json: unknown, before: unknown): unknown {
  if (!isObject(json) || !isObject(json['edgewise'])) return json;
  const { edgewise, ...others } = json;
  const { view: _view, ...own } = edgewise;
  const isFirst = isObject(before) && before['edgewise'] === undefined;
  if (isFirst && Object.keys(own).every((key) => key === 'schema_version')) return others;
  return { ...others, edgewise: own };
}

/** @throws Refusal where it is too long or no UTF-8. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const refuse = (): never => {
    throw new Refusal(413, `more than ${MAX_BODY} bytes`);
  };
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) refuse();
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) refuse();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new Refusal(422, 'not UTF-8 text');
  }
}

function send(response: ServerResponse, request: IncomingMessage, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    ...(status === 405 ? { Allow: 'GET, HEAD, PUT' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The page is one file and talks to this server alone, and to those that its own address names (`?file=`). */
function contentPolicy(addresses: readonly string[]): string {
  const urls = addresses.filter((address) => URL.canParse(address)).map((address) => new URL(address));
  const origins = urls.filter((url) => /^https?:$/.test(url.protocol)).map((url) => url.origin);
  return [
    "default-src 'none'",
    "script-src 'unsafe-inline' 'self' blob:",
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    ["connect-src 'self'", ...origins].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Takes as long whatever the first difference. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, resolve);
    });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const what =
      code === 'EADDRINUSE'
        ? 'is in use by another program; give another one, or none for any that is free'
        : `cannot be used (${code})`;
    throw new EdgewiseError('usage', `port ${port}`, what, { cause });
  }
}
