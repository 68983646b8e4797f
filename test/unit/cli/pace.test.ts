import { expect, test } from 'vitest';
import { Pace } from '../../../src/cli/report/pace.js';

/** A pace on a clock that the test sets, in seconds. */
function onClock(): { pace: Pace; at: (seconds: number) => void } {
  let now = 0;
  return { pace: new Pace(() => now), at: (seconds) => (now = 1000 * seconds) };
}

test('counts from the first step on', () => {
  const { pace, at } = onClock();
  at(100);
  expect(pace.words(0, 1)).toEqual({ rate: '', left: '' });
  at(110);
  expect(pace.words(0.25, 101)).toEqual({ rate: ', 10/s', left: '  about 30 s left' });
});

test("an earlier run's work is no part of the speed", () => {
  const { pace, at } = onClock();
  // 90 of 100 were there already, and are read back at once.
  for (let done = 1; done <= 90; done++) {
    at(done / 1000);
    expect(pace.words(done / 100, 0)).toEqual({ rate: '', left: '' });
  }
  at(10.08);
  expect(pace.words(0.95, 5)).toEqual({ rate: ', 0.50/s', left: '  about 10 s left' });
});

test('minutes and hours', () => {
  const { pace, at } = onClock();
  pace.words(0);
  at(60);
  expect(pace.words(0.1).left).toBe('  about 9 min left');
  expect(pace.words(0.02).left).toBe('');
  at(3600);
  expect(pace.words(0.1).left).toBe('  about 9 h left');
  expect(pace.words(1).left).toBe('');
});
