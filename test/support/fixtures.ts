import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const shared = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url));

/** Folder of the full fixture set, undefined where only the subset in test/golden is there. */
export const sharedFixtures: string | undefined = existsSync(shared) ? shared : undefined;

/**
 * Path of a fixture, by its path in the full set; where that is absent, in the subset, which keeps the reference
 * results of `share4l/reference/` under `acdc/` and `eap-ig/`.
 */
export function fixture(path: string): string {
  const full = `${shared}${path}`;
  return existsSync(full) ? full : `${golden}${path.replace('share4l/reference/', '')}`;
}

export async function fixtureJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(fixture(path), 'utf8')) as T;
}
