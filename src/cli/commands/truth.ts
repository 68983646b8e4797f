import { Command, Option } from 'commander';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { createCircuit } from '../../circuit/circuit.js';
import { CIRCUIT_WRITERS } from '../../files/index.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { assertOutput } from '../../node/output.js';
import { assertFolder } from '../../node/writable-folder.js';
import { construct, type Constructed } from '../../truth/construct.js';
import { RECIPES } from '../../truth/recipes/index.js';
import { withClaims } from '../folder/claimed-folders.js';
import { count, jsonOption, MAX_SEED, nonEmpty } from '../options/options.js';
import { shellPath } from '../report/shell-word.js';
import { table } from '../report/text-report.js';

interface Options {
  readonly out?: string;
  readonly seed: number;
  readonly force: boolean;
  readonly json: boolean;
}

export function truthCommand(): Command {
  return new Command('truth')
    .description(
      'List the models whose circuits are known by construction, or write one with its task and its circuit.',
    )
    .argument('[name]', 'model to write')
    .addOption(new Option('--out <folder>', 'where to').argParser(nonEmpty).default(undefined, 'a folder of its name'))
    .addOption(
      new Option('--seed <n>', 'of the random nodes beside the circuit, and of the prompts')
        .argParser(count(0, MAX_SEED))
        .default(1),
    )
    .option('--force', 'write into a folder that is not empty', false)
    .addOption(jsonOption().default(false))
    .addHelpText('after', '\nExamples:\n  edgewise truth\n  edgewise truth or-gate --out or-gate')
    .action(truth);
}

async function truth(name: string | undefined, options: Options): Promise<void> {
  if (name === undefined) {
    list(options.json);
    return;
  }
  const made = await construct(name, options.seed);
  const { out = name } = options;
  const files = filesOf(made);
  await refuseFull(out, options.force);
  await assertFolder(out);
  for (const file of files.keys()) await assertOutput(join(out, file));
  await withClaims([out], async () => {
    for (const [file, contents] of files) await writeFileAtomically(join(out, file), contents);
  });
  const { recipe, task, truth: edges } = made;
  const paths = [...files.keys()].map((file) => join(out, file));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...summary(recipe), files: paths })}\n`);
    return;
  }
  const { additionEdges } = edges.topology;
  const run = `--model ${shellPath(out)} --task ${shellPath(join(out, TASK_FILE))} --metric ${recipe.metric}`;
  process.stdout.write(
    `${[
      `${name}: ${recipe.about}`,
      `  ${recipe.edges.length} of ${additionEdges} edges are true; ${task.pairs.length} prompt pairs`,
      'files written',
      ...paths.map((path) => `  ${path}`),
      `look for it: edgewise discover ${run}`,
      `measure it: edgewise evaluate ${run} --circuit ${shellPath(join(out, CIRCUIT_FILE))}`,
    ].join('\n')}\n`,
  );
}

const TASK_FILE = 'task.jsonl';
const CIRCUIT_FILE = 'circuit.json';

/** The model's folder as it stands, the task, and the true edges as a circuit. */
function filesOf({ files, taskFile, truth: kept, model }: Constructed): ReadonlyMap<string, string | Uint8Array> {
  const { topology } = kept;
  const circuit = createCircuit({
    topology,
    width: model.spec.width,
    kept,
    effects: new Float64Array(topology.edgeCount).fill(Number.NaN),
    steps: new Int32Array(topology.edgeCount).fill(-1),
    untestedRemovals: [],
    directTested: false,
    provenance: null,
  });
  return new Map<string, string | Uint8Array>([
    ...files,
    [TASK_FILE, taskFile.bytes],
    [CIRCUIT_FILE, CIRCUIT_WRITERS.json(circuit)],
  ]);
}

async function refuseFull(folder: string, force: boolean): Promise<void> {
  const there = await readdir(folder).catch(() => []);
  if (there.length === 0 || force) return;
  throw new EdgewiseError('usage', folder, 'is not empty; use --force to write into it, or another --out');
}

function list(json: boolean): void {
  const lines = json
    ? [JSON.stringify(RECIPES.map(summary))]
    : table(RECIPES.map(({ name, metric, edges, about }) => [name, metric, `${edges.length} true edges`, about]));
  process.stdout.write(`${lines.join('\n')}\n`);
}

function summary({ name, about, metric, edges, alternatives }: Constructed['recipe']): object {
  return { name, about, metric, true_edges: edges, alternatives };
}
