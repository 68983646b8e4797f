/** The command line as a user meets it: the built program in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { ensureBuild } from '../../scripts/setup/build.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

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

/** Starts the program and leaves it running. No test reaches the network unless it names a hub. */
export function startCli(args: readonly string[], { cwd = ROOT, env = {}, input }: CliOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...process.env, HF_HUB_OFFLINE: '1', EDGEWISE_CACHE: cache, ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  return child;
}

export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return finished(startCli(args, options));
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
  const deadline = Date.now() + 60_000;
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
