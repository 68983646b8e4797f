// Prints the README's comparison of methods on the shipped model's tasks: circuits of as many edges as ACDC keeps,
// found on the first prompts and measured on others. Takes some minutes. node scripts/compare-methods.mjs [task ...]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/bin/edgewise.js', import.meta.url));
const MODEL = 'tasks-4l';
const TASKS = ['ioi', 'greater-than', 'induction', 'gendered-pronoun', 'docstring', 'agreement'];
const PROMPTS = 32;
const OTHERS = 100;
const THRESHOLD = '0.01';

/** Options of each method; those that choose from scores take as many edges as ACDC kept. */
const METHODS = {
  acdc: ['--metric', 'kl', '--threshold', THRESHOLD],
  screened: ['--metric', 'kl', '--threshold', THRESHOLD],
  'eap-ig-inputs': ['--metric', 'kl'],
  'clean-corrupted': ['--metric', 'logit-diff'],
  eap: ['--metric', 'logit-diff'],
  'information-flow': ['--metric', 'kl', '--greedy'],
};

/**
 * @param {...string} args
 * @returns {any} what the command prints as JSON
 */
function edgewise(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args, '--json'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`edgewise ${args.join(' ')}: ${stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(stdout);
}

const folder = mkdtempSync(join(tmpdir(), 'edgewise-compare-'));
try {
  const tasks = process.argv.length > 2 ? process.argv.slice(2) : TASKS;
  console.log(`| method | ${tasks.join(' | ')} |\n|---|${tasks.map(() => '---|').join('')}`);
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const [method, options] of Object.entries(METHODS)) {
    const cells = tasks.map((task) => {
      const shared = ['--model', MODEL, '--task', task];
      const scores = method !== 'acdc' && method !== 'screened';
      const out = join(folder, `${task}.${method}`);
      const size = scores ? ['--edges', String(sizes[task])] : [];
      const chosen = [
        '--method',
        method,
        ...options,
        ...size,
        '--prompts',
        String(PROMPTS),
        '--no-details',
        '--out',
        out,
      ];
      const start = performance.now();
      const found = edgewise('discover', ...shared, ...chosen);
      const seconds = (performance.now() - start) / 1000;
      sizes[task] ??= found.kept;
      const held = ['--skip', String(PROMPTS), '--prompts', String(OTHERS), '--metric', 'kl', '--ablation', 'resample'];
      const { faithfulness } = edgewise('evaluate', ...shared, '--circuit', join(out, 'circuit.json'), ...held);
      console.error(`${task} ${method}: ${found.kept} edges, ${faithfulness}, ${seconds} s`);
      return `${found.kept}, ${faithfulness.toFixed(3)}, ${seconds.toFixed(1)} s`;
    });
    console.log(`| ${method} | ${cells.join(' | ')} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
