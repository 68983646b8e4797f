import { spawn } from 'node:child_process';
import { fstatSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { Writable } from 'node:stream';
import { isatty, WriteStream } from 'node:tty';
import { Worker } from 'node:worker_threads';
import { endBySignal } from './end-by-signal.js';
import { isSystemError, systemReason } from './system-error.js';

// Native code (Dawn, graphics drivers) writes warnings straight to file descriptor 2, for which there is no switch, and
// Node cannot redirect a descriptor of its own process. So the program runs in a child process whose descriptor 2 is a
// pipe to here and whose descriptor 3 is the real stderr, which the child's process.stderr writes to.
const STDERR_VARIABLE = 'EDGEWISE_STDERR_FD';
const STDERR_FD = 3;
const KEPT_NATIVE_OUTPUT = 16_384;
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command-line program without the output of native code on stderr, which is shown only when the process
 * crashes.
 *
 * @param main the program; called in the child process only, so it should load its modules itself. Gives the exit
 *   status and reports its own errors.
 * @returns the exit status to end with
 */
export async function withoutNativeOutput(main: () => Promise<number>): Promise<number> {
  if (process.env[STDERR_VARIABLE] !== String(STDERR_FD)) return runInChild();
  delete process.env[STDERR_VARIABLE];
  const stderr = openStderr();
  Object.defineProperty(process, 'stderr', { configurable: true, enumerable: true, get: () => stderr });
  // Node would report these on descriptor 2, where nobody sees them.
  process.on('uncaughtException', (error: unknown) => {
    stderr.write(`${error instanceof Error ? error.stack : String(error)}\nerror: unexpected: ${String(error)}\n`);
    process.exit(1);
  });
  // A parent that was killed outright must not leave its work running.
  process.on('disconnect', () => process.exit(1));
  if (!process.connected) process.exit(1); // it was killed before this line
  process.channel?.unref();
  endWithParent();
  return main();
}

/** Seconds between looks at the parent. */
const LOOK = 1;

/**
 * Ends this process where its parent is gone, also while its main thread is busy and hears of nothing. Windows keeps
 * the number of a parent that is gone.
 */
function endWithParent(): void {
  const program = `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL'); }, ${LOOK * 1000});`;
  new Worker(program, { eval: true }).unref();
}

async function runInChild(): Promise<number> {
  try {
    return await startChild();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    process.stderr.write(`error: ${process.execPath}: cannot be started: ${systemReason(error)}\n`);
    return 1;
  }
}

async function startChild(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, [STDERR_VARIABLE]: String(STDERR_FD) },
    stdio: ['inherit', 'inherit', 'pipe', 2, 'ipc'],
  });
  let native = Buffer.alloc(0);
  child.stderr?.on('data', (chunk: Buffer) => {
    native = Buffer.concat([native, chunk]).subarray(-KEPT_NATIVE_OUTPUT);
  });
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  const { status, signal } = await new Promise<{ status: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, by) => resolve({ status: code, signal: by }));
    },
  );
  if (signal === null) return status ?? 1;
  if (!FORWARDED_SIGNALS.some((name) => name === signal)) {
    process.stderr.write(native);
    process.stderr.write(`\nerror: the process was ended by ${signal}\n`);
  }
  if (signal === 'SIGHUP') endBySignal(signal);
  return 128 + constants.signals[signal];
}

function openStderr(): Writable {
  if (isatty(STDERR_FD)) return new WriteStream(STDERR_FD);
  fstatSync(STDERR_FD);
  // Synchronous, so that nothing is lost when the process exits.
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      writeFully(chunk);
      done();
    },
  });
}

function writeFully(bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(STDERR_FD, rest));
    } catch (error) {
      // A full pipe is tried again; when its reader is gone, nobody is left to tell.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
    }
  }
}
