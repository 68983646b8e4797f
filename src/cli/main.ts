#!/usr/bin/env node
import { withoutNativeOutput } from '../node/native-output.js';

process.exitCode = await withoutNativeOutput(async () => {
  process.stdout.on('error', endWithoutReader);
  const { run } = await import('./program.js');
  return run(process.argv.slice(2));
});

/** A reader that has seen enough (`| head`) ends the program quietly, as the signal SIGPIPE would. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(141);
  process.stderr.write(`error: standard output: cannot be written (${error.code ?? error.message})\n`);
  process.exit(1);
}
