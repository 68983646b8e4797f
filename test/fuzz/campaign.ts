import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { bundleForNode } from '../support/bundle.js';
import type { Answer, Finding, Order, WorkerStart } from './messages.js';

/** Seconds of work that one input may take, and seconds by the clock: others may use the same processor. */
const LIMIT = 20;
const LIMIT_BY_CLOCK = 120;
/** MiB of memory that one input may take. */
const MEMORY = 1024;
/** Inputs of one reader before the next has its turn. */
const TURN = 50;
/** Seconds of a turn. */
const TURN_SECONDS = 4;

export interface CampaignOptions {
  /** The repository. */
  readonly root: string;
  readonly readers: readonly string[];
  readonly seed: number;
  /** How long to go on. */
  readonly seconds: number;
  /** Most inputs of each reader. Default: as many as there is time for. */
  readonly inputs?: number;
  readonly onFinding?: (finding: Finding) => void;
}

/** How often a reader was tried. */
export interface Tally {
  read: number;
  /** Inputs that could be read. */
  taken: number;
}

/**
 * Reads changed files, reader by reader, in a worker with a limit of time and memory.
 *
 * @returns the tries of each reader, and each finding once: those of a reader that say the same are one.
 */
export async function campaign(
  options: CampaignOptions,
): Promise<{ readonly tallies: ReadonlyMap<string, Tally>; readonly findings: readonly Finding[] }> {
  const { root, readers, seed, seconds, inputs = Infinity, onFinding } = options;
  const folder = mkdtempSync(join(root, 'node_modules/.edgewise-fuzz-'));
  const at = new SharedArrayBuffer(4);
  const tallies = new Map(readers.map((name): [string, Tally] => [name, { read: 0, taken: 0 }]));
  const findings = new Map<string, Finding>();
  const add = (finding: Finding): void => {
    const key = `${finding.reader} ${finding.wrong.replaceAll(/"[^"]*"|edgewise-fuzz-\w+|[\d.]+/g, '0').slice(0, 60)}`;
    if (findings.has(key)) return;
    findings.set(key, finding);
    onFinding?.(finding);
  };
  let worker: FuzzingWorker | undefined;
  try {
    const program = await bundleForNode(join(root, 'test/fuzz/worker.ts'), folder);
    const end = Date.now() + seconds * 1000;
    const start = (): FuzzingWorker => new FuzzingWorker(program, { root, at });
    worker = start();
    for (let open = [...readers]; open.length > 0 && Date.now() < end;) {
      for (const reader of open) {
        const tally = tallies.get(reader)!;
        const count = Math.min(TURN, inputs - tally.read);
        const until = Math.min(end, Date.now() + TURN_SECONDS * 1000);
        const order: Order = { reader, seed, first: tally.read, count, until };
        const answer = await worker.ask(order);
        if ('fault' in answer) {
          await worker.end();
          const index = new Int32Array(at)[0]!;
          worker = start();
          const made = await worker.ask({ ...order, first: index, count: 1, until: Infinity, makeOnly: true });
          if ('fault' in made) throw new Error(`${reader}: input ${index} cannot be made: ${made.fault}`);
          add({ ...made.findings[0]!, wrong: answer.fault });
          tally.read = index + 1;
          continue;
        }
        tally.read += answer.read;
        tally.taken += answer.taken;
        for (const finding of answer.findings) add(finding);
      }
      open = open.filter((reader) => tallies.get(reader)!.read < inputs);
    }
  } finally {
    await worker?.end();
    rmSync(folder, { recursive: true, force: true });
  }
  return { tallies, findings: [...findings.values()] };
}

class FuzzingWorker {
  readonly #worker: Worker;
  readonly #at: Int32Array;

  constructor(program: string, start: WorkerStart) {
    this.#at = new Int32Array(start.at);
    this.#worker = new Worker(pathToFileURL(program), {
      workerData: start,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY },
      env: { ...process.env, TMPDIR: tmpdir() },
    });
  }

  ask(order: Order): Promise<Answer | { readonly fault: string }> {
    const worker = this.#worker;
    return new Promise((resolve) => {
      let place = -1;
      let since = 0;
      let usage = process.cpuUsage();
      const timer = setInterval(() => {
        const now = Atomics.load(this.#at, 0);
        if (now !== place) [place, since, usage] = [now, performance.now(), process.cpuUsage()];
        const { user, system } = process.cpuUsage(usage);
        const over = (user + system) / 1e6 > LIMIT || performance.now() - since > LIMIT_BY_CLOCK * 1000;
        if (over) done({ fault: `hangs: more than ${LIMIT} s` });
      }, 1000);
      const failed = (error: Error): void => done({ fault: `ends the worker: ${error.message}` });
      const done = (answer: Answer | { readonly fault: string }): void => {
        clearInterval(timer);
        worker.off('message', done);
        worker.off('error', failed);
        resolve(answer);
      };
      worker.on('message', done);
      worker.on('error', failed);
      worker.postMessage(order);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
