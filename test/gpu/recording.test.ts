/** What a recording does to the device, and to the count of live bytes. */
import { expect, test } from 'vitest';
import { Arena } from '../../src/gpu/arena.js';
import { useDevice } from '../support/gpu.js';

const device = useDevice();

test('commands run in order: a readback sees what was copied before it, and nothing later', async () => {
  const arena = new Arena(device.gpu);
  try {
    const [from, to] = [arena.upload('from', Float32Array.of(1, 2, 3, 4)), arena.tensor('to', [4])];
    const recording = device.gpu.record();
    const before = recording.readback(to);
    recording.copy(from, to);
    const after = recording.readback(to);
    recording.clear(to);
    const cleared = recording.readback(to);
    recording.submit();
    const read = await Promise.all([before(), after(), cleared()]);
    expect(read.map((data) => [...new Float32Array(data)])).toEqual([
      [0, 0, 0, 0],
      [1, 2, 3, 4],
      [0, 0, 0, 0],
    ]);
  } finally {
    arena.dispose();
  }
});

test('a recording that is never submitted takes no bytes, and has nothing to read', async () => {
  const { gpu } = device;
  const arena = new Arena(gpu);
  try {
    const tensor = arena.tensor('numbers', [1024]);
    const before = gpu.liveBytes;
    const read = gpu.record().readback(tensor);
    expect(gpu.liveBytes).toBe(before);
    await expect(read()).rejects.toThrow('numbers: read without a submission');
  } finally {
    arena.dispose();
  }
});

test('a readback is freed once it was read', async () => {
  const { gpu } = device;
  const arena = new Arena(gpu);
  try {
    const tensor = arena.tensor('numbers', [1024]);
    const before = gpu.liveBytes;
    const recording = gpu.record();
    const read = recording.readback(tensor);
    recording.submit();
    expect(gpu.liveBytes).toBe(before + 4096);
    await read();
    expect(gpu.liveBytes).toBe(before);
  } finally {
    arena.dispose();
  }
});
