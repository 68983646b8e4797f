import { EdgewiseError } from '../base/errors.js';
import type { ModelDirectory } from '../checkpoint/byte-source.js';
import type { Ablation } from '../circuit/run-identity.js';
import { Engine } from '../run/engine.js';
import type { MeanOver } from '../run/identity.js';
import type { TokenText } from '../inspect/circuit-details.js';
import { openModel, type LoadedModel } from '../model/load-model.js';
import type { Tuning } from '../gpu/product/choose-tile.js';
import { openDevice, type OpenDevice } from '../node/device.js';
import { openModelDirectory } from '../node/model-directory.js';
import { resolveModel } from '../node/model-location.js';
import { openTaskFile, openTokenizer } from '../node/open-files.js';
import { deviceTuning } from '../node/tuning-store.js';
import { loadTask } from '../task/load-task.js';
import { takePrompts } from '../task/take-prompts.js';
import type { BosMode } from '../task/tokenizer.js';
import type { Task } from '../task/types.js';
import type { ModelOptions } from './options/options.js';
import { progressBar } from './report/progress.js';

/** A model as a command opened it: files checked, nothing on a device yet. */
export interface OpenedModel {
  readonly model: LoadedModel;
  readonly directory: ModelDirectory;
}

export async function openModelArgument(argument: string): Promise<OpenedModel> {
  const bar = progressBar(`downloading ${argument}`);
  try {
    const location = await resolveModel(argument, {
      onProgress: ({ file, bytes, total }) => bar.update(bytes, total, file),
    });
    const directory = await openModelDirectory(location.directory);
    const model = await openModel(directory);
    return { model: { ...model, name: location.name }, directory };
  } finally {
    bar.stop();
  }
}

/** Tasks in the tokens of one model. */
export interface TaskReader {
  read(argument: string): Promise<Task>;
  /** Text of a token by its id; undefined without a tokenizer. */
  readonly tokenText: TokenText | undefined;
}

export async function taskReader({ model, directory }: OpenedModel, bos: BosMode): Promise<TaskReader> {
  const tokenizer = await openTokenizer(directory, model.spec, bos);
  const { vocab, maxPositions } = model.spec;
  return {
    read: async (argument) => loadTask(await openTaskFile(argument), { tokenizer, vocab, maxPositions }),
    tokenText: tokenizer === null ? undefined : (id) => tokenizer.tokenText(id),
  };
}

export async function readPrompts(
  reader: TaskReader,
  options: { readonly task: string; readonly prompts?: number | undefined; readonly skip?: number | undefined },
): Promise<Task> {
  return takePrompts(await reader.read(options.task), options.prompts, options.skip);
}

/** What `--mean-over` names: `clean` (the default), `corrupted`, or a task file. Only mean ablations have one. */
export async function readMeanOver(
  reader: TaskReader,
  argument: string | undefined,
  ablation: Ablation,
): Promise<MeanOver> {
  if (argument === undefined) return 'clean';
  if (!ablation.startsWith('mean')) {
    throw new EdgewiseError('usage', '--mean-over', `is for mean ablations, the ablation is ${ablation}`);
  }
  return argument === 'clean' || argument === 'corrupted' ? argument : reader.read(argument);
}

/** What suits the device: as stored, or else measured and stored; the tile as told. */
export async function tuningOf(open: OpenDevice, tile: ModelOptions['tile']): Promise<Tuning> {
  const tuning = await deviceTuning(open);
  return tile === undefined ? tuning : { ...tuning, tile };
}

/** Opens the device and the engine for the length of `use`; both are closed whatever happens. */
export async function withEngine<T>(
  model: LoadedModel,
  { adapter, memory, tile }: Pick<ModelOptions, 'adapter' | 'memory' | 'tile'>,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const open = await openDevice(adapter === undefined ? {} : { adapterName: adapter });
  try {
    const engine = await Engine.create({
      device: open.device,
      adapter: open.adapter,
      wait: open.wait,
      model,
      tuning: await tuningOf(open, tile),
      ...(memory === undefined ? {} : { memoryBudget: memory * 1e9 }),
    });
    try {
      const result = await use(engine);
      engine.gpu.check();
      return result;
    } finally {
      engine.dispose();
    }
  } finally {
    await open.close();
  }
}

/** Options as commander gives them, or an error that names the one missing. */
export function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new EdgewiseError('usage', option, 'is needed');
  return value;
}
