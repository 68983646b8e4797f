import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One run of the command line. */
export interface StageRun {
  readonly seconds: number;
  /** Most memory that its largest process held, in MB. With an adapter in software the device's is part of it. */
  readonly peak: number;
  readonly stdout: string;
}

/**
 * Writes again and again what the process has held at most. A run that is ended by a signal tells nothing at its end.
 */
const WATCH = `import { writeFileSync } from 'node:fs';
const file = process.env.EDGEWISE_BENCH_PEAKS + '/' + process.pid;
const tell = () => writeFileSync(file, String(process.resourceUsage().maxRSS));
process.on('exit', tell);
setInterval(tell, 50).unref();`;
const LOOK = 20;

/**
 * Runs the command line as a user does.
 *
 * @param isDone where it says so, the run is ended by a signal: what is asked for is done.
 * @throws Error with what the run wrote on stderr where it fails.
 */
export async function runStage(program: string, args: readonly string[], isDone?: () => boolean): Promise<StageRun> {
  const peaks = mkdtempSync(join(tmpdir(), 'edgewise-peaks-'));
  try {
    const watch = `--import=data:text/javascript,${encodeURIComponent(WATCH)}`;
    const start = performance.now();
    const child = spawn(process.execPath, [watch, program, ...args], {
      env: { ...process.env, EDGEWISE_BENCH_PEAKS: peaks },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    let seconds: number | undefined;
    const timer = setInterval(() => {
      if (seconds !== undefined || !isDone?.()) return;
      seconds = (performance.now() - start) / 1000;
      child.kill('SIGTERM');
    }, LOOK);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    clearInterval(timer);
    if (seconds === undefined && code !== 0) throw new Error(`${args.join(' ')}: ${stderr.trim().split('\n').at(-1)}`);
    const held = readdirSync(peaks).map((name) => Number(readFileSync(join(peaks, name), 'utf8')));
    const peak = Math.max(...held) * 1024 * 1e-6;
    return { seconds: seconds ?? (performance.now() - start) / 1000, peak, stdout };
  } finally {
    rmSync(peaks, { recursive: true, force: true });
  }
}
