import { join } from 'node:path';
import type { Engine } from '../../run/engine.js';
import type { AcdcProgress } from '../../discover/acdc.js';
import type { Scores } from '../../circuit/scores.js';
import { predictorOf, type Predictor } from '../../discover/look-ahead.js';
import { thresholdFor } from '../../discover/threshold-search.js';
import { runIdentity, type DiscoveryOptions } from '../../run/identity.js';
import type { Discovery, Search, SearchStart } from '../../run/search.js';
import type { Task } from '../../task/types.js';
import { VERSION } from '../../version.js';
import { withJournal } from '../folder/with-journal.js';
import { note } from '../report/progress.js';
import { journalFile, openJournal, type SearchJournal } from '../folder/search-journal.js';
import { counted } from '../report/text-report.js';

/** What to search for: the circuit at each threshold, or at one that keeps about so many edges. */
export type Wanted =
  | { readonly thresholds: readonly number[]; readonly edges?: undefined }
  | { readonly edges: number; readonly thresholds: readonly [number] };

/** What a run of several searches was asked for; a run of one has none of it. */
export interface AskedThresholds {
  /** From the highest on. */
  readonly thresholds: readonly number[] | null;
  /** About how many edges to keep, and the threshold to start at. */
  readonly edges: number | null;
  readonly start: number | null;
}

/** A search that was made. */
export interface Found {
  readonly threshold: number;
  readonly discovery: Discovery;
}

export interface Searches {
  /** The searches asked for, in the order of thresholds; for a number of edges the closest one. */
  readonly wanted: readonly Found[];
  /** Every search made, in that order. */
  readonly all: readonly Found[];
}

export interface SearchesSetting {
  /** Where the journals go. */
  readonly folder: string;
  readonly resume: boolean;
  /** Scores to guess decisions from. */
  readonly predict: Scores | undefined;
  readonly asked: AskedThresholds;
}

/** Makes all searches over the same caches, each with a journal of its own. */
export async function runSearches(
  engine: Engine,
  task: Task,
  options: DiscoveryOptions,
  wanted: Wanted,
  setting: SearchesSetting,
): Promise<Searches> {
  const search = await engine.search(task, options);
  const found = new Map<number, Found>();
  const single = wanted.edges === undefined && wanted.thresholds.length === 1;
  const at = async (threshold: number): Promise<Found> => {
    const key = {
      ...runIdentity(engine.model, task, { ...options, threshold }),
      ...setting.asked,
      engine: VERSION,
      adapter: engine.gpu.adapter,
      tile: engine.gpu.tile,
    };
    const path = join(setting.folder, journalFile(single ? undefined : String(threshold)));
    const journal = await openJournal(path, key, engine.topology, setting.resume);
    const label = single ? 'testing edges' : `testing edges at ${threshold}`;
    const predict = setting.predict && predictorOf(setting.predict, { threshold, absolute: options.absolute });
    const discovery = await searchAt(search, threshold, label, journal, { predict });
    found.set(threshold, { threshold, discovery });
    return found.get(threshold)!;
  };
  try {
    let chosen = wanted.thresholds;
    if (wanted.edges === undefined) {
      // From the highest on: what keeps few edges is quick, and each search takes over what the one before measured.
      for (const threshold of [...wanted.thresholds].sort((a, b) => b - a)) await at(threshold);
    } else {
      const { closest } = await thresholdFor(wanted.edges, wanted.thresholds[0], async (threshold) => {
        const { kept } = (await at(threshold)).discovery;
        note(`threshold ${threshold}: ${counted(kept, 'edge')}`);
        return kept;
      });
      chosen = [closest.threshold];
    }
    return {
      wanted: chosen.map((threshold) => found.get(threshold)!),
      all: [...found.values()].sort((a, b) => a.threshold - b.threshold),
    };
  } finally {
    search.dispose();
  }
}

/** One search with progress, journaled; from a start when some edges are already decided. */
export function searchAt(
  search: Search,
  threshold: number,
  label: string,
  journal: SearchJournal,
  { predict, from }: { readonly predict?: Predictor | undefined; readonly from?: SearchStart } = {},
): Promise<Discovery> {
  return withJournal(label, journal, (bar, made) => {
    const onProgress = ({ tested, measured, kept, decided, total }: AcdcProgress): void => {
      made(tested);
      bar.update(decided, total, `${tested} tested, ${kept} kept`, measured);
    };
    return search.at(threshold, { journal, onProgress, ...(predict && { predict }) }, from);
  });
}
