import type { TileName } from './tiles.js';

/** What suits a device, measured once and fixed for as long as the device is used. Results do not depend on it. */
export interface Tuning {
  readonly tile: TileName;
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

/** Measures products on a device. */
export interface ProductTimer {
  /** Tiles to choose from, at least one; of equally fast ones the first is chosen. */
  readonly tiles: readonly TileName[];
  /** Whether one job may leave part of the device idle. Otherwise the fill is 1 and is not measured. */
  readonly parallel: boolean;
  /** Seconds that the work takes with a tile. */
  time(tile: TileName, work: TrialWork): Promise<number>;
}

/** Seconds of a measurement: long beside the latency of a submission, short beside a user's patience. */
const TARGET = 0.004;
const ROUNDS = 4;
/** Tiles that took this many times as long as the best one in the first round are not measured again. */
const HOPELESS = 3;
/** "Hardly more time": less than a quarter more, while twice as much work is done. */
const SLACK = 1.25;
const MOST_UNITS = 1024;

/** Runs that make one measurement, where a run takes so many seconds. */
function unitsFor(seconds: number): number {
  return Math.min(MOST_UNITS, Math.max(1, Math.ceil(TARGET / seconds)));
}

/**
 * Chooses the tile with the least time over the trial products, and measures the device's fill. Each product gets about
 * the same share of the time. Measurements of different tiles alternate, and the best of each counts: other programs on
 * the machine only ever make one slower.
 */
export async function chooseTuning(timer: ProductTimer): Promise<Tuning> {
  const tile = timer.tiles.length > 1 ? await fastestTile(timer) : timer.tiles[0]!;
  return { tile, fill: timer.parallel ? await measureFill(timer, tile) : 1 };
}

async function fastestTile(timer: ProductTimer): Promise<TileName> {
  const { tiles } = timer;
  const works = await trialWork(timer);
  let contenders = tiles;
  const best = new Map(tiles.map((tile) => [tile, works.map(() => Number.POSITIVE_INFINITY)]));
  const total = (tile: TileName): number => best.get(tile)!.reduce((sum, seconds) => sum + seconds, 0);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, work] of works.entries()) {
      for (const tile of contenders) {
        best.get(tile)![i] = Math.min(best.get(tile)![i]!, await timer.time(tile, work));
      }
    }
    const least = Math.min(...contenders.map(total));
    contenders = contenders.filter((tile) => total(tile) <= HOPELESS * least);
  }
  return tiles.reduce((chosen, other) => (total(other) < total(chosen) ? other : chosen));
}

/**
 * Work of each product that takes the first tile about TARGET seconds. Every tile computes it once, to be compiled.
 */
async function trialWork(timer: ProductTimer): Promise<TrialWork[]> {
  const works: TrialWork[] = [];
  for (const product of TRIAL_PRODUCTS) {
    const once = { product, jobs: 1, repeats: 1 };
    for (const tile of timer.tiles) await timer.time(tile, once);
    const seconds = await timer.time(timer.tiles[0]!, once);
    const units = unitsFor(seconds);
    // Many rows come from many circuits at once, few rows from one.
    const jobs = product === 'many rows' ? Math.min(MOST_JOBS, units) : 1;
    works.push({ product, jobs, repeats: Math.ceil(units / jobs) });
  }
  return works;
}

async function measureFill(timer: ProductTimer, tile: TileName): Promise<number> {
  const product = 'many rows';
  await timer.time(tile, { product, jobs: 1, repeats: 1 }); // may have to be compiled
  const single = await timer.time(tile, { product, jobs: 1, repeats: 1 });
  const repeats = unitsFor(single);
  let fill = 1;
  for (let jobs = 2; jobs <= MOST_JOBS; jobs *= 2) {
    let [one, several] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < ROUNDS; round++) {
      one = Math.min(one, await timer.time(tile, { product, jobs: 1, repeats }));
      several = Math.min(several, await timer.time(tile, { product, jobs, repeats }));
    }
    if (!(several <= SLACK * one)) break;
    fill = jobs;
  }
  return fill;
}
