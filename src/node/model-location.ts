import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { oneLine } from '../base/text.js';
import { foreignWeights, thereIsInstead } from '../checkpoint/foreign-files.js';
import { type DownloadProgress, fetchModel } from './hub/hub.js';
import { filesIn } from './model-directory.js';
import { PACKAGE_ROOT } from './package-root.js';
import { isFile, isFolder } from './probe.js';

/** Where a model's files are. */
export interface ModelLocation {
  readonly directory: string;
  /** Short name for reports and result folders; holds no path. */
  readonly name: string;
  /** Commit of the hub's repository, for a model from there. */
  readonly revision?: string;
}

const HUB_ID = /^(?<id>[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)?)(?:@(?<revision>\w[\w./-]*))?$/;
const SHIPPED_MODELS = join(PACKAGE_ROOT, 'models');

/**
 * Finds the model that a command names: a directory with a config.json, else a shipped model, else a repository of the
 * Hugging Face hub (`org/name`, `org/name@revision`), which is downloaded unless it is in the cache.
 *
 * @throws EdgewiseError of kind 'usage' for a name that is none of these, 'checkpoint' for a failed download.
 */
export async function resolveModel(
  argument: string,
  options: { onProgress?: (progress: DownloadProgress) => void } = {},
): Promise<ModelLocation> {
  if (await isFolder(argument)) {
    if (!(await isFile(join(argument, 'config.json')))) {
      const instead = thereIsInstead(await filesIn(argument));
      throw new EdgewiseError('usage', argument, `is a folder without a config.json, so not a model${instead}`);
    }
    return { directory: resolve(argument), name: basename(resolve(argument)) };
  }
  if (await isFile(argument)) {
    const foreign = foreignWeights([basename(argument)]);
    const what = foreign === undefined ? '' : ` (${foreign})`;
    throw new EdgewiseError('usage', argument, `is a file, expected the folder of a model${what}`);
  }
  const shipped = await shippedModels();
  if (shipped.includes(argument)) return { directory: join(SHIPPED_MODELS, argument), name: argument };

  const where = `model '${oneLine(argument)}'`;
  const { id, revision = 'main' } = HUB_ID.exec(argument)?.groups ?? {};
  if (id === undefined || revision.includes('..')) {
    throw new EdgewiseError('usage', where, `there is no such folder, and it is neither ${choices(shipped)}`);
  }
  try {
    const { directory, commit } = await fetchModel(id, revision, options.onProgress);
    return { directory, name: basename(id), revision: commit };
  } catch (error) {
    if (id.includes('/') || !(error instanceof EdgewiseError) || error.kind !== 'checkpoint') throw error;
    // A bare name is more often a misspelt shipped model than one of the hub's few models without an organisation.
    const what = `is no folder and neither ${choices(shipped)} that could be used: ${error.message}`;
    throw new EdgewiseError('usage', where, what, { cause: error });
  }
}

/** Names of the models that ship with the project. */
export async function shippedModels(): Promise<string[]> {
  const names = await readdir(SHIPPED_MODELS).catch(() => []);
  const complete = await Promise.all(names.map((name) => isFile(join(SHIPPED_MODELS, name, 'config.json'))));
  return names.filter((_, index) => complete[index]).sort();
}

function choices(shipped: readonly string[]): string {
  return `a shipped model (${shipped.join(', ') || 'none here'}) nor a hub id (org/name or org/name@revision)`;
}
