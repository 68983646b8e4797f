import { EdgewiseError } from '../base/errors.js';
import { mean } from '../base/mean.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Scores } from '../circuit/scores.js';
import { faithfulnessAreas, RANKINGS, type FaithfulnessAreas, type Ranking } from '../judge/areas.js';
import { baseRuns, Passes, type JudgeEvaluator, type JudgeProgress } from '../judge/judged.js';
import type { MetricName } from '../readout/metrics.js';

export interface AreasAsked {
  /** How edges are ranked. Default: by score, and by |score|. */
  readonly rankings?: readonly Ranking[] | undefined;
  /** Its edges are true: the curves then have areas under the ROC curve. */
  readonly truth?: EdgeSet | undefined;
}

/** Curves of circuits that were chosen from scores. Metrics in loss form. */
export interface MeasuredAreas {
  readonly metric: MetricName;
  readonly clean: number;
  readonly corrupted: number;
  readonly curves: readonly FaithfulnessAreas[];
}

/**
 * See `Engine.areas`.
 *
 * @throws EdgewiseError of kind usage where edges are to be ranked by score, and the scores do not say what a positive
 *   one means.
 */
export async function measureAreas(
  evaluator: JudgeEvaluator,
  scores: Scores,
  metric: MetricName,
  { rankings = RANKINGS, truth }: AreasAsked,
  onProgress?: (progress: JudgeProgress) => void,
): Promise<MeasuredAreas> {
  if (scores.positive === null && rankings.includes('signed')) {
    const what = 'the scores do not say what a positive one means, so that edges can be ranked by |score| alone';
    throw new EdgewiseError('usage', 'signed areas', `${what}: say it (--sign), or rank so (--selection absolute)`);
  }
  const passes = new Passes(evaluator, metric, onProgress);
  const ends = await baseRuns(passes, EdgeSet.full(scores.topology));
  const curves: FaithfulnessAreas[] = [];
  for (const ranking of rankings) curves.push(await faithfulnessAreas(passes, ends, scores, ranking, truth));
  return { metric, clean: mean(ends.whole), corrupted: mean(ends.empty), curves };
}
