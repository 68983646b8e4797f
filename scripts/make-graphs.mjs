// Finds circuits of the shipped models and writes them to graphs/: npm run graphs.
// Names: <model>.<task>.<method>.json, .gexf, .details.json and .trace.jsonl. The same machine writes the same bytes
// again.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CIRCUITS = {
  'tasks-4l': ['ioi', 'greater-than', 'induction', 'gendered-pronoun', 'docstring', 'agreement'],
  'tasks-4l-llama': ['ioi', 'greater-than', 'gendered-pronoun'],
};
const METHOD = 'acdc';
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
  for (const [model, task] of Object.entries(CIRCUITS).flatMap(([name, tasks]) => tasks.map((each) => [name, each]))) {
    const out = join(folder, `${model}.${task}`);
    const args = ['discover', '--model', model, '--task', task, '--method', METHOD, ...OPTIONS, '--out', out];
    const { status } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { stdio: 'inherit' });
    if (status !== 0) process.exit(1);
    for (const [file, ending] of Object.entries(ENDINGS)) {
      copyFileSync(join(out, file), join(graphs, `${model}.${task}.${METHOD}.${ending}`));
    }
    draw(`${model}.${task}.${METHOD}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * A picture beside the files where Graphviz is installed; nothing else needs it.
 *
 * @param {string} name of the circuit's files, without their endings.
 */
function draw(name) {
  const file = join(graphs, name);
  const dot = spawnSync(process.execPath, [
    join(root, 'dist/cli/main.js'),
    'export',
    `${file}.json`,
    '--format',
    'dot',
  ]);
  spawnSync('dot', ['-Tsvg', '-o', `${file}.svg`], { input: dot.stdout });
}
