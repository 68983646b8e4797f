import { EdgewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { neuronsLeftOut, openCircuit, type OpenedCircuit } from '../files/index.js';
import { oneCircuitAt } from '../node/circuit-files.js';
import { openTaskFile, readCircuitText } from '../node/open-files.js';
import type { OpenedModel } from '../node/open.js';
import { asFound, evaluationAsFound, knownMetric } from '../run/as-found.js';
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

/** Flags of a command that measures a circuit file on a task. */
export interface CircuitRunFlags extends ModelFlags, TaskFlags, PatchingFlags {
  readonly circuit: string;
}

/** A circuit file with all that it is measured with. */
export interface CircuitRun {
  readonly opened: OpenedModel;
  /** Where the file lies. */
  readonly path: string;
  readonly read: OpenedCircuit;
  readonly task: Task;
  readonly reader: NamedTaskReader;
  readonly options: EvaluationOptions;
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
  const taskArgument = required(flags.task, '--task');
  const opened = await openModelArgument(flags);
  const shape = { topology: topologyOf(opened.model), width: null };
  const read = openCircuit(await readCircuitText(path), path, { model: shape });
  const masked = neuronsLeftOut(read.file);
  if (masked !== undefined) throw new EdgewiseError('circuit', path, masked);
  const found = read.file.provenance;
  if (found && found.model.hash !== opened.model.hash) {
    note(`note: the circuit was found on another model, ${found.model.name}`);
  }

  const reader = await namedTaskReader(opened, flags.bos ?? found?.bos ?? DEFAULTS.bos);
  const bos = reader.tokenizer?.identity.bos;
  if (flags.bos !== undefined && found && bos !== undefined && bos !== found.bos)
    noteDifference('--bos', bos, found.bos);
  const taskFile = await openTaskFile(taskArgument);
  const hash = await sha256(taskFile.bytes);
  // Rows of another task file mean nothing here.
  const rows = found && found.task.hash === hash ? found.prompts : undefined;
  if (found && !rows) {
    note(`note: the circuit was found on another task, ${found.task.name}; its --prompts and --skip are left aside`);
  }
  const skip = asFound('--skip', flags.skip, rows?.skip, 0, noteDifference);
  const prompts = asFound('--prompts', flags.prompts, rows?.count, undefined, noteDifference);
  const { answers, columns, dropped } = (rows && found?.reading) ?? {};
  const task = await readPrompts(reader, {
    ...(answers && { answers }),
    ...(columns && { columns }),
    ...flags,
    dropBadRows: flags.dropBadRows === true || dropped !== undefined,
    task: taskFile,
    prompts,
    skip,
    metric: flags.metric ?? knownMetric(found ?? null) ?? DEFAULTS.searchMetric,
    ablation: flags.ablation ?? found?.ablation,
  });
  tellPrompt(task);
  if (found && knownMetric(found) === undefined) {
    note(`note: ${path} was found with the metric ${found.metric}, which this engine does not have`);
  }
  const { metric, ablation, input, meanOver } = flags;
  const ablationHere = ablation ?? found?.ablation ?? DEFAULTS.ablation;
  const asked = {
    ...(metric && { metric }),
    ...(ablation && { ablation }),
    ...(input && { input }),
    ...(meanOver !== undefined && { meanOver: await readMeanOver(reader, meanOver, ablationHere, flags) }),
  };
  const differs = (option: Parameters<typeof flagOf>[0], given: unknown, before: unknown): void =>
    noteDifference(flagOf(option), given, before);
  const options = evaluationAsFound(asked, found ?? null, { differs, nameOf: flagOf });
  checkRun(opened.model, task, options);
  return { opened, path, read, task, reader, options };
}

/** Tells of an option that is not as the circuit was found. */
function noteDifference(option: string, given: unknown, found: unknown): void {
  note(`note: ${option} ${String(given)} instead of ${String(found)}, with which the circuit was found`);
}
