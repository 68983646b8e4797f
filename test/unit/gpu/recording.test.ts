/** What recordings write and read back, on a device that copies bytes and computes nothing. */
import { describe, expect, test } from 'vitest';
import { Buffers } from '../../../src/gpu/buffers.js';
import { noCounts } from '../../../src/gpu/counters.js';
import type { BufferSlice } from '../../../src/gpu/kernel.js';
import { Recording, type RecordingDevice } from '../../../src/gpu/recording.js';
import { StagingPool } from '../../../src/gpu/staging.js';

interface FakeBuffer {
  readonly size: number;
  readonly label: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  mapState: 'mapped' | 'unmapped';
  destroyed: boolean;
}

/** A queue that runs copies in order. Mapped buffers take no part, as on a device. */
function fakeDevice() {
  const created: FakeBuffer[] = [];
  let uploads = 0;
  const buffer = ({ size, label }: { size: number; label: string }): FakeBuffer => {
    const made = {
      size,
      label,
      bytes: new Uint8Array(size),
      mapState: 'unmapped' as FakeBuffer['mapState'],
      destroyed: false,
      destroy: () => void (made.destroyed = true),
      unmap: () => void (made.mapState = 'unmapped'),
      getMappedRange: (at: number, count: number) => {
        expect([made.mapState, at % 8, count % 4]).toEqual(['mapped', 0, 0]);
        return made.bytes.buffer.slice(at, at + count);
      },
    };
    created.push(made);
    return made;
  };
  const device = {
    limits: { maxBufferSize: 1e9, maxComputeWorkgroupsPerDimension: 65535 },
    createBuffer: buffer,
    createCommandEncoder: () => {
      const copies: (() => void)[] = [];
      return {
        copyBufferToBuffer: (from: FakeBuffer, at: number, to: FakeBuffer, target: number, count: number) =>
          copies.push(() => {
            for (const used of [from, to]) expect([used.mapState, used.destroyed]).toEqual(['unmapped', false]);
            to.bytes.set(from.bytes.subarray(at, at + count), target);
          }),
        finish: () => copies,
      };
    },
    queue: { submit: (commands: (() => void)[][]) => commands.flat().forEach((run) => run()) },
  };
  const gpu: RecordingDevice = {
    device: device as unknown as GPUDevice,
    adapter: 'fake',
    counters: noCounts(),
    buffers: new Buffers(device as unknown as GPUDevice),
    check: () => {},
    map: (mapped) => {
      const fake = mapped as unknown as FakeBuffer;
      expect(fake.mapState).toBe('unmapped');
      fake.mapState = 'mapped';
      return Promise.resolve();
    },
    upload: ({ buffer: target, offset }, data) => {
      uploads++;
      const fake = target as unknown as FakeBuffer;
      fake.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    },
  };
  return { gpu, created, uploads: () => uploads };
}

const slice = (gpu: RecordingDevice, words: number): BufferSlice => {
  const buffer = gpu.buffers.create('words', 4 * words, 'storage');
  return { buffer, offset: 0, size: 4 * words };
};
const words = async (read: () => Promise<ArrayBuffer>): Promise<number[]> => [...new Uint32Array(await read())];

describe('words that are written', () => {
  test('arrive one after the other, in one upload: what is copied between two writes sees the first', async () => {
    const { gpu, uploads } = fakeDevice();
    const [by, target] = [slice(gpu, 100), slice(gpu, 4)];
    const recording = new Recording(gpu);
    const values = Uint32Array.of(1, 2, 3);
    recording.write(by, target, 0, values);
    values.fill(9); // they were taken over
    const first = recording.readback(target);
    recording.write(by, target, 4, Uint32Array.of(7));
    const second = recording.readback({ ...target, offset: 4, size: 8 });
    expect(uploads()).toBe(0);
    recording.submit();
    expect(uploads()).toBe(1);
    expect([await words(first), await words(second)]).toEqual([
      [1, 2, 3, 0],
      [7, 3],
    ]);
  });

  test('two recordings share the room for them: each uploads its own as it is submitted', async () => {
    const { gpu } = fakeDevice();
    const [by, target] = [slice(gpu, 8), slice(gpu, 2)];
    const [one, other] = [new Recording(gpu), new Recording(gpu)];
    one.write(by, target, 0, Uint32Array.of(1));
    other.write(by, target, 4, Uint32Array.of(2));
    const read = other.readback(target);
    one.submit();
    other.submit();
    expect(await words(read)).toEqual([1, 2]);
  });

  test('more than there is room for are refused, many are not', async () => {
    const { gpu } = fakeDevice();
    const [by, target] = [slice(gpu, 10_000), slice(gpu, 10_000)];
    const recording = new Recording(gpu);
    const many = Uint32Array.from({ length: 4000 }, (_, i) => i);
    recording.write(by, target, 0, many);
    recording.write(by, target, 16_000, many);
    expect(recording.written).toBe(32_000);
    expect(() => recording.write(by, target, 0, many)).toThrow(/words: 48000 bytes to write by way of 40000/);
    const read = recording.readback(target);
    recording.submit();
    expect((await words(read)).slice(0, 8000)).toEqual([...many, ...many]);
  });
});

describe('a pool of staging buffers', () => {
  test('uses a buffer again once all of a recording was read, and another one meanwhile', async () => {
    const { gpu, created } = fakeDevice();
    const pool = new StagingPool(gpu.buffers);
    const target = slice(gpu, 3);
    const before = created.length;
    const reads = (count: number): (() => Promise<ArrayBuffer>)[] => {
      const recording = new Recording(gpu, pool);
      const pending = Array.from({ length: count }, () => recording.readback(target));
      recording.submit();
      return pending;
    };
    const [a, b] = [reads(2), reads(1)];
    expect(created.length - before).toBe(2);
    await a[0]!();
    await a[1]!();
    const c = reads(2);
    expect(created.length - before).toBe(2);
    await Promise.all([...b, ...c].map((read) => read()));
    expect(created.length - before).toBe(2);
    // One that is too small makes way for a larger one.
    await Promise.all(reads(100).map((read) => read()));
    expect(created.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    const held = gpu.buffers.liveBytes;
    const last = reads(1);
    pool.dispose();
    await last[0]!();
    expect(gpu.buffers.liveBytes).toBeLessThan(held);
    expect(created.filter(({ destroyed, label }) => !destroyed && label === 'readback')).toEqual([]);
  });

  test('without one, a buffer is freed once it was read', async () => {
    const { gpu } = fakeDevice();
    const target = slice(gpu, 4);
    const before = gpu.buffers.liveBytes;
    const recording = new Recording(gpu);
    const read = recording.readback(target);
    recording.submit();
    expect(gpu.buffers.liveBytes).toBe(before + 16);
    await read();
    expect(gpu.buffers.liveBytes).toBe(before);
  });
});
