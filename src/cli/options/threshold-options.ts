import { InvalidArgumentError, Option } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { DEFAULTS } from '../../run/options.js';
import { finiteNumber } from './options.js';

/** Flags that say where a search or a choice from scores draws the line, as commander gives them. */
export interface ThresholdFlags {
  readonly threshold?: readonly number[];
  readonly negativeThreshold?: boolean;
  readonly abs?: boolean;
  readonly signed?: boolean;
}

export const thresholdOptions = (): Option[] => [
  new Option(
    '--threshold <x>',
    'remove an edge whose effect on the metric is below x; for several circuits x,y,z. Methods that score: keep edges that score x or more',
  )
    .argParser(thresholds)
    .default(undefined, String(DEFAULTS.threshold)),
  new Option('--negative-threshold', 'a threshold below 0 is meant: see the message without this').default(false),
];

/** `0.1,0.03`: one or more numbers, each once. */
function thresholds(text: string): number[] {
  const parts = text.split(',').map((part) => part.trim());
  const meant = decimalCommas(parts);
  // Nobody writes the number 05.
  if (meant !== undefined || (parts.length > 1 && parts.some((part) => /^[+-]?0\d/.test(part)))) {
    const write = meant ?? 'numbers with a point, such as 0.05';
    throw new InvalidArgumentError(`A comma separates thresholds: write ${write}; several are 0.1,0.05.`);
  }
  const values = parts.map(finiteNumber);
  if (new Set(values).size < values.length) throw new InvalidArgumentError('A threshold is given twice.');
  return values;
}

/**
 * What a list stands for where its commas are decimal commas: `0.05` for 0,05 and `0.1,0.05` for 0,1,0,05. They are
 * where a decimal begins with 0, or a number before one is 0: a threshold of 0 beside whole numbers makes no sense.
 */
function decimalCommas(parts: readonly string[]): string | undefined {
  if (parts.length % 2 === 1) return undefined;
  const pairs = parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1]!] as const] : []));
  const decimal = /^\d+(e[+-]?\d+)?$/i;
  if (!pairs.every(([before, after]) => /^[+-]?\d+$/.test(before) && decimal.test(after))) return undefined;
  const telling = pairs.some(([before, after]) => /^0\d/.test(after) || Number(before) === 0);
  return telling ? pairs.map((pair) => pair.join('.')).join(',') : undefined;
}

/** @throws EdgewiseError of kind usage that says what a threshold below 0 does, unless it is meant. */
export function refuseNegative(
  { threshold = [], negativeThreshold, abs, signed }: ThresholdFlags,
  search: boolean,
): void {
  const below = threshold.find((one) => one < 0);
  if (below === undefined) {
    if (!negativeThreshold) return;
    throw new EdgewiseError('usage', '--negative-threshold', 'no --threshold below 0 is given');
  }
  // Scores with a sign go below 0.
  if (negativeThreshold || (!search && signed)) return;
  const does = !search
    ? 'every edge is chosen, because |score| is never below 0; --signed chooses by score'
    : abs
      ? 'every edge is kept, because |effect| is never below 0'
      : `edges that do nothing are kept too, and only those go whose removal makes the metric better by more than ${-below}`;
  const ask = `if that is meant, add --negative-threshold; otherwise write ${-below}`;
  throw new EdgewiseError('usage', '--threshold', `got ${below}: below 0 ${does}; ${ask}`);
}
