#!/usr/bin/env node
import { withoutNativeOutput } from '../node/native-output.js';

process.exitCode = await withoutNativeOutput(async () => {
  const { run } = await import('./program.js');
  return run(process.argv.slice(2));
});
