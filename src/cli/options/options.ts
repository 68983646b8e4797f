import { InvalidArgumentError, Option } from 'commander';
import { SEED_METRICS, type MetricName } from '../../readout/metrics.js';
import {
  ABLATIONS,
  BOS_MODES,
  INPUT_KINDS,
  KV_PORTS,
  type Ablation,
  type InputKind,
  type KvPorts,
} from '../../circuit/run-identity.js';
import { TILE_NAMES, type TileName } from '../../gpu/product/tiles.js';
import { WEIGHTS_OPTIONS, type WeightsOption } from '../../model/load-model.js';
import { DEFAULTS } from '../../run/options.js';
import type { BosOption } from '../../task/tokenizer.js';
import { rowOptions, type RowFlags } from './row-options.js';

/** Flags that several commands share, each defined once. The types hold their values as commander gives them. */
export interface ModelFlags {
  readonly model?: string;
  readonly ignoreConfig?: readonly string[];
  readonly weights?: WeightsOption;
  readonly kvPorts?: KvPorts;
  readonly adapter?: string;
  readonly devices?: 'all' | readonly number[];
  readonly tile?: TileName;
  /** GB */
  readonly memory?: number;
}

export interface TaskFlags extends RowFlags {
  readonly task: string;
  readonly bos?: BosOption;
}

export interface PatchingFlags {
  readonly metric?: MetricName;
  readonly ablation?: Ablation;
  readonly meanOver?: string;
  readonly input?: InputKind;
}

/** A text that is not empty. */
export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** A finite number, written out in digits: `0x10`, `1_0`, an empty text and NaN are refused. */
export function finiteNumber(text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new InvalidArgumentError(`Expected a finite number${withoutComma(text)}.`);
  return value;
}

/** What to write for a number with a comma, which is none: `0.05` for 0,05, `1000 or 1.000` for 1,000. */
function withoutComma(text: string): string {
  if (!/^\s*[+-]?\d*(,\d+)+(e[+-]?\d+)?\s*$/i.test(text)) return '';
  const thousands = /^\s*[+-]?[1-9]\d{0,2}(,\d{3})+\s*$/.test(text) ? [text.trim().replaceAll(',', '')] : [];
  const decimal =
    text.split(',').length === 2
      ? [
          text
            .trim()
            .replace(/^([+-]?),/, '$10,')
            .replace(',', '.'),
        ]
      : [];
  const written = [...thousands, ...decimal];
  return written.length === 0 ? '' : `; write ${written.join(' or ')}, without a comma`;
}

export function count(smallest: number, largest = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = finiteNumber(text);
    if (Number.isSafeInteger(value) && value >= smallest && value <= largest) return value;
    const limit = largest < Number.MAX_SAFE_INTEGER ? ` and at most ${largest}` : '';
    throw new InvalidArgumentError(`Expected a whole number of at least ${smallest}${limit}.`);
  };
}

/** Generators hold 32 bits: a larger seed would give the numbers of a smaller one. */
export const MAX_SEED = 2 ** 32 - 1;

export const modelOption = (): Option =>
  new Option(
    '--model <model>',
    'model directory, shipped model, or hub id such as openai-community/gpt2 (id@revision)',
  );

export const ignoreConfigOption = (): Option =>
  new Option(
    '--ignore-config <keys>',
    "unknown keys of the model's config.json, key,key, that do not change its numbers; results record them",
  ).argParser((text) => text.split(',').map((key) => nonEmpty(key).trim()));

export const weightsOption = (): Option =>
  new Option(
    '--weights <storage>',
    'how weights lie on the device: stored, as in the checkpoint, or f32; results are the same',
  )
    .choices(WEIGHTS_OPTIONS)
    .default(undefined, 'stored');

export const kvPortsOption = (): Option =>
  new Option(
    '--kv-ports <which>',
    'key and value ports of the graph: per-head, as in EAP-IG and MIB, or grouped, one that all heads of a key/value head share',
  )
    .choices(KV_PORTS)
    .default(undefined, 'per-head');

export const taskOption = (): Option =>
  new Option(
    '--task <task>',
    'shipped task, task file (JSON lines, JSON, CSV, TSV, parquet or a template), or - for standard input',
  );

/** A mode; a number is an id, and any other text is a token. */
function bosOption(text: string): BosOption {
  const mode = BOS_MODES.find((name) => name === text);
  if (mode !== undefined) return mode;
  return /^\d+$/.test(text) ? count(0)(text) : { text: nonEmpty(text) };
}

