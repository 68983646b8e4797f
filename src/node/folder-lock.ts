import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import { makeFolder } from './make-folder.js';
import { isMissing } from './probe.js';
import { isSystemError, systemFault } from './system-error.js';
import { assertFolder } from './writable-folder.js';

// One process at a time writes into a folder. A process that wants to puts a claim there: an empty file whose name no
// other process can have. Then it looks at the claims of others. Of two processes that claim, the later one sees the
// claim of the earlier one, so that never both go on. The claim of a process that is dead is removed by whoever sees
// it, which takes nothing from anybody: its name never comes again.

/** `.edgewise-<machine>-<process>-<start of the process>.lock` */
const CLAIM = /^\.edgewise-([0-9a-f]{16})-(\d+)-(\d+)\.lock$/;

/**
 * How often a claim is tried, and how long to wait in between, in milliseconds. A process whose parent was killed looks
 * for it once a second (native-output.ts), and lingers until then.
 */
const TRIES = 20;
const PAUSE = 150;

interface Claim {
  readonly name: string;
  readonly machine: string;
  readonly pid: number;
  readonly started: string;
}

/** Whether a file of this name is a claim, and no content of the folder. */
export function isLock(name: string): boolean {
  return CLAIM.test(name);
}

/**
 * Runs `use` while this process alone writes into the folders. They are made where they are missing, and those that
 * were made and stay empty are removed. The claims go on every way out; those that `kill -9` leaves behind bind nobody.
 *
 * @throws EdgewiseError of kind usage that names the other process, where there is one.
 */
export async function withFolders<T>(folders: readonly string[], use: () => Promise<T>): Promise<T> {
  process.on('exit', releaseFolders);
  try {
    for (const folder of folders) releases.push(...(await hold(folder)));
    return await use();
  } finally {
    process.off('exit', releaseFolders);
    releaseFolders();
  }
}

/** What gives back the folders of this process. */
const releases: (() => void)[] = [];

/** Gives back every folder that this process has, before it ends in a way that nothing else notices. */
export function releaseFolders(): void {
  while (releases.length > 0) releases.pop()!();
}

/** @returns what undoes it, to be done from the last to the first. */
async function hold(folder: string): Promise<(() => void)[]> {
  await assertFolder(folder);
  const made = await makeFolder(folder).catch((error: unknown) => {
    throw systemFault('usage', folder, 'cannot be written', error);
  });
  const undo = made.map((path) => (): void => {
    try {
      rmdirSync(path);
    } catch {
      // results are in it
    }
  });
  const path = join(folder, nameOf(thisProcess()));
  const unclaim = (): void => rmSync(path, { force: true });
  try {
    for (let tries = 1; ; tries++) {
      await writeFile(path, `${hostname()}\n`, { flag: 'wx' });
      const other = await otherClaim(folder);
      if (other === undefined) return [...undo, unclaim];
      unclaim();
      if (tries === TRIES) throw await refusal(folder, other);
      await new Promise((resolve) => setTimeout(resolve, PAUSE * (0.5 + Math.random())));
    }
  } catch (error) {
    for (const one of undo.reverse()) one();
    throw systemFault('usage', folder, 'cannot be written', error);
  }
}

/**
 * Makes sure that no other process writes into the folder of a file.
 *
 * @throws EdgewiseError of kind usage that names it.
 */
export async function assertUnlocked(path: string): Promise<void> {
  const folder = dirname(path);
  const other = await otherClaim(folder);
  if (other !== undefined) throw await refusal(folder, other);
}

/** Whether another process writes into a folder. */
export async function isHeldByOther(folder: string): Promise<boolean> {
  return (await otherClaim(folder)) !== undefined;
}

/** A claim of a process that may be alive and is not this one. Those of dead processes are removed. */
async function otherClaim(folder: string): Promise<Claim | undefined> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (isMissing(error)) return [];
    throw error;
  });
  let other: Claim | undefined;
  const mine = nameOf(thisProcess());
  for (const name of names) {
    const [, machine, pid, started] = CLAIM.exec(name) ?? [];
    if (machine === undefined || name === mine) continue;
    const found = { name, machine, pid: Number(pid), started: started! };
    if (machine === thisProcess().machine && !isAlive(found)) await remove(join(folder, name));
    else other = found;
  }
  return other;
}

/** A claim that binds nobody may be another user's, and stay. */
function remove(path: string): Promise<void> {
  return rm(path, { force: true }).catch(() => undefined);
}

async function refusal(folder: string, { name, machine, pid }: Claim): Promise<EdgewiseError> {
  const path = join(folder, name);
  const here = machine === thisProcess().machine;
  const host = here ? '' : await readFile(path, 'utf8').catch(() => '');
  const where = here ? '' : ` on ${host.trim() === '' ? 'another machine' : quote(host.trim())}`;
  const wait = 'wait until it ends, or choose another --out';
  const gone = here ? '' : `; if it runs no more, remove ${basename(path)} in that folder`;
  const what = `another process writes into it (process ${pid}${where}): ${wait}${gone}`;
  return new EdgewiseError('usage', folder, what);
}

let self: Claim | undefined;

function thisProcess(): Claim {
  self ??= { name: '', machine: machineOf(), pid: process.pid, started: startOf(process.pid)?.started ?? '0' };
  return self;
}

function nameOf({ machine, pid, started }: Claim): string {
  return `.edgewise-${machine}-${pid}-${started}.lock`;
}

/** Where process ids mean the same: the containers of a machine have ids of their own. */
function machineOf(): string {
  const parts = [hostname(), systemText(() => readlinkSync('/proc/self/ns/pid'))];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

function isAlive({ pid, started }: Claim): boolean {
  const found = startOf(pid);
  if (found !== undefined) return found.running && found.started === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return isSystemError(error) && error.code === 'EPERM';
  }
}

/** When a process began, in a number that no later process of this id has. Only Linux tells; undefined where not. */
function startOf(pid: number): { readonly started: string; readonly running: boolean } | undefined {
  const text = systemText(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The second field is the program's name, in brackets; it may hold blanks and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  if (state === undefined || started === undefined) return undefined;
  // A process that ended and that its parent has not asked about yet.
  return { started, running: !['Z', 'X', 'x'].includes(state) };
}

function systemText(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
