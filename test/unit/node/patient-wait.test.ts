import { afterAll, expect, test, vi } from 'vitest';
import { patientWait } from '../../../src/node/patient-wait.js';

const sleep = vi.spyOn(Atomics, 'wait');
afterAll(() => sleep.mockRestore());

/** How often the loop sleeps in so many of its turns. */
async function sleepsIn(turns: number): Promise<number> {
  const before = sleep.mock.calls.length;
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  return sleep.mock.calls.length - before;
}

test('the result, or the error, of what is waited for', async () => {
  expect(await patientWait(Promise.resolve(3))).toBe(3);
  await expect(patientWait(Promise.reject(new Error('lost')))).rejects.toThrow('lost');
});

test('the loop sleeps in each turn while something is waited for, once, however many waits came before', async () => {
  await sleepsIn(2);
  expect(await sleepsIn(50)).toBe(0);
  // Waits that follow one another at once, as tests of a search do.
  for (let i = 0; i < 300; i++) await patientWait(Promise.resolve(i));
  let end = (): void => {};
  const waited = patientWait(new Promise<void>((resolve) => (end = resolve)));
  const sleeping = await sleepsIn(50);
  // The first turn may be over before the pause is due in it, and the last one before it is counted.
  expect(sleeping).toBeGreaterThanOrEqual(49);
  expect(sleeping).toBeLessThanOrEqual(51);
  // It ends by itself after a tenth of a millisecond: nothing wakes it.
  expect(sleep.mock.calls.at(-1)?.[3]).toBe(0.1);
  expect(sleep.mock.results.at(-1)?.value).toBe('timed-out');
  end();
  await waited;
  expect(await sleepsIn(50)).toBe(0);
});
