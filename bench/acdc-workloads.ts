import { openModel, type LoadedModel } from '../src/model/load-model.js';
import { openModelDirectory } from '../src/node/model-directory.js';
import { resolveModel } from '../src/node/model-location.js';
import { openTaskFile } from '../src/node/open-files.js';
import { openTokenizer } from '../src/run/task-reader.js';
import { loadTask } from '../src/task/load-task.js';
import { takePrompts } from '../src/task/take-prompts.js';
import type { Task } from '../src/task/types.js';
import { plantedModel, plantedTask } from './planted/planted-model.js';
import { PLANTED_SEARCHES, PLANTED_SEED, PROMPT_SEED, PROMPTS } from './planted/searches.js';
import { GPT2_SMALL } from './planted/shapes.js';
import type { SearchOptions } from './search-run.js';

interface Opened {
  readonly model: LoadedModel;
  readonly task: Task;
}

/** One search to measure. */
export interface Workload {
  readonly name: string;
  /** Takes seconds, not minutes, on a software adapter. */
  readonly quick: boolean;
  readonly options: SearchOptions;
  open(): Promise<Opened>;
}

const OPTIONS = {
  ablation: 'resample',
  input: 'token',
  absolute: false,
  senderHeads: 'descending',
  directEdges: false,
} as const;

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'tasks-4l ioi, kl 0.01',
    quick: true,
    options: { ...OPTIONS, metric: 'kl', threshold: 0.01 },
    open: () => openFromFolder('tasks-4l', 'ioi'),
  },
  {
    name: 'share4l ioi, kl 0.05, direct edges',
    quick: true,
    options: { ...OPTIONS, metric: 'kl', threshold: 0.05, directEdges: true },
    open: () => openFromFolder('test/golden/share4l', 'test/golden/share4l/ioi.jsonl'),
  },
  ...PLANTED_SEARCHES.map(({ metric, threshold, least, most }): Workload => {
    return {
      name: `gpt2-small planted, ${metric} ${threshold}, ${least} to ${most} edges`,
      quick: false,
      options: { ...OPTIONS, metric, threshold },
      open: openPlanted,
    };
  }),
];

/** As `edgewise discover` opens them. Paths are relative to the repository. */
export async function openFromFolder(name: string, taskName: string, prompts = 16): Promise<Opened> {
  const directory = await openModelDirectory((await resolveModel(name)).directory);
  const model = await openModel(directory);
  const tokenizer = await openTokenizer(directory, model.spec, 'auto');
  const task = await loadTask(await openTaskFile(taskName), { ...model.spec, tokenizer });
  return { model, task: takePrompts(task, prompts) };
}

/** GPT-2 small's shape with planted weights. */
export async function openPlanted(): Promise<Opened> {
  const planted = await plantedModel(GPT2_SMALL, PLANTED_SEED);
  return { model: planted.model, task: await plantedTask(planted, PROMPTS, PROMPT_SEED) };
}
