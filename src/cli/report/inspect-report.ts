import { counted } from '../../base/text.js';
import { finiteOrNull } from '../../base/finite-or-null.js';
import { keptEdges } from '../../circuit/circuit.js';
import { faithfulness } from '../../evaluate/faithfulness.js';
import type { MeasuredEdges } from '../../evaluate/measured-edges.js';
import type { EvaluationOptions } from '../../run/options.js';
import type { Task } from '../../task/types.js';
import { idleLines, strongestInCircuit } from './in-circuit-report.js';
import { shellPath } from './shell-word.js';
import { fixed, strongestEdges } from './text-report.js';

/** What an inspection made. */
export interface InspectionResult {
  readonly measured: MeasuredEdges;
  readonly task: Task;
  readonly options: EvaluationOptions;
  /** Paths of what was written, and of those that were there before. */
  readonly files: readonly string[];
  readonly replaced: readonly string[];
}

/** What `inspect` prints. @param json for machines. */
export function inspectionReport(result: InspectionResult, json: boolean): string {
  return json ? `${JSON.stringify(summary(result))}\n` : `${textLines(result).join('\n')}\n`;
}

/** Edges that the summary names. */
const TOLD_EDGES = 10;

function summary({ measured, task, options, files, replaced }: InspectionResult): object {
  const { circuit, metrics, effectSeconds, curveSeconds } = measured;
  const { effects, idle, curve } = circuit.inCircuit!;
  const { metric, ablation, input } = options;
  return {
    metric,
    ablation,
    input,
    prompts: task.pairs.length,
    kept: keptEdges(circuit),
    initial: finiteOrNull(metrics.model),
    final: finiteOrNull(metrics.circuit),
    empty: finiteOrNull(metrics.empty),
    faithfulness: faithfulness(metrics.circuit, metrics.model, metrics.empty),
    strongest: strongestEdges({ ...circuit, effects }, TOLD_EDGES, 'all').map(({ name, effect }) => ({
      edge: name,
      effect,
    })),
    idle: idle.map((id) => circuit.topology.edgeName(id)),
    curve,
    effect_seconds: effectSeconds,
    curve_seconds: curveSeconds,
    files,
    replaced,
  };
}

function textLines({ measured, task, options, files, replaced }: InspectionResult): string[] {
  const { circuit, metrics } = measured;
  const { model, circuit: found, empty } = metrics;
  const share = faithfulness(found, model, empty);
  const { curve } = circuit.inCircuit!;
  const half = curve.find((point) => point.faithfulness !== null && point.faithfulness >= 0.5);
  const value = (metric: number): string => fixed(metric, 4);
  return [
    `${task.name}, ${counted(task.pairs.length, 'prompt')}, ${options.ablation} ablation: ${counted(keptEdges(circuit), 'edge')} kept`,
    `  ${options.metric} (lower is better): ${value(model)} whole model, ${value(found)} circuit, ${value(empty)} empty circuit`,
    `  faithfulness ${share === null ? 'undefined: the whole model and the empty circuit do not differ' : fixed(share, 3)}`,
    `  curve of ${counted(curve.length, 'point')}${half ? `: ${counted(half.edges, 'edge')} alone have faithfulness ${fixed(half.faithfulness!, 3)}` : ''}`,
    ...idleLines(measured, ''),
    ...strongestInCircuit(measured),
    'files written',
    ...files.map((file) => `  ${file}${replaced.includes(file) ? ' (replaced)' : ''}`),
    `look at it: edgewise view ${shellPath(files[0]!)}`,
  ];
}
