import { mean } from '../base/mean.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import type { PromptValues } from './evaluator.js';
import type { TaskEvaluator } from './task-evaluator.js';

/** A mean over the prompts of the whole model, on the clean and on the corrupted prompts. */
export interface BothSides {
  readonly clean: number;
  readonly corrupted: number;
}

/** Whether a model does a task at all. Parts that need answers which the task lacks are null. */
export interface TaskBehaviour {
  readonly prompts: number;
  /** Share of the prompts on which the most probable token is a right answer (each token, of a whole answer). */
  readonly accuracy: BothSides | null;
  /** Share of the prompts on which the right answers have a larger mean logit than the wrong ones. */
  readonly preferred: BothSides | null;
  /** Mean logit of the right answers minus that of the wrong ones. */
  readonly logitDifference: BothSides | null;
  /** Log-probability of the right answers, in nats. */
  readonly logProbability: BothSides | null;
  /** KL(clean || corrupted) in nats: how much the corruption changes the prediction. */
  readonly kl: number;
}

/** Share of the prompts below which a model is said not to do a task. */
const LEAST_SHARE = 0.5;
/** Nats below which a corruption is said to change nothing. */
const LEAST_KL = 0.01;

/**
 * Runs the whole model on both sides of the prompts. The corrupted run is the empty circuit under resample ablation.
 * Cost: two forward passes.
 *
 * @param evaluator with resample ablation, of these pairs.
 */
export async function measureBehaviour(evaluator: TaskEvaluator, pairs: readonly PromptPair[]): Promise<TaskBehaviour> {
  const hasCorrect = pairs.every(({ correct }) => correct.length > 0);
  // The logit difference looks at one token; of a whole answer that says little.
  const hasBoth = hasCorrect && pairs.every(({ wrong, answer }) => wrong.length > 0 && answer === undefined);
  const metrics: MetricName[] = ['kl', ...(hasCorrect ? (['accuracy', 'nll'] as const) : [])];
  if (hasBoth) metrics.push('logit-diff');
  const { topology } = evaluator;
  const [clean, corrupted] = await evaluator.evaluate([EdgeSet.full(topology), EdgeSet.empty(topology)], metrics);
  const both = (of: (values: PromptValues) => readonly number[]): BothSides => ({
    clean: mean(of(clean!)),
    corrupted: mean(of(corrupted!)),
  });
  const negated = (name: MetricName) => (values: PromptValues) => values[name]!.map((loss) => 0 - loss); // never -0
  return {
    prompts: pairs.length,
    accuracy: hasCorrect ? both(negated('accuracy')) : null,
    preferred: hasBoth ? both((values) => values['logit-diff']!.map((loss) => Number(loss < 0))) : null,
    logitDifference: hasBoth ? both(negated('logit-diff')) : null,
    logProbability: hasCorrect ? both(negated('nll')) : null,
    kl: mean(corrupted!.kl!),
  };
}

/** Why a circuit of this task would explain something else, in sentences; empty where the model does the task. */
export function behaviourWarnings({ prompts, accuracy, preferred, logitDifference, kl }: TaskBehaviour): string[] {
  const of = (share: number): string => `${Math.round(share * prompts)} of ${prompts} prompts`;
  const warnings: string[] = [];
  if (preferred && !(preferred.clean > LEAST_SHARE)) {
    const difference = logitDifference!.clean.toFixed(3);
    warnings.push(
      `the model prefers the right answer on ${of(preferred.clean)} (mean logit difference ${difference}): it does not do this task`,
    );
  } else if (!preferred && accuracy && !(accuracy.clean >= LEAST_SHARE)) {
    warnings.push(
      `the model's most probable token is a right answer on ${of(accuracy.clean)}: it hardly does this task`,
    );
  }
  if (!(kl >= LEAST_KL)) {
    warnings.push(`the corrupted prompts hardly change the prediction (KL ${kl.toPrecision(2)} nats)`);
  }
  return warnings;
}
