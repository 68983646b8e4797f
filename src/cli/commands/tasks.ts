import { Command, Option } from 'commander';
import { builtinTaskFile, builtinTasks } from '../../task/builtin/index.js';
import { formatJsonl } from '../../task/formats/jsonl.js';
import { readTaskRows } from '../../task/load-task.js';
import { jsonOption } from '../options/options.js';
import { table } from '../report/text-report.js';

export function tasksCommand(): Command {
  return new Command('tasks')
    .description('List the shipped tasks, or print one as a file to start your own from.')
    .argument('[name]', 'task to print')
    .addOption(
      new Option('--as <form>', 'form in which to print it').choices(['template', 'jsonl']).default('template'),
    )
    .addOption(jsonOption().default(false))
    .action(tasks);
}

async function tasks(
  name: string | undefined,
  options: { readonly as: string; readonly json: boolean },
): Promise<void> {
  if (name !== undefined) {
    const file = builtinTaskFile(name);
    const text =
      options.as === 'template'
        ? new TextDecoder().decode(file.bytes)
        : formatJsonl((await readTaskRows(file, { tokenizer: null })).map(({ row }) => row));
    process.stdout.write(text);
    return;
  }
  const list = [...builtinTasks].map(([task, template]) => ({ name: task, about: template.description ?? '' }));
  process.stdout.write(
    options.json ? `${JSON.stringify(list)}\n` : `${table(list.map((task) => [task.name, task.about])).join('\n')}\n`,
  );
}