// Defaults below are words for the help. A command must know whether an option is given.
type InWords = (value: string) => string;

/** Of commands that measure a circuit: what is not given is as it was found. */
export const orTheCircuits: InWords = (value) => `the circuit's, or ${value}`;

export const promptOptions = (byDefault: InWords = String): Option[] => [
  new Option('--prompts <n>', 'how many prompt pairs of the task to use')
    .argParser(count(1))
    .default(undefined, byDefault('all')),
  new Option('--skip <k>', 'leave out the first k prompt pairs').argParser(count(0)).default(undefined, byDefault('0')),
  new Option(
    '--bos <mode>',
    "beginning-of-text token in front of texts: auto (as the tokenizer has it), yes, no, or a token by its id or its text, as in '<s>'",
  )
    .argParser(bosOption)
    .default(undefined, byDefault(DEFAULTS.bos)),
  ...rowOptions(),
];

export const metricOption = (names: readonly MetricName[], byDefault: InWords = String): Option =>
  new Option('--metric <name>', 'what is measured').choices(names).default(undefined, byDefault(DEFAULTS.searchMetric));

/** Metrics that a search or scores can go by. Accuracy is one step per prompt: most edges do not change it. */
export const SEARCH_METRICS: readonly MetricName[] = SEED_METRICS;

/** Flags that say what cut edges carry. */
export const ablationOptions = (byDefault: InWords = String): Option[] => [
  new Option('--ablation <kind>', 'what a cut edge carries')
    .choices(ABLATIONS)
    .default(undefined, byDefault(DEFAULTS.ablation)),
  new Option(
    '--mean-over <prompts>',
    "what mean ablations average over: clean, corrupted, or a task file's clean prompts",
  )
    .argParser(nonEmpty)
    .default(undefined, byDefault('clean')),
];

export const patchOptions = (byDefault: InWords = String): Option[] => [
  ...ablationOptions(byDefault),
  new Option('--input <writer>', 'what the input writer holds; matters for zero and mean ablation')
    .choices(INPUT_KINDS)
    .default(undefined, byDefault(DEFAULTS.input)),
];

export const adapterOption = (): Option =>
  new Option(
    '--adapter <name>',
    'WebGPU adapter to use: gpu (a card, or an error that says what it lacks), cpu (in software), or part of a name as info --adapters lists them',
  )
    .argParser(nonEmpty)
    .default(undefined, 'the fastest');

export const devicesOption = (): Option =>
  new Option(
    '--devices <numbers>',
    'share the prompts between several equal adapters: all, or their numbers, as info --adapters lists them; changes no result; methods that take gradients use the first',
  )
    .argParser(devices)
    .default(undefined, 'one');

function devices(text: string): 'all' | readonly number[] {
  if (text === 'all') return text;
  const numbers = text.split(',').map((number) => number.trim());
  if (numbers.every((number) => /^\d{1,3}$/.test(number))) return numbers.map(Number);
  throw new InvalidArgumentError('Expected all, or numbers of adapters, as in 0,1.');
}

export const tileOption = (): Option =>
  new Option('--tile <name>', 'tile shape of the matrix product; results do not depend on it')
    .choices(TILE_NAMES)
    .default(undefined, 'the fastest one, measured once for the adapter');

export const memoryOption = (): Option =>
  new Option('--memory <gb>', 'most memory for activations and caches, beside the weights')
    .argParser((text) => {
      const value = finiteNumber(text);
      if (value > 0) return value;
      throw new InvalidArgumentError('Expected a number above 0.');
    })
    .default(undefined, '4');

/** Tables of circuits grow with it. */
const MOST_AT_ONCE = 256;

export const batchOption = (): Option =>
  new Option('--batch <n>', 'edges tested in one submission at most; changes no result')
    .argParser(count(1, MOST_AT_ONCE))
    .default(undefined, 'what fills the device');

export const keepBeforeOption = (): Option =>
  new Option(
    '--keep-before',
    'with --resume, where the interrupted run left a damaged journal: keep the tests before the damage',
  ).default(false);

export const sparseOption = (): Option =>
  new Option('--sparse', 'circuit.json with the kept edges alone: small where the model has a million edges').default(
    false,
  );

export const jsonOption = (): Option => new Option('--json', 'print the result as JSON');
