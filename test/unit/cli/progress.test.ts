import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { progressBar } from '../../../src/cli/report/progress.js';

let written: string[];

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const handlers = (): number => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');

test('plain lines now and then, with what is done, how fast and how long still', () => {
  const before = handlers();
  const bar = progressBar('testing edges');
  for (let done = 0; done <= 60; done++) {
    bar.update(done, 100, `${done} tested`, done);
    vi.advanceTimersByTime(500);
  }
  expect(handlers()).toBe(before + 2);
  bar.stop();
  expect(handlers()).toBe(before);
  const lines = written.join('').split('\n').filter(Boolean);
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.length).toBeLessThan(20);
  expect(lines.join('\n')).toMatch(/^testing edges .* \d+ % {2}\d+ tested, 2\.0\/s {2}about \d+ s left$/m);
  expect(written.join('')).not.toContain('\u001b');
});

test('nothing of what takes under a second', () => {
  const bar = progressBar('testing edges');
  for (let done = 0; done <= 9; done++) {
    bar.update(done, 9, 'tested', done);
    vi.advanceTimersByTime(100);
  }
  bar.stop();
  expect(written).toEqual([]);
});

test('Ctrl-C takes the live line away and gives the cursor back', () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const terminal = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
  Object.defineProperty(process.stderr, 'isTTY', { value: true, configurable: true });
  try {
    const bar = progressBar('scoring edges');
    bar.update(0, 10, '0 of 10');
    vi.advanceTimersByTime(1500);
    bar.update(1, 10, '1 of 10');
    vi.advanceTimersByTime(1500);
    const [hidden, shown] = ['\u001b[?25l', '\u001b[?25h'];
    expect(written.join('')).toContain(hidden);
    expect(written.join('')).not.toContain(shown);
    process.emit('SIGINT', 'SIGINT');
    expect(written.join('').lastIndexOf(shown)).toBeGreaterThan(written.join('').lastIndexOf(hidden));
    expect(exit).toHaveBeenCalledWith(130);
  } finally {
    if (terminal) Object.defineProperty(process.stderr, 'isTTY', terminal);
    else delete (process.stderr as { isTTY?: boolean }).isTTY;
  }
});
