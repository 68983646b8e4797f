import { Command } from 'commander';
import { behaviourWarnings, type TaskBehaviour } from '../../evaluate/task-behaviour.js';
import { openTaskFile } from '../../node/open-files.js';
import { METRIC_NAMES } from '../../readout/metrics.js';
import { DEFAULTS } from '../../run/options.js';
import { emptyPairs, tellRemarks } from '../../task/remarks.js';
import type { Task } from '../../task/types.js';
import {
  adapterOption,
  ignoreConfigOption,
  jsonOption,
  memoryOption,
  metricOption,
  modelOption,
  promptOptions,
  taskOption,
  tileOption,
  weightsOption,
  type ModelFlags,
  type PatchingFlags,
  type TaskFlags,
} from '../options/options.js';
import { readerOptions } from '../options/row-options.js';
import { jsonTaskReport, textTaskReport } from '../report/task-report.js';
import { namedTaskReader, openModelArgument, required, withEngine } from '../session.js';

interface Flags extends ModelFlags, TaskFlags, Pick<PatchingFlags, 'metric'> {
  readonly json: boolean;
}

export function checkTaskCommand(): Command {
  const command = new Command('check-task')
    .description('Say of a task file what is accepted and what is refused, and whether the model does the task at all.')
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(taskOption())
    .addOption(metricOption(METRIC_NAMES, () => 'none: answers may be missing'));
  for (const option of promptOptions()) command.addOption(option);
  return command
    .addOption(adapterOption())
    .addOption(tileOption())
    .addOption(weightsOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      '\nExamples:\n  edgewise check-task --model tasks-4l --task ioi --prompts 16\n  edgewise check-task --model openai-community/gpt2 --task pairs.csv --columns clean=question,corrupted=other',
    )
    .action(checkTask);
}

async function checkTask(flags: Flags): Promise<void> {
  const taskArgument = required(flags.task, '--task');
  const opened = await openModelArgument(flags);
  const reader = await namedTaskReader(opened, flags.bos ?? DEFAULTS.bos);
  const file = await openTaskFile(taskArgument);
  const options = { ...readerOptions(flags), metric: flags.metric };
  const read = await reader.check(file, options);
  const good = read.verdicts.flatMap((verdict) => ('checked' in verdict ? [verdict.checked] : []));
  const pairs = good.map(({ pair }) => pair);
  const remarks = [...good.flatMap((row) => row.remarks), ...emptyPairs(pairs)]; // prettier-ignore
  const task: Task = { name: file.name, source: file.source, hash: '', pairs, skip: flags.skip ?? 0, tokenizer: null };
  const behaviour: TaskBehaviour | null =
    pairs.length === 0 ? null : await withEngine(opened.model, flags, (engine) => engine.behaviour(task));
  const report = {
    source: file.source,
    read,
    remarks: tellRemarks(remarks, pairs.length),
    behaviour,
    warnings: behaviour === null ? ['no row can be used'] : behaviourWarnings(behaviour),
    tokenText: reader.tokenText ?? ((id: number) => `#${id}`),
  };
  process.stdout.write(flags.json ? jsonTaskReport(report) : textTaskReport(report));
}
