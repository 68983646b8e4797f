import type { PathInfo } from '@huggingface/hub';
import { EdgewiseError } from '../../base/errors.js';
import { firstLine, oneLine, quote } from '../../base/text.js';
import { thereIsInstead } from '../../checkpoint/foreign-files.js';
import { SHARD_INDEX } from '../../checkpoint/sharded.js';
import {
  assertCacheWritable,
  cachedCommit,
  COMMIT,
  type RemoteFile,
  rememberCommit,
  repositoryFolder,
  snapshotFolder,
  snapshotShards,
  snapshotState,
  storeFile,
} from './hub-cache.js';

/** How far a download is: bytes of all its files so far, how many are known to be needed, and the current file. */
export interface DownloadProgress {
  readonly file: string;
  readonly bytes: number;
  readonly total: number;
}

/** A model in the local cache. */
export interface CachedModel {
  readonly directory: string;
  readonly commit: string;
}

/** The hub to ask and how, from the environment variables that the Python libraries use. */
interface Hub {
  readonly endpoint: string;
  readonly offline: boolean;
  readonly accessToken: string | undefined;
}

const SMALL_FILES = ['config.json', 'tokenizer_config.json', 'special_tokens_map.json', 'tokenizer.json'];
/** A tokenizer in GPT-2's own form, which is wanted where there is no tokenizer.json. */
const OLD_TOKENIZER_FILES = ['vocab.json', 'merges.txt', 'added_tokens.json'];
const WEIGHTS = 'model.safetensors';

/**
 * A model of the Hugging Face hub as a local folder: from the cache when a complete copy is there, without asking the
 * network (so a branch stays at the commit first downloaded), else downloaded. Only the files that Edgewise reads are
 * fetched, weights last, so that a snapshot with weights has everything.
 *
 * @param id 'org/name', or a bare name for the hub's oldest models.
 * @param revision branch, tag or commit.
 * @throws EdgewiseError of kind 'checkpoint': no such repository or revision, no access, no network, damaged transfer.
 */
export async function fetchModel(
  id: string,
  revision: string,
  onProgress: (progress: DownloadProgress) => void = () => undefined,
): Promise<CachedModel> {
  // Loaded here: most runs never need it.
  const library = await import('@huggingface/hub');
  const repository = repositoryFolder(library.getHFHubCachePath(), id);
  const cached = await cachedCommit(repository, revision);
  const state = cached === undefined ? 'absent' : await snapshotState(snapshotFolder(repository, cached));
  const fromCache =
    cached === undefined ? undefined : { directory: snapshotFolder(repository, cached), commit: cached };
  if (fromCache && state === 'full') return fromCache;

  const where = revision === 'main' ? `model '${id}'` : `model '${id}@${revision}'`;
  const hub = hubFromEnvironment();
  if (hub.offline) {
    if (fromCache && state === 'usable') return fromCache;
    throw new EdgewiseError(
      'checkpoint',
      where,
      'is not in the local cache, and HF_HUB_OFFLINE forbids downloading it',
    );
  }
  if (state === 'absent') await assertCacheWritable(repository, revision);
  try {
    const commit = await download(library, hub, repository, id, revision, onProgress);
    await rememberCommit(repository, revision, commit);
    return { directory: snapshotFolder(repository, commit), commit };
  } catch (error) {
    // A copy without a tokenizer may be all that there is. It is good enough where the hub cannot be asked.
    if (fromCache && state === 'usable' && isUnreachable(error)) return fromCache;
    if (error instanceof EdgewiseError) throw error;
    throw new EdgewiseError('checkpoint', where, explain(error, hub), { cause: error });
  }
}

