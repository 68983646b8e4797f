import { Command, Option } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { counted } from '../../base/text.js';
import type { Ablation } from '../../circuit/run-identity.js';
import { DEFAULT_MEASURES, reportOf, type Evaluation, type ReportCell } from '../../evaluate/measures.js';
import { neuronsLeftOut, openCircuit, readableFormats } from '../../files/index.js';
import { sha256 } from '../../base/sha256.js';
import { oneCircuitAt } from '../../node/circuit-files.js';
import { openTaskFile, readCircuitText } from '../../node/open-files.js';
import { METRIC_NAMES } from '../../readout/metrics.js';
import { asFound, evaluationAsFound, knownMetric } from '../../run/as-found.js';
import { checkRun, topologyOf } from '../../run/identity.js';
import { DEFAULTS } from '../../run/options.js';
import { flagOf } from '../options/method-options.js';
import {
  adapterOption,
  count,
  MAX_SEED,
  ignoreConfigOption,
  jsonOption,
  memoryOption,
  metricOption,
  modelOption,
  patchOptions,
  promptOptions,
  taskOption,
  tileOption,
  type ModelFlags,
  type PatchingFlags,
  type TaskFlags,
} from '../options/options.js';
import { note } from '../report/progress.js';
import { fixed, table, whole } from '../report/text-report.js';
import {
  namedTaskReader,
  openModelArgument,
  readMeanOver,
  readPrompts,
  required,
  tellPrompt,
  withEngine,
} from '../session.js';

interface Flags extends ModelFlags, TaskFlags, PatchingFlags {
  readonly circuit: string;
  readonly seed: number;
  readonly json: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('Measure a circuit beside the whole model, the empty circuit and a random circuit of its size.')
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(taskOption())
    .option(
      '--circuit <path>',
      `the circuit, in a file of any format that is read, or its folder: ${readableFormats()}`,
    )
    .addOption(metricOption(METRIC_NAMES, orTheCircuits));
  for (const option of promptOptions(orTheCircuits)) command.addOption(option);
  for (const option of patchOptions(orTheCircuits)) command.addOption(option);
  return command
    .addOption(
      new Option('--seed <n>', 'seed of the random circuit').argParser(count(0, MAX_SEED)).default(DEFAULTS.seed),
    )
    .addOption(adapterOption())
    .addOption(tileOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      '\nAn option that is not given is as the circuit was found. A note on stderr says\nwhere a given one differs.',
    )
    .action(evaluate);
}

const orTheCircuits = (value: string): string => `the circuit's, or ${value}`;

