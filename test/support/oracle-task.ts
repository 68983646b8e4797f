/** What the literal evaluator of test/oracle makes of a whole task, in the form of the plain evaluator. */
import type { EdgeSet } from '../../src/circuit/edge-set.js';
import { METRIC_NAMES, type MetricName } from '../../src/readout/metrics.js';
import type { MeanSource } from '../../src/evaluate/mean-ablation.js';
import type { Ablation } from '../../src/circuit/run-identity.js';
import type { PromptPair } from '../../src/task/types.js';
import { meanWriters, positionalMeanWriters, zeroWriters } from '../oracle/ablation.js';
import { isAccurate, metricValue } from '../oracle/metrics.js';
import {
  ablationValues,
  runCircuit,
  runModel,
  type AblationValues,
  type OracleModel,
  type Pass,
} from '../oracle/model.js';

/** Values of every metric, one per prompt. */
export type OracleValues = Readonly<Record<MetricName, number[]>>;

export interface OracleTask {
  readonly model: OracleModel;
  readonly pairs: readonly PromptPair[];
  readonly clean: readonly Pass[];
  readonly corrupted: readonly Pass[];
}

export function oracleTask(model: OracleModel, pairs: readonly PromptPair[]): OracleTask {
  return {
    model,
    pairs,
    clean: pairs.map((pair) => runModel(model, pair.clean)),
    corrupted: pairs.map((pair) => runModel(model, pair.corrupted)),
  };
}

/** What cut edges carry in every prompt. */
export function oracleAblation(task: OracleTask, ablation: Ablation, source?: MeanSource): readonly AblationValues[] {
  const { model, pairs } = task;
  if (ablation === 'resample') return task.corrupted;
  const prompts = (source?.pairs ?? pairs).map((pair) => pair[source?.side ?? 'clean']);
  const passes = prompts.map((ids) => runModel(model, ids));
  return pairs.map(({ clean }) => {
    const writers = {
      zero: () => zeroWriters(model, clean.length),
      mean: () => meanWriters(model, passes, prompts, clean.length),
      'mean-positional': () => positionalMeanWriters(model, passes),
    }[ablation]();
    return ablationValues(model, writers);
  });
}

export function oracleEvaluate(task: OracleTask, kept: EdgeSet, cut: readonly AblationValues[]): OracleValues {
  return oracleMetrics(
    task,
    task.pairs.map((pair, n) => runCircuit(task.model, pair.clean, kept, cut[n]!)),
  );
}

export function oracleMetrics({ model, pairs, clean }: OracleTask, passes: readonly Pass[]): OracleValues {
  const { vocab } = model.spec;
  const row = (pass: Pass, position: number): Float64Array =>
    pass.logits.subarray(position * vocab, (position + 1) * vocab);
  const value = (name: MetricName, n: number): number => {
    const { correct, wrong, position } = pairs[n]!;
    const logits = row(passes[n]!, position);
    if (name === 'accuracy') return isAccurate(logits, correct) ? -1 : 0;
    return metricValue(name, { logits, clean: row(clean[n]!, position), correct, wrong });
  };
  return Object.fromEntries(METRIC_NAMES.map((name) => [name, pairs.map((_, n) => value(name, n))])) as OracleValues;
}
