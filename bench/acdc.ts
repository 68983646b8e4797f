import { mean } from '../src/base/mean.js';
import { EdgeSet } from '../src/circuit/edge-set.js';
import type { AcdcResult } from '../src/discover/acdc.js';
import type { Counters } from '../src/gpu/counters.js';
import type { ModelSpec } from '../src/model/spec.js';
import type { Task } from '../src/task/types.js';
import { WORKLOADS, type Workload } from './acdc-workloads.js';
import { measureSpeeds, type DeviceSpeeds } from './device-speeds.js';
import { perLayer } from './layer-progress.js';
import { limitsOf } from './limits.js';
import type { Row } from './row.js';
import { openSearch, type SearchRun } from './search-run.js';
import { circuitsOfTests, testsOverLayers } from './search-tests.js';
import type { WatchedGpu } from './watched-gpu.js';

/** Tests that are repeated as whole passes. */
const REPEATED = 30;

/** What was issued, per test or per pass. */
export type Issued = Readonly<Counters>;

export interface AcdcBenchOptions {
  /** Only searches that take seconds. */
  readonly quick: boolean;
  /** Only searches whose name holds this. */
  readonly only: string;
  /** Circuits that fill the device. */
  readonly fill: number;
  /** Tests in a submission at most. Default: what suits the device. */
  readonly batch?: number | undefined;
}

/**
 * Searches, with everything counted that they issue, beside the same tests as whole forward passes: 30 of them, spread
 * over the layers, each for the circuit of that test. Both must give the same metric to the bit.
 *
 * @param onRow told of each search as soon as it is measured.
 */
export async function benchAcdc(gpu: WatchedGpu, options: AcdcBenchOptions, onRow: (row: Row) => void): Promise<Row[]> {
  const chosen = WORKLOADS.filter(({ name, quick }) => name.includes(options.only) && (quick || !options.quick));
  if (chosen.length === 0) throw new Error(`no search is named ${options.only}`);
  const speeds = await measureSpeeds(gpu);
  const rows: Row[] = [];
  for (const workload of chosen) {
    const row = await benchSearch(gpu, workload, speeds, options);
    onRow(row);
    rows.push(row);
  }
  return rows;
}

async function benchSearch(
  gpu: WatchedGpu,
  workload: Workload,
  speeds: DeviceSpeeds,
  batching: Pick<AcdcBenchOptions, 'fill' | 'batch'>,
): Promise<Row> {
  console.error(`\n${workload.name}`);
  const { model, task } = await workload.open();
  const run = await openSearch(gpu, model, task, workload.options, batching);
  try {
    const before = { ...gpu.counters };
    const hostBefore = gpu.hostSeconds;
    const start = performance.now();
    const result = await run.search(
      perLayer(run.topology, workload.options, ({ layer, tested, kept, testedInAll, keptInAll }) => {
        const seconds = ((performance.now() - start) / 1000).toFixed(1);
        console.error(
          `  layer ${layer}: kept ${kept} of ${tested}, in all ${keptInAll} of ${testedInAll}, ${seconds} s`,
        );
      }),
    );
    const seconds = (performance.now() - start) / 1000;
    const tests = result.steps.length;
    const search = per(tests, before, gpu.counters);
    const host = (gpu.hostSeconds - hostBefore) / tests;
    const peakBytes = gpu.peakBytes;
    const whole = await repeatWhole(gpu, run, workload, result);
    const formula = forwardFlops(model.spec, task, workload.options.metric === 'kl');
    const { limit, share } = limitsOf({ work: search, host, seconds: seconds / tests }, speeds);
    return {
      name: batching.batch === undefined ? workload.name : `${workload.name}, batch ${batching.batch}`,
      tests,
      kept: result.steps.filter((step) => step.kept).length,
      seconds,
      'seconds with caches': seconds + run.preparation,
      'circuits evaluated per test': result.evaluations / tests,
      rounds: result.rounds,
      'wrong guesses': result.wrongGuesses,
      'ms per test': (1000 * seconds) / tests,
      'ms per whole pass': 1000 * whole.seconds,
      'time, whole / test': (whole.seconds * tests) / seconds,
      'FLOPs per test': search.flops,
      'FLOPs per whole pass': whole.work.flops,
      'FLOPs, whole / test': whole.work.flops / search.flops,
      'FLOPs of a forward pass by formula': formula,
      'bytes per test': search.bytes,
      'bytes per whole pass': whole.work.bytes,
      'dispatches per test': search.dispatches,
      'dispatches per whole pass': whole.work.dispatches,
      'submissions per test': search.submissions,
      'bytes up per test': search.uploadedBytes,
      'bytes down per test': search.readBytes,
      'host ms per test': 1000 * host,
      'limited by': limit,
      'share of that limit': share,
      'peak device MB': peakBytes / 1e6,
      // Of the process so far: searches come from the smallest to the largest.
      'peak RSS MB': process.resourceUsage().maxRSS / 1e3,
      'device GFLOP/s': speeds.flops / 1e9,
      'device GB/s': speeds.bytes / 1e9,
      'us per dispatch': 1e6 * speeds.dispatch,
      'us per round trip': 1e6 * speeds.roundTrip,
    };
  } finally {
    run.dispose();
  }
}

/** Mean seconds and work of whole passes for the circuits of some tests. */
async function repeatWhole(
  gpu: WatchedGpu,
  run: SearchRun,
  { name, options }: Workload,
  result: AcdcResult,
): Promise<{ readonly seconds: number; readonly work: Issued }> {
  const full = EdgeSet.full(run.topology);
  const tests = testsOverLayers(full, result, REPEATED);
  const circuits = circuitsOfTests(full, result, options, tests);
  await run.toWholePasses();
  const before = { ...gpu.counters };
  let seconds = 0;
  for (const [i, circuit] of circuits.entries()) {
    const start = performance.now();
    const value = mean(await run.perPrompt(circuit));
    seconds += (performance.now() - start) / 1000;
    const { step, edge, after } = result.steps[tests[i]!]!;
    if (!Object.is(value, after)) {
      const what = `${run.topology.edgeName(edge)}: the search measured ${after}, a whole pass ${value}`;
      throw new Error(`${name}, test ${step} of ${what}`);
    }
  }
  return { seconds: seconds / circuits.length, work: per(circuits.length, before, gpu.counters) };
}

function per(count: number, before: Counters, after: Counters): Issued {
  const mean = (key: keyof Counters): number => (after[key] - before[key]) / count;
  return {
    dispatches: mean('dispatches'),
    submissions: mean('submissions'),
    uploadedBytes: mean('uploadedBytes'),
    readBytes: mean('readBytes'),
    flops: mean('flops'),
    bytes: mean('bytes'),
  };
}

/** FLOPs of a whole forward pass over the prompts, multiply-add = 2: N (S L (8 d^2 + 4 d F + 4 S d) + 2 d V). */
function forwardFlops({ layers, width, mlpWidth, vocab }: ModelSpec, { pairs }: Task, allLogits: boolean): number {
  const perToken = (sequence: number): number =>
    layers * (8 * width * width + 4 * width * mlpWidth + 4 * sequence * width);
  return pairs.reduce(
    (sum, { clean }) => sum + clean.length * perToken(clean.length) + (allLogits ? 2 * width * vocab : 0),
    0,
  );
}
