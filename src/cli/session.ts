import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import type { Ablation } from '../circuit/run-identity.js';
import { behaviourWarnings } from '../evaluate/task-behaviour.js';
import type { LoadedModel } from '../model/load-model.js';
import { thisMachine } from '../node/card/machine.js';
import { openEngine, openModelByName, type DeviceOptions, type OpenedModel } from '../node/open.js';
import { openTaskFile } from '../node/open-files.js';
import { openTaskReader } from '../node/reading/open-task-reader.js';
import type { Engine } from '../run/engine.js';
import { DEFAULTS, type MeanOver } from '../run/options.js';
import type { ReaderOptions, TaskReader } from '../run/task-reader.js';
import type { MetricName } from '../readout/metrics.js';
import type { ReadTask, TaskFile } from '../task/load-task.js';
import { emptyPairs, tellRemarks } from '../task/remarks.js';
import type { BosOption } from '../task/tokenizer.js';
import type { Task } from '../task/types.js';
import type { ModelFlags } from './options/options.js';
import { readerOptions, type RowFlags } from './options/row-options.js';
import { cardWarning } from './report/card-report.js';
import { ByteBar, note, progressBar } from './report/progress.js';
import { firstPrompt } from './report/prompt-line.js';

/** The model that `--model` names. A download shows its progress, and so does reading a large model. */
export async function openModelArgument({
  model,
  ignoreConfig,
  weights,
  kvPorts,
}: Pick<ModelFlags, 'model' | 'ignoreConfig' | 'weights' | 'kvPorts'>): Promise<OpenedModel> {
  const argument = required(model, '--model');
  for (const key of ignoreConfig ?? []) note(`note: ${quote(key)} of config.json is ignored`);
  const downloading = progressBar(`downloading ${argument}`);
  const reading = new ByteBar(`reading ${argument}`);
  try {
    const opened = await openModelByName(argument, {
      onDownload: ({ file, bytes, total }) => downloading.update(bytes, total, file),
      onRead: reading.show,
      ...(ignoreConfig && { ignoreConfig }),
      ...(weights && { weights }),
      ...(kvPorts && { kvPorts }),
    });
    for (const remark of opened.model.remarks ?? []) note(`note: ${opened.model.name}: ${remark}`);
    return opened;
  } finally {
    downloading.stop();
    reading.stop();
  }
}

/** Reads tasks by name or path, in the tokens of one model. */
export interface NamedTaskReader extends Pick<TaskReader, 'tokenizer' | 'tokenText'> {
  read(task: string | TaskFile, options?: ReaderOptions): Promise<Task>;
  /** Row by row: what is accepted and what is refused. */
  check(file: TaskFile, options?: ReaderOptions): Promise<ReadTask>;
}

/** What is to be known of the tokenizer is told. */
export async function namedTaskReader({ model, directory }: OpenedModel, bos: BosOption): Promise<NamedTaskReader> {
  const { read, check, tokenizer, refused, tokenText } = await openTaskReader({ model, directory }, bos);
  for (const remark of tokenizer?.notes ?? []) note(`note: ${remark}`);
  return {
    async read(argument, options) {
      const task = await read(typeof argument === 'string' ? await openTaskFile(argument) : argument, options);
      if (refused) note(`note: ${task.name} is in ids and can be read without the tokenizer: ${refused.message}`);
      return task;
    },
    check,
    tokenizer,
    tokenText,
  };
}

/** How the rows of a task are read and measured. */
export interface PromptFlags extends RowFlags {
  readonly task: string | TaskFile;
  readonly metric?: MetricName | undefined;
  readonly ablation?: Ablation | undefined;
}

/** The prompts of a task that flags choose. What their author should know is told. */
export async function readPrompts(reader: NamedTaskReader, flags: PromptFlags): Promise<Task> {
  const { metric, ablation = DEFAULTS.ablation } = flags;
  const task = await reader.read(flags.task, { ...readerOptions(flags), metric });
  const empty = ablation === 'resample' ? tellRemarks(emptyPairs(task.pairs), task.pairs.length) : [];
  for (const remark of [...(task.remarks ?? []), ...empty]) note(`note: ${task.name}: ${remark}`);
  return task;
}

/**
 * Prompts of the same task that come after those of `task`.
 *
 * @throws EdgewiseError of kind task where there are fewer.
 */
export async function readOtherPrompts(
  reader: NamedTaskReader,
  flags: PromptFlags,
  { pairs, skip, reading }: Task,
  prompts: number,
): Promise<Task> {
  const used = skip + pairs.length + (reading?.dropped ?? 0);
  return reader.read(flags.task, { ...readerOptions({ ...flags, prompts, skip: used }), metric: flags.metric });
}

/** Tells the first prompt token by token, so that a token that nobody meant is seen before a run. Ids say nothing. */
export function tellPrompt(task: Task): void {
  if (task.pairs[0]?.texts !== undefined) note(`prompt 1: ${firstPrompt(task)}`);
}

/** Warns before a search where the model does not do the task, or the corruption changes nothing. */
export async function warnOfTask(engine: Engine, task: Task): Promise<void> {
  for (const warning of behaviourWarnings(await engine.behaviour(task))) note(`warning: ${warning}`);
}

/**
 * What `--mean-over` names: `clean` (the default), `corrupted`, or a task file. Only mean ablations have one.
 *
 * @param rows how the fields of the task are read; the file is read likewise.
 */
export async function readMeanOver(
  reader: NamedTaskReader,
  argument: string | undefined,
  ablation: Ablation,
  rows: RowFlags,
): Promise<MeanOver> {
  if (argument === undefined) return 'clean';
  if (!ablation.startsWith('mean')) {
    throw new EdgewiseError('usage', '--mean-over', `is for mean ablations, the ablation is ${ablation}`);
  }
  return argument === 'clean' || argument === 'corrupted'
    ? argument
    : reader.read(argument, {
        // Every row counts, and no metric reads an answer.
        ...readerOptions({ ...rows, prompts: undefined, skip: undefined }),
        answers: 'first-token',
      });
}

/**
 * Opens devices and an engine for the length of `use`. They are closed whatever happens. Loading a large model shows
 * its progress.
 */
export async function withEngine<T>(
  model: LoadedModel,
  options: DeviceOptions,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const loading = new ByteBar('loading weights');
  const opened = await openEngine(model, { ...options, onLoad: loading.show }).finally(loading.stop);
  const { engine, software, close } = opened;
  try {
    const warning = cardWarning({ software, adapter: engine.gpu.adapter }, options, thisMachine());
    if (warning !== undefined) note(warning);
    const result = await use(engine);
    engine.check();
    return result;
  } finally {
    await close();
  }
}

/**
 * The value of an option that a command cannot do without.
 *
 * @throws EdgewiseError of kind usage that names the option.
 */
export function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new EdgewiseError('usage', option, 'is needed');
  return value;
}
