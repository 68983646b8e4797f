import type { JudgeProgress } from '../judge/judged.js';
import type { WorkProgress } from '../base/work-progress.js';
import type { Journal } from '../discover/journal.js';
import { VERSION } from '../version.js';
import type { Discovery } from './discovery.js';
import type { Engine } from './engine.js';

/** A journal that is closed once its part of the run is over. */
export interface RunJournal extends Journal {
  close(): void;
}

/** Which journal a run asks for. */
export interface JournalRequest {
  /** Tells the journals of one run apart. Undefined for a run's only or main search. */
  readonly name: string | undefined;
  /** What must be equal for an earlier journal to be gone on with, as JSON. */
  readonly key: Readonly<Record<string, unknown>>;
  /** Numbers in a row of the journal. Default: as many as the task has prompts. */
  readonly prompts?: number;
}

/** How far a part of a run is. */
export interface RunProgress {
  /** Names the part: `testing edges`. */
  readonly part: string;
  readonly done: number;
  readonly total: number;
  /** What `done` counts: edges decided on, or passes over prompts. */
  readonly unit: 'edges' | 'passes';
  /** Of those, what this run has done itself. The others were held by a journal or a neighbouring threshold. */
  readonly measured: number;
  /** How much work that is, where tests differ in it. */
  readonly work?: WorkProgress;
  /** Of a search: edges tested, and edges kept. */
  readonly search?: { readonly tested: number; readonly kept: number };
}

/** A judgement's progress, as that of a run. */
export function asRunProgress({ measure, done, total }: JudgeProgress): RunProgress {
  return { part: `judging ${measure}`, done, total, unit: 'passes', measured: done };
}

/** What a caller hands to a run. None of it changes a result. */
export interface RunAids {
  readonly progress?: (progress: RunProgress) => void;
  /** Gives the journal that is asked for. Without it nothing is journaled. */
  readonly journal?: (request: JournalRequest) => Promise<RunJournal>;
  /** Is told of every finished search. */
  readonly found?: (threshold: number, discovery: Discovery) => void;
}

/** Runs `use` with the journal of a part, where the caller keeps journals. The journal is closed whatever happens. */
export async function withJournal<T>(
  { journal: open }: RunAids,
  engine: Engine,
  name: string | undefined,
  key: Readonly<Record<string, unknown>>,
  use: (journal: { readonly journal?: Journal }) => Promise<T>,
): Promise<T> {
  if (!open) return use({});
  const { adapter, tile } = engine.gpu;
  const journal = await open({ name, key: { ...key, engine: VERSION, adapter, tile } });
  try {
    return await use({ journal });
  } finally {
    journal.close();
  }
}
