import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where set-up says what it does: stderr, so that the output of a command that calls set-up first stays clean. */
export function say(/** @type {string} */ line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** A problem that the reader of one message can solve; printed without a stack trace. */
export class SetupError extends Error {}

/**
 * Runs a program to its end without input and gives its exit status and output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    env: options.env ?? process.env,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  const stderr = done.error ? `${done.stderr ?? ''}${done.error.message}\n` : done.stderr;
  return { ok: done.status === 0, status: done.status, stdout: done.stdout ?? '', stderr };
}

/**
 * Like run, but a failure ends set-up with what the program printed, its middle left out where it is long.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
export function mustRun(command, args, options = {}) {
  const result = run(command, args, options);
  if (!result.ok) {
    const lines = `${result.stdout}\n${result.stderr}`.trim().split('\n');
    const shown = lines.length > 40 ? [...lines.slice(0, 20), '...', ...lines.slice(-20)] : lines;
    throw new SetupError(`'${[command, ...args].join(' ')}' failed (${result.status}):\n${shown.join('\n')}`);
  }
  return result;
}

/**
 * Full path of the first of these programs that is on PATH.
 *
 * @param {...string} names
 * @returns {string | undefined}
 */
export function onPath(...names) {
  for (const name of names) {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        // Not here; look further.
      }
    }
  }
  return undefined;
}
