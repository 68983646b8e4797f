import { Command, Option } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import type { Provenance } from '../../circuit/circuit.js';
import type { Evaluation } from '../../run/engine.js';
import { checkRun, topologyOf, type MeanOver } from '../../run/identity.js';
import { METRIC_NAMES, type MetricName } from '../../readout/metrics.js';
import { neuronsLeftOut, openCircuit, readableFormats } from '../../files/index.js';
import { readCircuitText } from '../../node/open-files.js';
import type { Ablation, InputKind } from '../../circuit/run-identity.js';
import type { BosMode } from '../../task/tokenizer.js';
import {
  adapterOption,
  count,
  MAX_SEED,
  jsonOption,
  memoryOption,
  metricOption,
  modelOption,
  patchOptions,
  promptOptions,
  taskOption,
  tileOption,
  type ModelOptions,
  type PatchingOptions,
  type TaskOptions,
} from '../options/options.js';
import { note } from '../report/progress.js';
import {
  openModelArgument,
  readMeanOver,
  readPrompts,
  required,
  taskReader,
  withEngine,
  type TaskReader,
} from '../session.js';
import { counted, fixed, table, whole } from '../report/text-report.js';

interface Options extends ModelOptions, TaskOptions, PatchingOptions {
  readonly circuit: string;
  readonly seed: number;
  readonly json: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description("Measure a circuit: its metric beside the whole model's, the empty circuit's and a random circuit's.")
    .addOption(modelOption())
    .addOption(taskOption())
    .option('--circuit <file>', `the circuit, in a file of any format that is read: ${readableFormats()}`)
    .addOption(metricOption(METRIC_NAMES, orTheCircuits));
  for (const option of promptOptions(orTheCircuits)) command.addOption(option);
  for (const option of patchOptions(orTheCircuits)) command.addOption(option);
  return command
    .addOption(new Option('--seed <n>', 'seed of the random circuit').argParser(count(0, MAX_SEED)).default(0))
    .addOption(adapterOption())
    .addOption(tileOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      '\nOptions that are not given are those that the circuit was found with; where one\nthat is given differs, a note on stderr says so.',
    )
    .action(evaluate);
}

const orTheCircuits = (value: string): string => `the circuit's, or ${value}`;

async function evaluate(options: Options): Promise<void> {
  const path = required(options.circuit, '--circuit');
  const taskArgument = required(options.task, '--task');
  const opened = await openModelArgument(required(options.model, '--model'));
  const shape = { topology: topologyOf(opened.model), width: null };
  const { file, circuit } = openCircuit(await readCircuitText(path), path, { model: shape });
  const { kept } = circuit;
  const masked = neuronsLeftOut(file);
  if (masked !== undefined) throw new EdgewiseError('circuit', path, masked);
  const found = file.provenance;
  if (found && found.model.hash !== opened.model.hash) {
    note(`note: the circuit was found on another model, ${found.model.name}`);
  }

  const choose = chooser();
  const bos = choose<BosMode>('--bos', options.bos, found?.bos, 'auto');
  const reader = await taskReader(opened, bos);
  const { hash } = await reader.read(taskArgument);
  // Rows of another task file mean nothing here.
  const rows = found && found.task.hash === hash ? found.prompts : undefined;
  if (found && !rows)
    note(`note: the circuit was found on another task, ${found.task.name}; its --prompts and --skip are left aside`);
  const skip = choose('--skip', options.skip, rows?.skip, 0);
  const prompts = choose('--prompts', options.prompts, rows?.count, undefined);
  const task = await readPrompts(reader, { task: taskArgument, prompts, skip });
  const metric = choose<MetricName>('--metric', options.metric, metricOf(found, path), 'kl');
  const ablation = choose<Ablation>('--ablation', options.ablation, found?.ablation, 'resample');
  const input = choose<InputKind>('--input', options.input, found?.input, 'token');
  const meanOver = await meanSource(options, found, ablation, reader);

  const asked = { metric, ablation, input, meanOver };
  checkRun(opened.model, task, asked);

  const evaluation = await withEngine(opened.model, options, (engine) =>
    engine.evaluate(task, kept, asked, options.seed),
  );
  process.stdout.write(
    options.json ? `${JSON.stringify(jsonReport(evaluation))}\n` : textReport(evaluation, task.name, ablation),
  );
}

/** An option's value: as given, else as the circuit was found, else the default. What differs from the circuit is announced. */
function chooser() {
  return <T>(option: string, given: T | undefined, inCircuit: T | undefined, byDefault: T): T => {
    if (given !== undefined && inCircuit !== undefined && given !== inCircuit) {
      note(`note: ${option} ${String(given)} instead of ${String(inCircuit)}, with which the circuit was found`);
    }
    return given ?? inCircuit ?? byDefault;
  };
}

function metricOf(found: Provenance | undefined, path: string): MetricName | undefined {
  if (!found) return undefined;
  const name = METRIC_NAMES.find((metric) => metric === found.metric);
  if (name === undefined) {
    note(`note: ${path} was found with the metric ${found.metric}, which this engine does not have`);
  }
  return name;
}

/** As given, else what the circuit was found with; of another task's file a circuit knows no more than the hash. */
async function meanSource(
  options: Options,
  found: Provenance | undefined,
  ablation: Ablation,
  reader: TaskReader,
): Promise<MeanOver> {
  const inCircuit = ablation.startsWith('mean') ? (found?.meanOver ?? 'clean') : undefined;
  if (options.meanOver === undefined && inCircuit !== undefined && !['clean', 'corrupted'].includes(inCircuit)) {
    const what = "is needed: the circuit was found with means over another task's file";
    throw new EdgewiseError('usage', '--mean-over', what);
  }
  return readMeanOver(reader, options.meanOver ?? inCircuit, ablation);
}

function jsonReport(evaluation: Evaluation): object {
  const { clean, corrupted, circuit, faithfulness, accuracy, metric, prompts, edges, random } = evaluation;
  return {
    metric,
    prompts,
    clean,
    corrupted,
    circuit,
    faithfulness,
    accuracy: accuracy?.circuit ?? null,
    clean_accuracy: accuracy?.clean ?? null,
    edges: edges.kept,
    total_edges: edges.total,
    random: { seed: random.seed, circuit: random.metric, faithfulness: random.faithfulness },
  };
}

function textReport(evaluation: Evaluation, taskName: string, ablation: Ablation): string {
  const { clean, corrupted, circuit, faithfulness, accuracy, metric, prompts, edges, random } = evaluation;
  const ratio = (value: number | null): string => (value === null ? 'undefined' : fixed(value, 3));
  const percent = (value: number | undefined): string => (value === undefined ? '' : `${(100 * value).toFixed(1)} %`);
  const rows = [
    ['', metric, 'faithfulness', 'accuracy', 'edges', ''],
    ['  whole model', fixed(clean, 4), '', percent(accuracy?.clean), whole(edges.total), ''],
    ['  circuit', fixed(circuit, 4), ratio(faithfulness), percent(accuracy?.circuit), whole(edges.kept), ''],
    [
      '  random circuit',
      fixed(random.metric, 4),
      ratio(random.faithfulness),
      '',
      whole(edges.kept),
      `seed ${random.seed}`,
    ],
    ['  empty circuit', fixed(corrupted, 4), '', '', '0', ''],
  ];
  const title = `${taskName}, ${counted(prompts, 'prompt')}, ${ablation} ablation; ${metric} in loss form, lower is better`;
  return `${[title, ...table(rows, [1, 2, 3, 4])].join('\n')}\n`;
}
