import { Command, Option } from 'commander';
import { counted } from '../../base/text.js';
import type { Ablation } from '../../circuit/run-identity.js';
import { DEFAULT_MEASURES, reportOf, type Evaluation, type ReportCell } from '../../evaluate/measures.js';
import { readableFormats } from '../../files/index.js';
import { METRIC_NAMES } from '../../readout/metrics.js';
import { DEFAULTS } from '../../run/options.js';
import { openCircuitRun, type CircuitRunFlags } from '../circuit-run.js';
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
} from '../options/options.js';
import { fixed, table, whole } from '../report/text-report.js';
import { withEngine } from '../session.js';

interface Flags extends CircuitRunFlags {
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
  const { opened, read, task, options } = await openCircuitRun(flags);
  const evaluation = await withEngine(opened.model, flags, (engine) =>
    engine.evaluate(task, read.circuit.kept, options, DEFAULT_MEASURES, flags.seed),
  );
  process.stdout.write(flags.json ? jsonReport(evaluation) : textReport(evaluation, task.name, options.ablation));
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
