import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One repository of the fake hub: its files, and which commit each revision names. */
export interface HubRepository {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly revisions: Readonly<Record<string, string>>;
  /** Answer every request with this status instead. */
  readonly refuse?: number;
}

export interface HubServer {
  readonly url: string;
  /** Every request so far, as 'METHOD /path'. */
  readonly requests: string[];
  /** How transfers of large files go wrong, if they do. */
  fault: 'none' | 'break' | 'corrupt' | 'endless';
  /** Authorization header of the latest request. */
  authorization: string | undefined;
  close(): Promise<void>;
}

/** Files from this size on are described as the hub describes LFS files. */
const LARGE = 4096;

/** A server on loopback with the hub's endpoints that a model's download uses: revision, paths-info, resolve. */
export async function startHubServer(repositories: Readonly<Record<string, HubRepository>>): Promise<HubServer> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hub: HubServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    fault: 'none',
    authorization: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', hub.url).pathname);
    hub.requests.push(`${request.method} ${path}`);
    hub.authorization = request.headers.authorization;
    const found = Object.entries(repositories).find(
      ([id]) => path.startsWith(`/api/models/${id}/`) || path.startsWith(`/${id}/`),
    );
    if (!found) return json(response, 401, { error: 'Invalid username or password.' });
    const [id, repository] = found;
    if (repository.refuse !== undefined) return json(response, repository.refuse, { error: 'refused' });
    const [, endpoint = '', ...rest] = path.slice(path.indexOf(id) + id.length).split('/');
    if (endpoint === 'revision') {
      const commit = commitOf(repository, rest.join('/'));
      if (commit === undefined) return json(response, 404, { error: 'Revision not found' });
      return json(response, 200, { _id: '1', id, sha: commit, private: false, gated: false, downloads: 0, likes: 0 });
    }
    const commit = commitOf(repository, rest[0] ?? '');
    if (commit === undefined) return json(response, 404, { error: 'Revision not found' });
    if (endpoint === 'paths-info') {
      const { paths } = JSON.parse(await text(request)) as { paths: string[] };
      return json(
        response,
        200,
        paths.flatMap((name) => describe(name, repository.files[name])),
      );
    }
    if (endpoint === 'tree') {
      const files = Object.entries(repository.files);
      return json(
        response,
        200,
        files.flatMap(([name, contents]) => describe(name, contents)),
      );
    }
    const contents = repository.files[rest.slice(1).join('/')];
    if (endpoint !== 'resolve' || !contents) {
      response.setHeader('X-Error-Code', 'EntryNotFound');
      return json(response, 404, { error: 'Entry not found' });
    }
    response.setHeader('X-Repo-Commit', commit);
    return send(request, response, contents);
  }

  function send(request: IncomingMessage, response: ServerResponse, contents: Uint8Array): void {
    const large = contents.length >= LARGE;
    response.setHeader('ETag', `"${large ? sha256(contents) : gitHash(contents)}"`);
    response.setHeader('Accept-Ranges', 'bytes');
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (range) {
      const start = Number(range[1]);
      const end = Math.min(range[2] ? Number(range[2]) + 1 : contents.length, contents.length);
      response.writeHead(206, {
        'Content-Range': `bytes ${start}-${end - 1}/${contents.length}`,
        'Content-Length': end - start,
      });
      response.end(contents.subarray(start, end));
    } else if (large && hub.fault === 'break') {
      response.writeHead(200, { 'Content-Length': contents.length });
      response.write(contents.subarray(0, contents.length >> 1), () => setTimeout(() => response.destroy(), 20));
    } else if (large && hub.fault === 'corrupt') {
      const other = contents.slice();
      other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
      response.end(other);
    } else if (large && hub.fault === 'endless') {
      response.write(contents);
      response.end(contents);
    } else {
      response.end(contents);
    }
  }

  return hub;
}

function commitOf(repository: HubRepository, revision: string): string | undefined {
  return repository.revisions[revision] ?? Object.values(repository.revisions).find((commit) => commit === revision);
}

function describe(path: string, contents: Uint8Array | undefined): object[] {
  if (!contents) return [];
  const size = contents.length;
  const lfs = size >= LARGE ? { lfs: { oid: sha256(contents), size, pointerSize: 130 } } : {};
  return [{ type: 'file', path, size, oid: gitHash(contents), ...lfs }];
}

function sha256(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

function gitHash(contents: Uint8Array): string {
  return createHash('sha1').update(`blob ${contents.length}\0`).update(contents).digest('hex');
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function text(request: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of request) all += String(chunk);
  return all;
}