async function evaluate(flags: Flags): Promise<void> {
  const path = await oneCircuitAt(required(flags.circuit, '--circuit'));
  const taskArgument = required(flags.task, '--task');
  const opened = await openModelArgument(flags);
  const shape = { topology: topologyOf(opened.model), width: null };
  const { file, circuit } = openCircuit(await readCircuitText(path), path, { model: shape });
  const masked = neuronsLeftOut(file);
  if (masked !== undefined) throw new EdgewiseError('circuit', path, masked);
  const found = file.provenance;
  if (found && found.model.hash !== opened.model.hash) {
    note(`note: the circuit was found on another model, ${found.model.name}`);
  }

  const reader = await namedTaskReader(opened, flags.bos ?? found?.bos ?? DEFAULTS.bos);
  const bos = reader.tokenizer?.identity.bos;
  if (flags.bos !== undefined && found && bos !== undefined && bos !== found.bos)
    noteDifference('--bos', bos, found.bos);
  const taskFile = await openTaskFile(taskArgument);
  const hash = await sha256(taskFile.bytes);
  // Rows of another task file mean nothing here.
  const rows = found && found.task.hash === hash ? found.prompts : undefined;
  if (found && !rows) {
    note(`note: the circuit was found on another task, ${found.task.name}; its --prompts and --skip are left aside`);
  }
  const skip = asFound('--skip', flags.skip, rows?.skip, 0, noteDifference);
  const prompts = asFound('--prompts', flags.prompts, rows?.count, undefined, noteDifference);
  const { answers, columns, dropped } = (rows && found?.reading) ?? {};
  const task = await readPrompts(reader, {
    ...(answers && { answers }),
    ...(columns && { columns }),
    ...flags,
    dropBadRows: flags.dropBadRows === true || dropped !== undefined,
    task: taskFile,
    prompts,
    skip,
    metric: flags.metric ?? knownMetric(found ?? null) ?? DEFAULTS.searchMetric,
    ablation: flags.ablation ?? found?.ablation,
  });
  tellPrompt(task);
  if (found && knownMetric(found) === undefined) {
    note(`note: ${path} was found with the metric ${found.metric}, which this engine does not have`);
  }
  const { metric, ablation, input, meanOver } = flags;
  const ablationHere = ablation ?? found?.ablation ?? DEFAULTS.ablation;
  const asked = {
    ...(metric && { metric }),
    ...(ablation && { ablation }),
    ...(input && { input }),
    ...(meanOver !== undefined && { meanOver: await readMeanOver(reader, meanOver, ablationHere, flags) }),
  };
  const differs = (option: Parameters<typeof flagOf>[0], given: unknown, before: unknown): void =>
    noteDifference(flagOf(option), given, before);
  const options = evaluationAsFound(asked, found ?? null, { differs, nameOf: flagOf });
  checkRun(opened.model, task, options);

  const evaluation = await withEngine(opened.model, flags, (engine) =>
    engine.evaluate(task, circuit.kept, options, DEFAULT_MEASURES, flags.seed),
  );
  process.stdout.write(flags.json ? jsonReport(evaluation) : textReport(evaluation, task.name, options.ablation));
}

/** Tells of an option that is not as the circuit was found. */
function noteDifference(option: string, given: unknown, found: unknown): void {
  note(`note: ${option} ${String(given)} instead of ${String(found)}, with which the circuit was found`);
}

function jsonReport(evaluation: Evaluation): string {
  const { metric, prompts } = evaluation;
  return `${JSON.stringify({ metric, prompts, ...reportOf(DEFAULT_MEASURES, evaluation).json })}\n`;
}

const COLUMNS: readonly ReportCell['column'][] = ['metric', 'faithfulness', 'accuracy', 'edges', 'remark'];
/** Rows in their order. Rows of other measures come after the random circuit. */
const [FIRST, LAST] = [['whole model', 'circuit', 'random circuit'], ['empty circuit']];

function textReport(evaluation: Evaluation, taskName: string, ablation: Ablation): string {
  const { metric, prompts } = evaluation;
  const { cells } = reportOf(DEFAULT_MEASURES, evaluation);
  const others = [...new Set(cells.map(({ of }) => of))].filter((row) => ![...FIRST, ...LAST].includes(row));
  const cell = (row: string, column: ReportCell['column']): string => {
    const found = cells.find((one) => one.of === row && one.column === column);
    return found ? cellText(found) : '';
  };
  const rows = [
    ['', metric, ...COLUMNS.slice(1, -1), ''],
    ...[...FIRST, ...others, ...LAST].map((row) => [`  ${row}`, ...COLUMNS.map((column) => cell(row, column))]),
  ];
  const title = `${taskName}, ${counted(prompts, 'prompt')}, ${ablation} ablation; ${metric} in loss form, lower is better`;
  return `${[title, ...table(rows, [1, 2, 3, 4])].join('\n')}\n`;
}

function cellText({ column, value }: ReportCell): string {
  if (value === null) return 'undefined';
  if (typeof value === 'string') return value;
  switch (column) {
    case 'metric':
      return fixed(value, 4);
    case 'faithfulness':
      return fixed(value, 3);
    case 'accuracy':
      return `${(100 * value).toFixed(1)} %`;
    default:
      return whole(value);
  }
}
