import { Command, CommanderError } from 'commander';
import { EdgewiseError } from '../base/errors.js';
import { VERSION } from '../version.js';
import { checkCommand } from './commands/check.js';
import { discoverCommand } from './commands/discover.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { infoCommand } from './commands/info.js';
import { modelsCommand } from './commands/models.js';
import { tasksCommand } from './commands/tasks.js';

/** Every command; a further one is a file in commands/ and a line here. */
const COMMANDS = [
  discoverCommand,
  evaluateCommand,
  exportCommand,
  infoCommand,
  checkCommand,
  tasksCommand,
  modelsCommand,
];

/**
 * Runs the command line.
 *
 * @param args arguments after the program's name.
 * @returns the exit status: 0, or 1 after an error, whose message is then the last line on stderr.
 */
export async function run(args: readonly string[]): Promise<number> {
  const program = new Command('edgewise')
    .description('Finds circuits in transformer language models: which heads and MLPs, and which edges between them, carry a behaviour.')
    .version(VERSION)
    .showSuggestionAfterError(false)
    .exitOverride();
  for (const command of COMMANDS) program.addCommand(command().copyInheritedSettings(program));
  try {
    if (args.length === 0) program.help();
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode; // commander has printed its own message
    process.stderr.write(`error: ${describe(error)}\n`);
    return 1;
  }
}

/** One line. Errors that nobody foresaw keep their kind, so that a report of them is of use. */
function describe(error: unknown): string {
  if (error instanceof EdgewiseError) return error.message.replace(/\s*\n\s*/g, ' ');
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `unexpected ${text.replace(/\s*\n\s*/g, ' ')}`;
}