async function download(
  library: typeof import('@huggingface/hub'),
  hub: Hub,
  repository: string,
  id: string,
  revision: string,
  onProgress: (progress: DownloadProgress) => void,
): Promise<string> {
  const access = { hubUrl: hub.endpoint, ...(hub.accessToken === undefined ? {} : { accessToken: hub.accessToken }) };
  const model = await library.modelInfo({ name: id, revision, additionalFields: ['sha'], ...access });
  const commit = model.sha;
  if (!COMMIT.test(commit)) throw new Error(`the hub names no commit for this revision, but ${quote(commit)}`);
  const repo = { type: 'model', name: id } as const;
  const describe = async (paths: string[]): Promise<RemoteFile[]> =>
    (await library.pathsInfo({ repo, paths, revision: commit, ...access })).map(remoteFile);

  let bytes = 0;
  let total = 0;
  const fetchAll = async (files: readonly RemoteFile[]): Promise<void> => {
    total += files.reduce((sum, file) => sum + file.size, 0);
    for (const file of files) {
      const open = async (): Promise<ReadableStream<Uint8Array>> => {
        // Without the xet protocol: one way of transfer, whose bytes are the file's.
        const blob = await library.downloadFile({ repo, path: file.path, revision: commit, xet: false, ...access });
        if (!blob) throw new Error(`${file.path} is listed but missing`);
        return blob.stream();
      };
      await storeFile(repository, commit, file, open, (count) => {
        bytes += count;
        onProgress({ file: file.path, bytes, total });
      });
    }
  };

  const listed = await describe([...SMALL_FILES, ...OLD_TOKENIZER_FILES, WEIGHTS, SHARD_INDEX]);
  const named = (name: string): RemoteFile | undefined => listed.find((file) => file.path === name);
  if (!named('config.json')) throw new Error('the repository has no config.json');
  const wanted = named('tokenizer.json') ? SMALL_FILES : [...SMALL_FILES, ...OLD_TOKENIZER_FILES];
  const small = wanted.flatMap((name) => named(name) ?? []);
  const weights = named(WEIGHTS);
  const index = named(SHARD_INDEX);
  if (weights) {
    await fetchAll([...small, weights]);
  } else if (index) {
    await fetchAll([...small, index]);
    const shards = await snapshotShards(snapshotFolder(repository, commit));
    const described = await describe(shards);
    const missing = shards.find((name) => !described.some((file) => file.path === name));
    if (missing !== undefined) throw new Error(`${SHARD_INDEX} lists ${oneLine(missing)}, which the repository lacks`);
    await fetchAll(described);
  } else {
    const names: string[] = [];
    for await (const { path } of library.listFiles({ repo, revision: commit, ...access })) names.push(path);
    const instead = thereIsInstead(names);
    throw new EdgewiseError('checkpoint', `model '${id}'`, `has neither ${WEIGHTS} nor ${SHARD_INDEX}${instead}`);
  }
  return commit;
}

function remoteFile(info: PathInfo): RemoteFile {
  const hash = info.lfs
    ? ({ kind: 'sha256', hex: info.lfs.oid } as const)
    : ({ kind: 'git-sha1', hex: info.oid ?? '' } as const);
  // The hash becomes a file name.
  if (!/^[0-9a-f]{40,64}$/.test(hash.hex)) throw new Error(`the hub gives no hash for ${oneLine(info.path)}`);
  return { path: info.path, size: info.lfs?.size ?? info.size, hash };
}

function hubFromEnvironment(): Hub {
  const { HF_ENDPOINT, HF_HUB_OFFLINE = '', HF_TOKEN } = process.env;
  return {
    endpoint: (HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    offline: ['1', 'on', 'yes', 'true'].includes(HF_HUB_OFFLINE.toLowerCase()),
    accessToken: HF_TOKEN || undefined,
  };
}

function explain(error: unknown, hub: Hub): string {
  const status = statusOf(error);
  if (status === 401 || status === 403) {
    const token = hub.accessToken === undefined ? 'set HF_TOKEN to a token that has access' : 'HF_TOKEN has no access';
    return `the hub refuses it (${status}): it is gated or private, or does not exist; ${token}`;
  }
  if (status === 404) return `${hub.endpoint} has no such model or revision`;
  if (status !== undefined) return `${hub.endpoint} answers with status ${status}`;
  if (isUnreachable(error)) return `is not in the local cache, and ${hub.endpoint} cannot be reached`;
  return `the download failed: ${firstLine(error)}`;
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** Node's fetch reports every failed connection as this TypeError. */
function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}
