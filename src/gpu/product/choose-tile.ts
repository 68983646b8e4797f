import type { TileName } from './tiles.js';

/** What suits a device, measured once and fixed for as long as the device is used. Results do not depend on it. */
export interface Tuning {
  readonly tile: TileName;
  /** Tile of the products with a transposed matrix; default: `tile`. */
  readonly transposedTile?: TileName;
  /** Invocations of a workgroup in the kernels that take a row each; default: see src/gpu/workgroups.ts. */
  readonly rowWorkgroup?: number;
  /**
   * Number of circuits that fill the device: together they take less than a quarter more time than one circuit. It is 1
   * where one circuit keeps the device busy, as on a software adapter, and at most MOST_JOBS.
   */
  readonly fill: number;
}

/** Products that are measured: one with the rows of a whole layer, one with the few rows that later layers need. */
export const TRIAL_PRODUCTS = ['many rows', 'few rows'] as const;
export type TrialProduct = (typeof TRIAL_PRODUCTS)[number];

/** Most jobs of a product that are computed at once. */
export const MOST_JOBS = 16;

/** How much of a product is computed in one measurement. */
export interface TrialWork {
  readonly product: TrialProduct;
  /** Jobs side by side, at most MOST_JOBS. */
  readonly jobs: number;
  /** Runs of all jobs, one after the other. */
  readonly repeats: number;
}

/** Measures one thing that a device may do in several ways. */
export interface Trial<C> {
  /** Ways to choose from, at least one; of equally fast ones the first is chosen. */
  readonly choices: readonly C[];
  /** Seconds that the work takes in one of the ways. */
  time(choice: C, work: TrialWork): Promise<number>;
}

/** What is measured on a device. */
export interface DeviceTrials {
  readonly products: Trial<TileName>;
  /** Absent where the defaults serve. */
  readonly transposed?: Trial<TileName>;
  readonly rows?: Trial<number>;
  /** Whether one job may leave part of the device idle. Otherwise the fill is 1 and is not measured. */
  readonly parallel: boolean;
}

/** Seconds of a measurement: long beside the latency of a submission, short beside a user's patience. */
const TARGET = 0.004;
const ROUNDS = 4;
/** Ways that took this many times as long as the best one in the first round are not measured again. */
const HOPELESS = 3;
/** "Hardly more time": less than a quarter more, while twice as much work is done. */
const SLACK = 1.25;
const MOST_UNITS = 1024;

/** Runs that make one measurement, where a run takes so many seconds. */
function unitsFor(seconds: number): number {
  return Math.min(MOST_UNITS, Math.max(1, Math.ceil(TARGET / seconds)));
}

/** Chooses what takes the least time over the trial products, and measures the device's fill. */
export async function chooseTuning({ products, transposed, rows, parallel }: DeviceTrials): Promise<Tuning> {
  const tile = await fastest(products);
  return {
    tile,
    ...(transposed && { transposedTile: await fastest(transposed) }),
    ...(rows && { rowWorkgroup: await fastest(rows) }),
    fill: parallel ? await measureFill(products, tile) : 1,
  };
}

/**
 * The way that takes the least time over the trial products, each of which gets about the same share of the time.
 * Measurements of different ways alternate, and the best of each counts: other programs on the machine only ever make
 * one slower.
 */
async function fastest<C>(trial: Trial<C>): Promise<C> {
  const { choices } = trial;
  if (choices.length === 1) return choices[0]!;
  const works = await trialWork(trial);
  let contenders = choices;
  const best = new Map(choices.map((choice) => [choice, works.map(() => Number.POSITIVE_INFINITY)]));
  const total = (choice: C): number => best.get(choice)!.reduce((sum, seconds) => sum + seconds, 0);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, work] of works.entries()) {
      for (const choice of contenders) {
        best.get(choice)![i] = Math.min(best.get(choice)![i]!, await trial.time(choice, work));
      }
    }
    const least = Math.min(...contenders.map(total));
    contenders = contenders.filter((choice) => total(choice) <= HOPELESS * least);
  }
  return choices.reduce((chosen, other) => (total(other) < total(chosen) ? other : chosen));
}

/** Work of each product that takes the first way about TARGET seconds. Every way does it once, to be compiled. */
async function trialWork<C>(trial: Trial<C>): Promise<TrialWork[]> {
  const works: TrialWork[] = [];
  for (const product of TRIAL_PRODUCTS) {
    const once = { product, jobs: 1, repeats: 1 };
    for (const choice of trial.choices) await trial.time(choice, once);
    const seconds = await trial.time(trial.choices[0]!, once);
    const units = unitsFor(seconds);
    // Many rows come from many circuits at once, few rows from one.
    const jobs = product === 'many rows' ? Math.min(MOST_JOBS, units) : 1;
    works.push({ product, jobs, repeats: Math.ceil(units / jobs) });
  }
  return works;
}

async function measureFill(trial: Trial<TileName>, tile: TileName): Promise<number> {
  const product = 'many rows';
  await trial.time(tile, { product, jobs: 1, repeats: 1 }); // may have to be compiled
  const single = await trial.time(tile, { product, jobs: 1, repeats: 1 });
  const repeats = unitsFor(single);
  let fill = 1;
  for (let jobs = 2; jobs <= MOST_JOBS; jobs *= 2) {
    let [one, several] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < ROUNDS; round++) {
      one = Math.min(one, await trial.time(tile, { product, jobs: 1, repeats }));
      several = Math.min(several, await trial.time(tile, { product, jobs, repeats }));
    }
    if (!(several <= SLACK * one)) break;
    fill = jobs;
  }
  return fill;
}
