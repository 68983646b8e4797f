/** A way from values to places, with the values that are written beside it. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Steps between ticks, in powers of ten. */
const STEPS = [1, 2, 5, 10];
/** Anything smaller counts as 0. */
const LEAST = 1e-100;

/**
 * An even scale that begins and ends at round numbers.
 *
 * @param from, to places of the lowest and the highest value.
 * @param count about so many ticks.
 */
export function linearScale(low: number, high: number, from: number, to: number, count = 5): Scale {
  // Values that differ by rounding alone are one value.
  const size = Math.max(Math.abs(low), Math.abs(high));
  const isRange = high - low > Math.max(1e-9 * size, LEAST);
  const span = isRange ? high - low : size > LEAST ? size : 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * STEPS.find((one) => one * power >= rough * (1 - 1e-9))!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil((isRange ? high : low + span) / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const [begin, end] = [ticks[0]!, ticks.at(-1)!];
  return { ticks, place: (value) => from + ((value - begin) / (end - begin)) * (to - from) };
}

/** A scale of ratios, for values above 0. It begins and ends where the values do. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const [begin, end] = [Math.log(low), Math.log(high > low ? high : low * 10)];
  const all = Array.from({ length: 60 }, (_, i) => Number(`${[1, 3][i % 2]!}e${Math.floor(i / 2) - 12}`));
  const ticks = all.filter((tick) => Math.log(tick) >= begin - 1e-9 && Math.log(tick) <= end + 1e-9);
  return { ticks, place: (value) => from + ((Math.log(value) - begin) / (end - begin)) * (to - from) };
}
