import { Command, InvalidArgumentError, Option } from 'commander';
import type { MetricName } from '../../readout/metrics.js';
import { METRIC_NAMES } from '../../readout/metrics.js';
import {
  adapterOption,
  ignoreConfigOption,
  jsonOption,
  memoryOption,
  metricOption,
  modelOption,
  nonEmpty,
  promptOptions,
  taskOption,
  tileOption,
  weightsOption,
  type ModelFlags,
  type TaskFlags,
} from './options.js';

/** Flags of every instrument. */
export interface InstrumentFlags extends ModelFlags, TaskFlags {
  readonly metric?: MetricName;
  readonly out?: string;
  readonly svg?: string;
  readonly json: boolean;
}

/**
 * A command that runs an instrument over the clean prompts of a task, with the options that all of them have.
 *
 * @param prompts says which prompts, and how they are measured.
 */
export function instrumentCommand(
  name: string,
  about: string,
  own: readonly Option[],
  prompts: readonly Option[] = promptOptions(),
): Command {
  const command = new Command(name)
    .description(about)
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(taskOption());
  for (const option of [...own, ...prompts]) command.addOption(option);
  return command
    .addOption(new Option('--out <file>', 'write the result, with what it was run on, as JSON').argParser(nonEmpty))
    .addOption(new Option('--svg <file>', 'draw it').argParser(nonEmpty))
    .addOption(adapterOption())
    .addOption(tileOption())
    .addOption(weightsOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false));
}

/** Of the instruments that measure by a metric. */
export const instrumentMetric = (): Option => metricOption(METRIC_NAMES, () => 'logit-diff; higher is better here');

/** `5..7` is the positions 5 and 6; also a single `5`, and several with commas. */
export function positionList(text: string): number[] {
  const positions = text.split(',').flatMap((part) => {
    const match = /^\s*(\d{1,6})(?:\.\.(\d{1,6}))?\s*$/.exec(part);
    const [first, end] = match ? [Number(match[1]), Number(match[2] ?? Number(match[1]) + 1)] : [0, 0];
    if (end <= first) {
      throw new InvalidArgumentError(
        'Expected positions from 0 as a..b, without b: 5..7 is 5 and 6; or 5, or 5,8..10.',
      );
    }
    return Array.from({ length: end - first }, (_, i) => first + i);
  });
  return [...new Set(positions)].toSorted((a, b) => a - b);
}

/** Whole numbers with commas, each once. */
export function widthList(text: string): number[] {
  const widths = text.split(',').map((part) => (/^\s*\d{1,4}\s*$/.test(part) ? Number(part) : 0));
  if (widths.some((width) => width < 1)) throw new InvalidArgumentError('Expected widths of at least 1, as in 1,3.');
  return [...new Set(widths)];
}
