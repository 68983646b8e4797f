/** Runs of the program that are killed while they keep a journal, and what their folders hold. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished, startCli, type CliResult } from './cli.js';

/** Every file below a folder, by its path in it. */
export async function contents(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of (await readdir(folder, { recursive: true, withFileTypes: true })).sort((a, b) =>
    a.name.localeCompare(b.name),
  )) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1)] = await readFile(path, 'utf8');
  }
  return files;
}

/** The same of a run that was killed, whose lock goes with the next command. */
export async function contentsButLocks(folder: string): Promise<Record<string, string>> {
  const files = Object.entries(await contents(folder));
  return Object.fromEntries(files.filter(([name]) => !/(^|\/)\.edgewise-[^/]*\.lock$/.test(name)));
}

/** Tests that the journals in a folder hold. */
export function journalledTests(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder)
    .filter((name) => /^search(-.*)?\.jsonl$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8').split('\n').length - 2)
    .reduce((sum, tests) => sum + Math.max(0, tests), 0);
}

/** Runs the program and kills it as soon as its journals hold so many tests; it may be over before. */
export async function killedAfter(
  args: readonly string[],
  folder: string,
  tests: number,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<CliResult> {
  const child = startCli(args);
  const end = finished(child);
  const timer = setInterval(() => {
    if (journalledTests(folder) < tests) return;
    clearInterval(timer);
    child.kill(signal);
  }, 2);
  try {
    return await end;
  } finally {
    clearInterval(timer);
  }
}
