// npm test: set-up, every static check, all tests. Runs all of them whatever fails, and ends with one line that counts
// checks and tests together: 'N passed, N failed'.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (/** @type {string[]} */ ...path) => join(root, 'node_modules', ...path);

/** Name of the check, program and arguments for node. */
const CHECKS = [
  ['set-up', join(root, 'scripts/setup.mjs'), '--test'],
  ['embedded kernels are current', join(root, 'scripts/embed-kernels.mjs'), '--check'],
  ['types of tests and scripts', bin('typescript/bin/tsc'), '-p', 'tsconfig.test.json'],
  ['types of the viewer', bin('typescript/bin/tsc'), '-p', 'tsconfig.viewer.json'],
  ['lint', bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'],
  ['width of comments', join(root, 'scripts/lint-comments.mjs')],
  ['format', bin('oxfmt/bin/oxfmt'), '--check'],
];

let passed = 0;
let failed = 0;

for (const [name = '', ...args] of CHECKS) {
  const ok = runNode(args) === 0;
  console.log(`${ok ? 'pass' : 'FAIL'}: ${name}`);
  if (ok) passed += 1;
  else failed += 1;
}

const folder = mkdtempSync(join(tmpdir(), 'edgewise-test-'));
try {
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = runNode([bin('vitest/vitest.mjs'), 'run', ...reporters, ...process.argv.slice(2)]);
  const counts = countTests(report);
  for (const skip of counts.skips) console.log(`skipped: ${skip}`);
  passed += counts.passed;
  // Errors outside of tests fail the run without failing a test.
  failed += counts.failed === 0 && status !== 0 ? 1 : counts.failed;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * @param {readonly string[]} args
 * @returns {number | null} exit status
 */
function runNode(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status;
}

/**
 * Counts of vitest's JSON report. A file that fails to load counts as one failure; no report counts as nothing.
 *
 * @param {string} file
 */
function countTests(file) {
  /** @type {{ name: string, status: string, assertionResults: { status: string, fullName: string }[] }[]} */
  let files;
  try {
    files = JSON.parse(readFileSync(file, 'utf8')).testResults;
  } catch {
    files = [];
  }
  const tests = files.flatMap((one) => one.assertionResults);
  const unloaded = files.filter(
    (one) => one.status === 'failed' && !one.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: tests.filter((test) => test.status === 'failed').length + unloaded.length,
    skips: tests.filter((test) => !['passed', 'failed'].includes(test.status)).map((test) => test.fullName),
  };
}
