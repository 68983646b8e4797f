// Finds the circuits of the shipped model for every shipped task and writes them to graphs/: npm run graphs.
// Names: <model>.<task>.<method>.json, .gexf, .details.json and .trace.jsonl. The same machine writes the same bytes
// again.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODEL = 'tasks-4l';
const METHOD = 'acdc';
const TASKS = ['ioi', 'greater-than', 'induction', 'gendered-pronoun', 'docstring', 'agreement'];
const OPTIONS = ['--prompts', '32', '--metric', 'kl', '--threshold', '0.01', '--details'];
const ENDINGS = {
  'circuit.json': 'json',
  'circuit.gexf': 'gexf',
  'details.json': 'details.json',
  'trace.jsonl': 'trace.jsonl',
};

const root = fileURLToPath(new URL('..', import.meta.url));
const graphs = join(root, 'graphs');
mkdirSync(graphs, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'edgewise-graphs-'));
try {
  for (const task of TASKS) {
    const out = join(folder, task);
    const args = ['discover', '--model', MODEL, '--task', task, '--method', METHOD, ...OPTIONS, '--out', out];
    const { status } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { stdio: 'inherit' });
    if (status !== 0) process.exit(1);
    for (const [file, ending] of Object.entries(ENDINGS)) {
      copyFileSync(join(out, file), join(graphs, `${MODEL}.${task}.${METHOD}.${ending}`));
    }
    draw(task);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * A picture beside the files where Graphviz is installed; nothing else needs it.
 *
 * @param {string} task
 */
function draw(task) {
  const file = join(graphs, `${MODEL}.${task}.${METHOD}`);
  const dot = spawnSync(process.execPath, [
    join(root, 'dist/cli/main.js'),
    'export',
    `${file}.json`,
    '--format',
    'dot',
  ]);
  spawnSync('dot', ['-Tsvg', '-o', `${file}.svg`], { input: dot.stdout });
}
