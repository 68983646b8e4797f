// Makes this checkout ready to run: packages, build, and a WebGPU adapter. Does only what is missing, so that every
// command can call it first. Plain Node without packages, because it is what installs them.
//
//   --test             also the programs that only tests use; a missing adapter is told, and the tests on it will fail
//   --quiet            say nothing when nothing is to do; a missing adapter is left to the command that needs one
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureAdapter } from './setup/adapter.mjs';
import { ensureBuild } from './setup/build.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { say, SetupError } from './setup/process.mjs';
import { ensureTestTools } from './setup/test-tools.mjs';

const OLDEST_NODE = [20, 19];

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetupError(`Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}`);
}

function main() {
  checkNode();
  const { values } = parseArgs({ options: { test: { type: 'boolean' }, quiet: { type: 'boolean' } } });
  const root = fileURLToPath(new URL('..', import.meta.url));
  ensurePackages(root);
  ensureBuild(root);
  try {
    const adapter = ensureAdapter();
    if (!values.quiet) say(`ready; WebGPU adapter: ${adapter}`);
  } catch (error) {
    if (!(error instanceof SetupError) || !(values.test || values.quiet)) throw error;
    if (values.test) say(error.message);
  }
  if (values.test) ensureTestTools();
}

try {
  main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`error: setup: ${error.message}\n`);
  process.exitCode = 1;
}
