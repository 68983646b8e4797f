#!/usr/bin/env node
import { withoutNativeOutput } from '../node/native-output.js';
import { systemReason } from '../node/system-error.js';
import { errorLine } from './report/error-line.js';

process.exitCode = await withoutNativeOutput(async () => {
  process.stdout.on('error', endWithoutReader);
  try {
    const { run } = await import('./program.js');
    return await run(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`error: ${errorLine(error)}\n`);
    return 1;
  }
});

/** A reader that has seen enough (`| head`) ends the program quietly, as the signal SIGPIPE would. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(141);
  process.stderr.write(`error: standard output: cannot be written: ${systemReason(error)}\n`);
  process.exit(1);
}
