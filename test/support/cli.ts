/** The command line as a user meets it: the built program. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { ensureBuild } from '../../scripts/setup/build.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist', 'bin', 'edgewise.js');
const PROGRAM = join(ROOT, 'dist', 'bin', 'program.js');

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; null when a signal ended the process. */
  readonly code: number | null;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Changes to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What is piped in. */
  readonly input?: string;
}

/** Hides every adapter, so that a command which asks for one fails. */
export const NO_ADAPTER = { VK_DRIVER_FILES: '/nonexistent', VK_ICD_FILENAMES: '/nonexistent' };

/** Where programs store what they measured: per test file, so that its first run measures and the others find it. */
let cache = join(tmpdir(), 'edgewise-e2e-cache');

/** An empty folder for the tests of a file, gone after them. `path` may be read in hooks and tests only. */
export function useFolder(): { readonly path: string } {
  let path: string | undefined;
  beforeAll(async () => {
    buildOnce();
    path = await mkdtemp(join(tmpdir(), 'edgewise-e2e-'));
    cache = await mkdtemp(join(tmpdir(), 'edgewise-e2e-cache-'));
  });
  afterAll(async () => {
    if (path === undefined) return;
    for (const made of [path, cache]) await rm(made, { recursive: true, force: true });
  });
  return {
    get path() {
      if (path === undefined) throw new Error('the folder is there only while tests run');
      return path;
    },
  };
}

/** No test reaches the network unless it names a hub. */
const environment = (): Readonly<Record<string, string>> => ({ HF_HUB_OFFLINE: '1', EDGEWISE_CACHE: cache });

/** Starts the program in a process of its own, and leaves it running. */
export function startCli(args: readonly string[], { cwd = ROOT, env = {}, input }: CliOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...process.env, ...environment(), ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  return child;
}

/**
 * Runs the program to its end: in a process of its own where the options change what a process has, otherwise in this
 * one, which saves the second that a start takes.
 */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env, ...rest } = options;
  const isElsewhere = Object.keys(rest).length > 0 || (env !== undefined && env !== NO_ADAPTER);
  return isElsewhere ? finished(startCli(args, options)) : runHere(args, env === NO_ADAPTER);
}

type Written = { stdout: string; stderr: string };

/** What runs of the program in this process have written. Runs may overlap. */
const writtenBy = new AsyncLocalStorage<Written>();

/** Runs the built program in this process. @param hidden no adapter is to be seen. */
async function runHere(args: readonly string[], hidden: boolean): Promise<CliResult> {
  captureOutput();
  Object.assign(process.env, environment());
  const { run } = (await import(PROGRAM)) as { run: (args: readonly string[]) => Promise<number> };
  const written: Written = { stdout: '', stderr: '' };
  const shown = Object.fromEntries(Object.keys(NO_ADAPTER).map((name) => [name, process.env[name]]));
  if (hidden) Object.assign(process.env, NO_ADAPTER);
  try {
    const code = await writtenBy.run(written, () => run(args));
    return { ...written, code };
  } finally {
    if (hidden) restore(shown);
  }
}

function restore(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

let captures = false;

/** Hands what a run writes to the run. Everything else is written as before. */
function captureOutput(): void {
  if (captures) return;
  captures = true;
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name];
    const write = stream.write.bind(stream) as (...all: unknown[]) => boolean;
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const written = writtenBy.getStore();
      if (!written) return write(chunk, ...rest);
      written[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      const done = rest.at(-1);
      if (typeof done === 'function') (done as () => void)();
      return true;
    };
  }
}

/** What a program that was started printed until it ended. */
export function finished(child: ChildProcess): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ stdout, stderr, code }));
  });
}

/** A run that must succeed; gives its standard output. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<string> {
  const { stdout, stderr, code } = await runCli(args, options);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** A run with --json that must succeed; gives the object. */
export async function cliJson<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
  return JSON.parse(await cli([...args, '--json'], options)) as T;
}

/**
 * Fails unless the run ended as a mistake must: a status that is not 0, nothing on stdout, and as the last line on
 * stderr one `error: ` that matches every pattern, without a stack trace.
 */
export function expectMistake({ stdout, stderr, code }: CliResult, ...patterns: readonly (RegExp | string)[]): void {
  expect(code, stderr).toBe(1);
  expect(stdout).toBe('');
  const lines = stderr.trimEnd().split('\n');
  expect(
    lines.filter((line) => line.startsWith('error: ')),
    stderr,
  ).toEqual([lines.at(-1)]);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toMatch(/unexpected \w*Error/);
  for (const pattern of patterns) expect(lines.at(-1)).toMatch(pattern);
}

/** Compiles what is not compiled; test files run in several processes, of which one does it at a time. */
export function buildOnce(): void {
  const lock = join(tmpdir(), `edgewise-build-${Buffer.from(ROOT).toString('hex').slice(-40)}`);
  const deadline = Date.now() + 300_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      // A process that was killed leaves its lock behind.
      if (Date.now() > deadline) break;
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    ensureBuild(ROOT);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
