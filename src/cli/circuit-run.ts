import { EdgewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import type { Provenance } from '../circuit/circuit.js';
import { isGrouped } from '../circuit/nodes.js';
import type { ScoresProvenance } from '../circuit/scores.js';
import type { Topology } from '../circuit/topology.js';
import { neuronsLeftOut, openCircuit, type ModelShape, type OpenedCircuit } from '../files/index.js';
import { withKvPorts } from '../model/load-model.js';
import { oneCircuitAt } from '../node/circuit-files.js';
import { openTaskFile, readCircuitText } from '../node/open-files.js';
import type { OpenedModel } from '../node/open.js';
import { asFound, evaluationAsFound, knownMetric } from '../run/as-found.js';
import type { MetricName } from '../readout/metrics.js';
import { checkRun, topologyOf } from '../run/identity.js';
import { DEFAULTS, type EvaluationOptions } from '../run/options.js';
import type { Task } from '../task/types.js';
import { flagOf } from './options/method-options.js';
import type { ModelFlags, PatchingFlags, TaskFlags } from './options/options.js';
import { note } from './report/progress.js';
import {
  namedTaskReader,
  openModelArgument,
  readMeanOver,
  readPrompts,
  required,
  tellPrompt,
  type NamedTaskReader,
} from './session.js';

/** Flags that say how something that was found is measured. */
export type RunFlags = ModelFlags & TaskFlags & PatchingFlags;

/** Flags of a command that measures a circuit file on a task. */
export interface CircuitRunFlags extends ModelFlags, TaskFlags, PatchingFlags {
  readonly circuit: string;
}

/** What a file is measured with. */
export interface FoundRun {
  readonly task: Task;
  readonly reader: NamedTaskReader;
  readonly options: EvaluationOptions;
}

/** A circuit file with all that it is measured with. */
export interface CircuitRun extends FoundRun {
  readonly opened: OpenedModel;
  /** Where the file lies. */
  readonly path: string;
  readonly read: OpenedCircuit;
}

/** What is measured. */
export interface FoundThing {
  /** Where its file lies. */
  readonly path: string;
  /** `the circuit was found`, for notes. */
  readonly found: string;
  /** What it says of its run; null where it says nothing. */
  readonly run: Provenance | ScoresProvenance | null;
  /** Metric where neither it nor a flag names one. */
  readonly metric: MetricName;
}

/**
 * Opens the circuit, the model and the task that flags name. What is not given is as the circuit was found; what is
 * given otherwise is told.
 *
 * @throws EdgewiseError: usage where an option is missing, circuit where the file does not fit the model or leaves out
 *   single neurons, task where its prompts cannot be measured.
 */
export async function openCircuitRun(flags: CircuitRunFlags): Promise<CircuitRun> {
  const path = await oneCircuitAt(required(flags.circuit, '--circuit'));
  required(flags.task, '--task');
  const given = await openModelArgument(flags);
  const { read } = await readCircuit(path, shapeOf(given));
  const opened = withPortsOf(given, read.circuit.topology);
  const run = read.file.provenance ?? null;
  const thing = { path, found: CIRCUIT_FOUND, run, metric: DEFAULTS.searchMetric };
  return { opened, path, read, ...(await openRun(flags, opened, thing)) };
}

export const CIRCUIT_FOUND = 'the circuit was found';

/** What a file's names are compared with. */
export function shapeOf({ model }: OpenedModel): ModelShape {
  return { topology: topologyOf(model), width: null, kvHeads: model.spec.kvHeads };
}

/** The model with the key and value ports that a file's topology has. */
export function withPortsOf(opened: OpenedModel, topology: Topology): OpenedModel {
  return { ...opened, model: withKvPorts(opened.model, isGrouped(topology) ? 'grouped' : 'per-head') };
}

/** @throws EdgewiseError of kind circuit where the file does not fit the model or leaves out single neurons. */
export async function readCircuit(
  path: string,
  model: ModelShape,
): Promise<{ readonly text: string; readonly read: OpenedCircuit }> {
  const text = await readCircuitText(path);
  const read = openCircuit(text, path, { model });
  const masked = neuronsLeftOut(read.file);
  if (masked !== undefined) throw new EdgewiseError('circuit', path, masked);
  return { text, read };
}

/**
 * Opens the task that flags name, and settles how something is measured on it: as it was found, where flags do not say
 * otherwise. What is given otherwise is told.
 *
 * @throws EdgewiseError: usage where an option is missing, task where its prompts cannot be measured.
 */
export async function openRun(
  flags: RunFlags,
  opened: OpenedModel,
  { path, found: thing, run: found, metric: byDefault }: FoundThing,
): Promise<FoundRun> {
  const differ = (option: string, given: unknown, before: unknown): void =>
    note(`note: ${option} ${String(given)} instead of ${String(before)}, with which ${thing}`);
  if (found && found.model.hash !== opened.model.hash) {
    note(`note: ${thing} on another model, ${found.model.name}`);
  }
  const reader = await namedTaskReader(opened, flags.bos ?? found?.bos ?? DEFAULTS.bos);
  const bos = reader.tokenizer?.identity.bos;
  if (flags.bos !== undefined && found && bos !== undefined && bos !== found.bos) differ('--bos', bos, found.bos);
  const taskFile = await openTaskFile(required(flags.task, '--task'));
  const hash = await sha256(taskFile.bytes);
  // Rows of another task file mean nothing here.
  const rows = found && found.task.hash === hash ? found.prompts : undefined;
  if (found && !rows) {
    note(`note: ${thing} on another task, ${found.task.name}; its --prompts and --skip are left aside`);
  }
  const skip = asFound('--skip', flags.skip, rows?.skip, 0, differ);
  const prompts = asFound('--prompts', flags.prompts, rows?.count, undefined, differ);
  const { answers, columns, dropped } = (rows && found?.reading) ?? {};
  const task = await readPrompts(reader, {
    ...(answers && { answers }),
    ...(columns && { columns }),
    ...flags,
    dropBadRows: flags.dropBadRows === true || dropped !== undefined,
    task: taskFile,
    prompts,
    skip,
    metric: flags.metric ?? knownMetric(found) ?? byDefault,
    ablation: flags.ablation ?? found?.ablation,
  });
  tellPrompt(task);
  if (found && knownMetric(found) === undefined) {
    note(`note: ${path} was found with the metric ${found.metric}, which this engine does not have`);
  }
  const { metric = knownMetric(found) === undefined ? byDefault : undefined, ablation, input, meanOver } = flags;
  const ablationHere = ablation ?? found?.ablation ?? DEFAULTS.ablation;
  const asked = {
    ...(metric && { metric }),
    ...(ablation && { ablation }),
    ...(input && { input }),
    ...(meanOver !== undefined && { meanOver: await readMeanOver(reader, meanOver, ablationHere, flags) }),
  };
  const differs = (option: Parameters<typeof flagOf>[0], given: unknown, before: unknown): void =>
    differ(flagOf(option), given, before);
  const options = evaluationAsFound(asked, found, { differs, nameOf: flagOf });
  checkRun(opened.model, task, options);
  return { task, reader, options };
}
