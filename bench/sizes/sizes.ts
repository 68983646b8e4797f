import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../src/node/tuning-store.js';
import type { Row } from '../row.js';
import { runStage, type StageRun } from './run-stage.js';
import { SIZED_MODELS, sizedModel } from './shapes.js';
import { writeCheckpoint, type WrittenCheckpoint } from './write-checkpoint.js';

/** The bundle lies in node_modules, two levels down. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = join(ROOT, 'dist/bin/edgewise.js');
const TESTS = 20;
const EDGES = 1000;

interface Stage {
  readonly name: string;
  run(checkpoint: WrittenCheckpoint): Promise<StageRun>;
  /** What the run says beside its costs. */
  figures?(stdout: string): Omit<Row, 'name'>;
}

interface Info {
  readonly adapter: string;
  readonly model: { readonly edges: number; readonly weight_bytes: number };
  readonly plan: { readonly bytes: number };
  readonly gradient_plan: { readonly bytes: number };
}

const of = ({ folder, task }: WrittenCheckpoint): string[] => ['--model', folder, '--task', task];
const edgewise = (args: readonly string[], isDone?: () => boolean): Promise<StageRun> =>
  runStage(PROGRAM, args, isDone);

const STAGES: readonly Stage[] = [
  { name: 'info', run: (at) => edgewise(['info', ...of(at), '--json']), figures: planned },
  { name: 'check-task', run: (at) => edgewise(['check-task', ...of(at)]) },
  { name: 'eap-ig-inputs', run: scored },
  { name: `acdc, ${TESTS} tests`, run: searched },
  { name: `evaluate ${EDGES} edges`, run: evaluated },
];

function planned(stdout: string): Omit<Row, 'name'> {
  const { model, plan, gradient_plan: gradients } = JSON.parse(stdout) as Info;
  return {
    edges: model.edges,
    'weights MB': model.weight_bytes / 1e6,
    'planned MB': plan.bytes / 1e6,
    'planned MB of gradients': gradients.bytes / 1e6,
  };
}

const scoresOf = ({ folder }: WrittenCheckpoint): string => join(folder, 'scores');

function scored(at: WrittenCheckpoint): Promise<StageRun> {
  const how = ['--method', 'eap-ig-inputs', '--steps', '5', '--out', scoresOf(at), '--force'];
  return edgewise(['attribute', ...of(at), ...how]);
}

/** A search that is ended once its journal holds so many tests. */
function searched(at: WrittenCheckpoint): Promise<StageRun> {
  const out = join(at.folder, 'search');
  const journal = join(out, 'search.jsonl');
  const how = ['--metric', 'kl', '--threshold', '0.01', '--out', out, '--force'];
  // Its first line is no test, and its last one may be half written.
  const tests = (): number => (existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 2 : 0);
  return edgewise(['discover', ...of(at), ...how], () => tests() >= TESTS);
}

/** The strongest edges by the scores, which are made where they are not there. */
async function evaluated(at: WrittenCheckpoint): Promise<StageRun> {
  const scores = join(scoresOf(at), 'scores.json');
  if (!existsSync(scores)) await scored(at);
  const circuit = join(at.folder, 'circuit.json');
  const choice = ['--select', `top:${EDGES}`, '--format', 'json', '--sparse', '--out', circuit];
  await edgewise(['export', scores, ...choice]);
  return edgewise(['evaluate', circuit, ...of(at)]);
}

/**
 * Seconds and memory of the command line at the sizes of published models, with random weights of theirs. The
 * checkpoints stay in the user's cache: 9 GB for all of them.
 *
 * @param only a part of the name of a row, such as `qwen` or `llama-3.2-1b, info`.
 */
export async function benchSizes(only: string, onRow: (row: Row) => void): Promise<void> {
  for (const name of SIZED_MODELS) {
    const stages = STAGES.filter((stage) => `${name}, ${stage.name}`.includes(only));
    if (stages.length === 0) continue;
    const checkpoint = await writeCheckpoint(join(cacheFolder(), 'bench', name), sizedModel(name, ROOT));
    for (const stage of stages) {
      const { seconds, peak, stdout } = await stage.run(checkpoint);
      onRow({ name: `${name}, ${stage.name}`, seconds, 'peak MB': peak, ...stage.figures?.(stdout) });
    }
  }
}

/** The adapter that the command line uses. */
export async function adapterOfSizes(): Promise<string> {
  const { stdout } = await edgewise(['info', '--json']);
  return (JSON.parse(stdout) as Info).adapter;
}
