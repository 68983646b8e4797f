import { expect, test } from 'vitest';
import { HOST_CAUSES, HostTimes } from '../../../bench/profile/host-times.js';

test('every second belongs to one cause: the innermost, else waiting, else other', async () => {
  let now = 100;
  const host = new HostTimes(() => now);
  const pass = (seconds: number): void => void (now += seconds);
  pass(1); // other
  host.begin('record');
  pass(2);
  host.during('upload', () => pass(4));
  pass(8); // record again
  host.during('submit', () => host.during('encode', () => pass(16)));
  host.end();
  pass(32); // other
  let arrive = (): void => undefined;
  const answer = host.wait(new Promise<string>((resolve) => (arrive = () => resolve('data'))));
  pass(64); // waiting
  host.during('record', () => pass(128)); // the host works while the device does
  pass(256);
  arrive();
  await expect(answer).resolves.toBe('data');
  pass(512);
  host.spent('read');
  pass(1024);
  host.finish();
  expect(host.seconds).toEqual({ record: 138, upload: 4, encode: 16, submit: 0, read: 512, other: 1 + 32 + 1024 });
  expect(host.waiting).toBe(64 + 256);
  expect(host.waits).toBe(1);
  const total = HOST_CAUSES.reduce((sum, cause) => sum + host.seconds[cause], host.waiting);
  expect(total).toBe(now - 100);
});

test('a cause ends when its work throws, and a wait when it is refused', async () => {
  let now = 0;
  const host = new HostTimes(() => now);
  const failing = (): never => {
    now += 3;
    throw new Error('no');
  };
  expect(() => host.during('encode', failing)).toThrow('no');
  now += 5;
  await expect(host.wait(Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  now += 7;
  host.finish();
  expect(host.seconds.encode).toBe(3);
  expect(host.waiting).toBe(0);
  expect(host.seconds.other).toBe(12);
});
