import { InvalidArgumentError, Option } from 'commander';
import { METRIC_NAMES, type MetricName } from '../exec/metrics.js';
import { ABLATIONS, INPUT_WRITERS, type Ablation, type InputWriter } from '../patch/options.js';
import type { BosMode } from '../task/tokenizer.js';

/** Options that several commands share, each defined once. Values as commander hands them over. */
export interface ModelOptions {
  readonly model: string;
  readonly adapter?: string;
}

export interface TaskOptions {
  readonly task: string;
  readonly prompts?: number;
  readonly skip?: number;
  readonly bos?: BosMode;
}

export interface PatchingOptions {
  readonly metric?: MetricName;
  readonly ablation?: Ablation;
  readonly meanOver?: string;
  readonly input?: InputWriter;
}

/** A finite number, written out in digits: `0x10`, `1_0`, an empty text and NaN are refused. */
export function finiteNumber(text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new InvalidArgumentError(`Expected a finite number, got '${text}'.`);
  return value;
}

export function count(smallest: number): (text: string) => number {
  return (text) => {
    const value = finiteNumber(text);
    if (Number.isSafeInteger(value) && value >= smallest) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${smallest}, got '${text}'.`);
  };
}

export const modelOption = (): Option =>
  new Option('--model <model>', 'model directory, shipped model, or hub id such as openai-community/gpt2 (id@revision)');

export const taskOption = (): Option => new Option('--task <task>', 'shipped task, or a JSONL or template file');

export const promptOptions = (): Option[] => [
  new Option('--prompts <n>', 'how many prompt pairs of the task to use (default: all)').argParser(count(1)),
  new Option('--skip <k>', 'leave out the first k prompt pairs').argParser(count(0)),
  new Option('--bos <mode>', 'prepend the beginning-of-text token to texts (default: auto)').choices(['auto', 'yes', 'no']),
];

export const metricOption = (names: readonly MetricName[], byDefault: string): Option =>
  new Option('--metric <name>', `what is measured (default: ${byDefault})`).choices(names);

export const SEARCH_METRICS = METRIC_NAMES.filter((name) => name !== 'accuracy');

export const patchOptions = (byDefault: (value: string) => string): Option[] => [
  new Option('--ablation <kind>', `what a cut edge carries (default: ${byDefault('resample')})`).choices(ABLATIONS),
  new Option(
    '--mean-over <prompts>',
    `what mean ablations average over: clean, corrupted, or a task file's clean prompts (default: ${byDefault('clean')})`,
  ),
  new Option(
    '--input <writer>',
    `what the input writer holds; matters for zero and mean ablation (default: ${byDefault('token')})`,
  ).choices(INPUT_WRITERS),
];

export const adapterOption = (): Option =>
  new Option('--adapter <name>', "part of the name of the WebGPU adapter to use (default: the system's choice)");

export const jsonOption = (): Option => new Option('--json', 'print one JSON object on stdout');
