import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kind, Seed } from '../reader.js';

/** Files of the repository as seeds. Large ones are left out: a change in them would hit nothing. */
export function filesAt(root: string, folder: string, pattern: RegExp, kind: Kind): Seed[] {
  return readdirSync(join(root, folder))
    .filter((name) => pattern.test(name))
    .map((name) => ({ name, kind, bytes: new Uint8Array(readFileSync(join(root, folder, name))) }))
    .filter(({ bytes }) => bytes.length < 300_000);
}

export function textSeed(name: string, kind: Kind, text: string): Seed {
  return { name, kind, bytes: new TextEncoder().encode(text) };
}

export function textOf({ bytes }: Seed): string {
  return new TextDecoder().decode(bytes);
}
