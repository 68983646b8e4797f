// Finds circuits of the shipped models, runs the other instruments on one, and writes all of it to graphs/: npm run
// graphs.
// Names: <model>.<task>.<method>.json, .gexf, .details.json and .trace.jsonl. The same machine writes the same bytes
// again.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CIRCUITS = [
  ...['ioi', 'greater-than', 'induction', 'gendered-pronoun', 'docstring', 'agreement'].map((task) => ({
    model: 'tasks-4l',
    task,
    threshold: 0.01,
  })),
  { model: 'tasks-4l-llama', task: 'ioi', threshold: 0.02 },
  { model: 'tasks-4l-llama', task: 'greater-than', threshold: 0.01 },
  { model: 'tasks-4l-llama', task: 'gendered-pronoun', threshold: 0.01 },
];
/** What the other instruments find of a shipped task, by the name of the file. */
const RESULTS = {
  'causal-tracing': ['trace', '--prompts', '16', '--samples', '4'],
  patching: ['trace', '--patch', 'denoising', '--prompts', '4'],
  path: ['patch-path', '--senders', 'a0.h7', '--receivers', 'a1.h1,logits', '--prompts', '16'],
  knockout: ['knockout', '--prompts', '16'],
  lens: ['lens', '--prompts', '4', '--only', 'logit_lens,direct_attribution,head_detectors'],
};
const METHOD = 'acdc';
const OPTIONS = ['--prompts', '32', '--metric', 'kl', '--details'];
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
  for (const { model, task, threshold } of CIRCUITS) {
    const out = join(folder, `${model}.${task}`);
    const options = ['--method', METHOD, '--threshold', String(threshold), ...OPTIONS, '--out', out];
    run(['discover', '--model', model, '--task', task, ...options]);
    for (const [file, ending] of Object.entries(ENDINGS)) {
      copyFileSync(join(out, file), join(graphs, `${model}.${task}.${METHOD}.${ending}`));
    }
    draw(`${model}.${task}.${METHOD}`);
  }
  for (const [name, [command = '', ...options]] of Object.entries(RESULTS)) {
    const out = join(graphs, `tasks-4l.ioi.${name}.json`);
    run([command, '--model', 'tasks-4l', '--task', 'ioi', ...options, '--out', out]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Runs a command to its end, or ends with it.
 *
 * @param {readonly string[]} args
 */
function run(args) {
  const { status } = spawnSync(process.execPath, [join(root, 'dist/bin/edgewise.js'), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

/**
 * A picture beside the files where Graphviz is installed; nothing else needs it.
 *
 * @param {string} name of the circuit's files, without their endings.
 */
function draw(name) {
  const file = join(graphs, name);
  const dot = spawnSync(process.execPath, [
    join(root, 'dist/bin/edgewise.js'),
    'export',
    `${file}.json`,
    '--format',
    'dot',
  ]);
  spawnSync('dot', ['-Tsvg', '-o', `${file}.svg`], { input: dot.stdout });
}
