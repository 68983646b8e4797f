import { mean } from '../base/mean.js';
import type { Circuit } from '../circuit/circuit.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { Scores } from '../circuit/scores.js';
import type { Topology } from '../circuit/topology.js';
import { measureCircuit, type Evaluation, type MeasuredCircuit, type MeasureName } from '../evaluate/measures.js';
import { checkPrompts } from '../evaluate/prompt-check.js';
import { measureBehaviour, type TaskBehaviour } from '../evaluate/task-behaviour.js';
import type { JudgeProgress } from '../judge/judged.js';
import { judgeCircuit, type JudgementName, type Judgements, type JudgeSetting } from '../judge/judgements.js';
import { edgeMagnitudes } from '../judge/magnitude.js';
import type { LoadedModel } from '../model/load-model.js';
import type { Task } from '../task/types.js';
import { measureAreas, type AreasAsked, type MeasuredAreas } from './areas.js';
import type { Evaluators } from './evaluators.js';
import { checkRun, cutsDirectEdges, meanSourceOf, refuseOtherShape } from './identity.js';
import { refuseNonFinite } from './non-finite.js';
import type { EvaluationOptions } from './options.js';

// What an engine measures of something found. Errors and costs are said at the methods of Engine.

/** What measuring needs of an engine. */
export interface MeasuringSetting {
  readonly model: LoadedModel;
  readonly topology: Topology;
  readonly evaluators: Evaluators;
  /** Circuits that fill the device. */
  readonly fill: number;
}

/** A circuit on a task. */
interface OnTask {
  readonly task: Task;
  readonly options: EvaluationOptions;
}

/** See `Engine.behaviour`. */
export async function behaviourOn(task: Task, { model, evaluators }: MeasuringSetting): Promise<TaskBehaviour> {
  const options = { metric: 'kl', ablation: 'resample', input: 'token' } as const;
  checkPrompts(model.spec, task.pairs, meanSourceOf(task, options), options.ablation);
  const behaviour = await evaluators.use(task, options, false, (evaluator) => measureBehaviour(evaluator, task.pairs));
  await refuseNonFinite(model, 'prediction', behaviour.kl);
  return behaviour;
}

/** See `Engine.evaluate`. */
export async function evaluateOn<M extends MeasureName>(
  { task, options }: OnTask,
  circuit: EdgeSet | Circuit,
  measures: readonly M[],
  seed: number,
  { model, topology, evaluators }: MeasuringSetting,
): Promise<Evaluation<M>> {
  checkRun(model, task, options);
  const measured: MeasuredCircuit =
    circuit instanceof EdgeSet ? { kept: circuit, circuit: null } : { kept: circuit.kept, circuit };
  const { kept } = measured;
  refuseOtherShape(topology, kept);
  const { metric } = options;
  const directEdges = cutsDirectEdges({ kept, directTested: measured.circuit?.directTested ?? false });
  const { evaluation, whole } = await evaluators.use(task, options, directEdges, (evaluator) =>
    measureCircuit(evaluator, measured, measures, { metric, pairs: task.pairs, seed }),
  );
  for (const name of ['kl', metric] as const) await refuseNonFinite(model, name, mean(whole[name]!));
  return evaluation;
}

/** See `Engine.judge`. */
export async function judgeOn(
  { task, options }: OnTask,
  kept: EdgeSet,
  names: readonly JudgementName[],
  asked: Pick<JudgeSetting, 'seed' | 'draws' | 'levels' | 'onProgress'>,
  { model, topology, evaluators, fill }: MeasuringSetting,
): Promise<Judgements> {
  checkRun(model, task, options);
  refuseOtherShape(topology, kept);
  const { metric } = options;
  const directEdges = cutsDirectEdges({ kept, directTested: false });
  const magnitudes = () => edgeMagnitudes(model, topology);
  const setting = { ...asked, metric, pairs: task.pairs, magnitudes };
  const judge = (evaluator: Parameters<typeof judgeCircuit>[0]) => judgeCircuit(evaluator, kept, names, setting);
  const judgements = await evaluators.use(task, options, directEdges, judge, fill);
  await refuseNonFinite(model, metric, mean(judgements.perPrompt.whole));
  return judgements;
}

/** See `Engine.areas`. */
export async function areasOn(
  { task, options }: OnTask,
  scores: Scores,
  asked: AreasAsked,
  onProgress: ((progress: JudgeProgress) => void) | undefined,
  { model, topology, evaluators, fill }: MeasuringSetting,
): Promise<MeasuredAreas> {
  checkRun(model, task, options);
  for (const set of [EdgeSet.full(scores.topology), ...(asked.truth ? [asked.truth] : [])]) {
    refuseOtherShape(topology, set);
  }
  const measure = (evaluator: Parameters<typeof measureAreas>[0]) =>
    measureAreas(evaluator, scores, options.metric, asked, onProgress);
  const measured = await evaluators.use(task, options, false, measure, fill);
  await refuseNonFinite(model, options.metric, measured.clean);
  return measured;
}
