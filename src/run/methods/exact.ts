import type { Scores } from '../../circuit/scores.js';
import type { Task } from '../../task/types.js';
import { withJournal, type RunAids } from '../aids.js';
import type { Engine } from '../engine.js';
import { scoresOfEffects } from '../scoring.js';
import type { ScoringOptions } from '../scoring-methods.js';

/**
 * Scores every edge by cutting it alone in the whole model. Cost: one evaluation per edge.
 *
 * @param record what identifies the run, for its journal.
 */
export async function exactScores(
  engine: Engine,
  task: Task,
  options: ScoringOptions,
  record: Readonly<Record<string, unknown>>,
  aids: RunAids,
): Promise<Scores> {
  // What can go wrong with the caches goes wrong before a journal is begun.
  const search = await engine.search(task, { ...options, directEdges: options.directEdges ?? false });
  try {
    return await withJournal(aids, engine, undefined, record, async ({ journal }) => {
      const effects = await search.exact(
        (progress) => aids.progress?.({ part: 'cutting edges', unit: 'edges', ...progress }),
        journal,
      );
      return scoresOfEffects(engine.scoringSetting(task, options), effects, engine.budget);
    });
  } finally {
    search.dispose();
  }
}
