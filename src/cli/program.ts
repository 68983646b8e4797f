import { Command, CommanderError, type Option } from 'commander';
import { VERSION } from '../version.js';
import { attributeCommand } from './commands/attribute.js';
import { checkCommand } from './commands/check.js';
import { checkTaskCommand } from './commands/check-task.js';
import { discoverCommand } from './commands/discover.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { importCommand } from './commands/import.js';
import { infoCommand } from './commands/info.js';
import { inspectCommand } from './commands/inspect.js';
import { lensCommand } from './commands/lens.js';
import { knockoutCommand } from './commands/knockout.js';
import { modelsCommand } from './commands/models.js';
import { combineCommand } from './commands/combine.js';
import { patchPathCommand } from './commands/patch-path.js';
import { stabilityCommand } from './commands/stability.js';
import { tasksCommand } from './commands/tasks.js';
import { traceCommand } from './commands/trace.js';
import { truthCommand } from './commands/truth.js';
import { viewCommand } from './commands/view.js';
import { errorLine } from './report/error-line.js';

/** Every command; a further one is a file in commands/ and a line here. */
const COMMANDS = [
  discoverCommand,
  attributeCommand,
  evaluateCommand,
  inspectCommand,
  lensCommand,
  stabilityCommand,
  combineCommand,
  traceCommand,
  patchPathCommand,
  knockoutCommand,
  exportCommand,
  importCommand,
  viewCommand,
  infoCommand,
  checkTaskCommand,
  checkCommand,
  tasksCommand,
  modelsCommand,
  truthCommand,
];

/**
 * Runs the command line.
 *
 * @param args arguments after the program's name.
 * @returns the exit status: 0, or 1 after an error, whose message is then the last line on stderr.
 */
export async function run(args: readonly string[]): Promise<number> {
  const program = new Command('edgewise')
    .description(
      'Finds circuits in transformer language models: which heads and MLPs, and which edges between them, carry a behaviour.',
    )
    .version(VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'Show the options of a command.')
    .configureHelp({ optionDescription })
    .showSuggestionAfterError(false)
    .exitOverride();
  for (const command of COMMANDS) program.addCommand(command().copyInheritedSettings(program));
  try {
    if (args.length === 0) program.help();
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message. Only for `help` of an unknown command it has printed the help alone.
      if (error.code === 'commander.help' && error.exitCode !== 0) process.stderr.write('error: unknown command\n');
      return error.exitCode;
    }
    process.stderr.write(`error: ${errorLine(error)}\n`);
    return 1;
  }
}

/** `what is measured (kl, nll; default: kl)`. Flags have no default in the help: they are off. */
function optionDescription({ description, argChoices, defaultValue, defaultValueDescription }: Option): string {
  const remarks = argChoices ? [argChoices.join(', ')] : [];
  const isFlag = typeof defaultValue === 'boolean';
  const byDefault =
    defaultValueDescription ?? (isFlag || defaultValue === undefined ? undefined : String(defaultValue));
  if (byDefault !== undefined) remarks.push(`default: ${byDefault}`);
  return remarks.length > 0 ? `${description} (${remarks.join('; ')})` : description;
}
