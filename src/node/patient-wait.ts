/** How long the event loop sleeps between two looks at the device, in milliseconds. */
const PAUSE = 0.1;

const never = new Int32Array(new SharedArrayBuffer(4));
let waiting = 0;
/** A pause is due in this turn of the loop or the next: there must never be two. */
let due = false;

/**
 * Waits for something that the device will do, without taking a processor core from it. Dawn's binding looks in every
 * turn of the event loop whether the device is done, and the loop turns as fast as it can: with an adapter in software,
 * which computes on the same cores, that costs it half of them on a small machine. So the loop sleeps in each turn as
 * long as anything is waited for.
 */
export async function patientWait<T>(pending: Promise<T>): Promise<T> {
  waiting++;
  if (!due) setImmediate(pause);
  due = true;
  try {
    return await pending;
  } finally {
    waiting--;
  }
}

function pause(): void {
  due = waiting > 0;
  if (!due) return;
  Atomics.wait(never, 0, 0, PAUSE);
  setImmediate(pause);
}
