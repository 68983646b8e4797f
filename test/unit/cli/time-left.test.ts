/** The time left that is shown, on recorded runs: within a factor of two from a tenth of the run on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../../src/cli/report/pace.js';

const RUNS = new URL('../../golden/progress/', import.meta.url).pathname;

/**
 * Milliseconds since the run's start, edges or passes done, their total, those done by this run, work done and left.
 */
type Report = readonly [number, number, number, number, (number | null)?, (number | null)?];

interface Recording {
  readonly run: string;
  readonly reports: readonly Report[];
}

/** What a line said of the time left, in milliseconds, and how much it was. */
function shown({ reports }: Recording): { at: number; said: number | undefined; left: number }[] {
  let now = 0;
  const pace = new Pace(() => now);
  const end = reports.at(-1)![0];
  return reports.map(([at, done, total, measured, work, left]) => {
    now = at;
    const told = typeof work === 'number' ? { done: work, left: () => left ?? undefined } : undefined;
    const words = pace.words(done / total, measured, told);
    return { at, said: milliseconds(words.left), left: end - at };
  });
}

function milliseconds(words: string): number | undefined {
  const [, number, unit] = /^ {2}about (\d+) (s|min|h) left$/.exec(words) ?? [];
  if (words !== '') expect(number, words).toBeDefined();
  return number === undefined ? undefined : Number(number) * { s: 1000, min: 60_000, h: 3_600_000 }[unit as 's'];
}

const recordings = readdirSync(RUNS)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(join(RUNS, name), 'utf8')) as Recording] as const);

describe.each(recordings)('%s', (_, recording) => {
  const lines = shown(recording);
  const end = recording.reports.at(-1)![0];

  test('from a tenth of the run on it is within a factor of two, wherever it is shown', () => {
    for (const { at, said, left } of lines) {
      if (said === undefined || at < 0.1 * end) continue;
      // A second is the unit of what is shown.
      const [low, high] = [left / 2 - 1000, 2 * left + 1000];
      expect(said >= low && said <= high, `${at} of ${end} ms: said ${said}, were ${left}`).toBe(true);
    }
  });

  test('a run of more than 20 s shows it from a fifth on', () => {
    if (end <= 20_000) return;
    const late = lines.filter(({ at, left }) => at >= 0.2 * end && left > 0);
    expect(late.filter(({ said }) => said === undefined)).toEqual([]);
    expect(late.length).toBeGreaterThan(10);
  });
});

test('whatever is reported, the words are of finite numbers, or none', () => {
  const number = fc.oneof(fc.double(), fc.nat(), fc.constant(0));
  const step = fc.tuple(
    fc.nat(100_000),
    number,
    fc.option(fc.nat(), { nil: undefined }),
    number,
    fc.option(number, { nil: undefined }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.boolean(), (steps, weighed) => {
      let now = 0;
      const pace = new Pace(() => now);
      for (const [passed, share, things, done, left] of steps) {
        now += passed;
        const { rate, left: words } = pace.words(share, things, weighed ? { done, left: () => left } : undefined);
        expect(words).toMatch(/^( {2}about [\d.e+]+ (s|min|h) left)?$/);
        expect(rate).toMatch(/^(, [\d.e+-]+\/s)?$/);
      }
    }),
  );
});

test('where it is not known what is left, or nothing was done yet, nothing is said', () => {
  let now = 0;
  const pace = new Pace(() => now);
  const at = (seconds: number, done: number, left: number | undefined): string => {
    now = 1000 * seconds;
    return pace.words(0.5, 1, { done, left: () => left }).left;
  };
  expect(at(0, 10, 90)).toBe('');
  expect(at(1, 20, 80)).toBe(''); // too early
  expect(at(3, 10, 90)).toBe('');
  expect(at(4, 20, undefined)).toBe('');
  expect(at(10, 60, 50)).toBe('  about 10 s left');
  // Between two estimates the time goes on.
  expect(at(10.4, 60, 1e9)).toBe('  about 10 s left');
});
