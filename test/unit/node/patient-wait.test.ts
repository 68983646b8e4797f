import { expect, test } from 'vitest';
import { patientWait } from '../../../src/node/patient-wait.js';

/** Turns of the event loop in `milliseconds`, as many as there are while it does what it does. */
async function turnsIn(milliseconds: number): Promise<number> {
  const end = performance.now() + milliseconds;
  let turns = 0;
  while (performance.now() < end) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  return turns;
}

test('the result, or the error, of what is waited for', async () => {
  expect(await patientWait(Promise.resolve(3))).toBe(3);
  await expect(patientWait(Promise.reject(new Error('lost')))).rejects.toThrow('lost');
});

test('the loop sleeps in each turn while something is waited for, once, however many waits came before', async () => {
  const free = await turnsIn(50);
  // Waits that follow one another at once, as tests of a search do.
  for (let i = 0; i < 300; i++) await patientWait(Promise.resolve(i));
  let end = (): void => {};
  const waited = patientWait(new Promise<void>((resolve) => (end = resolve)));
  const sleeping = await turnsIn(50);
  end();
  await waited;
  const after = await turnsIn(50);
  expect(sleeping).toBeLessThan(free);
  // 0.1 ms a turn and what the system adds; with a pause for each of the 300 waits a turn would take 30 ms.
  expect(sleeping).toBeGreaterThan(10);
  expect(after).toBeGreaterThan(sleeping);
});
