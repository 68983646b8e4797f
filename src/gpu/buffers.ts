import { EdgewiseError } from '../base/errors.js';

const STORAGE = 0x80 | 0x08 | 0x04; // GPUBufferUsage STORAGE | COPY_DST | COPY_SRC
const UNIFORM = 0x40 | 0x08; // UNIFORM | COPY_DST
const STAGING = 0x01 | 0x08; // MAP_READ | COPY_DST
const FLAGS = { storage: STORAGE, uniform: UNIFORM, staging: STAGING };

export type BufferUse = keyof typeof FLAGS;

/** The buffers of a device, and the bytes that they take. */
export class Buffers {
  readonly #device: GPUDevice;
  #liveBytes = 0;
  #peakBytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  /**
   * A zeroed buffer of at least 16 bytes.
   *
   * @throws EdgewiseError of kind `device` where the adapter has no buffers of that size.
   */
  create(label: string, bytes: number, use: BufferUse): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    const { maxBufferSize } = this.#device.limits;
    if (size > maxBufferSize) {
      throw new EdgewiseError('device', label, `needs ${size} bytes; this adapter's buffers end at ${maxBufferSize}`);
    }
    const buffer = this.#device.createBuffer({ label, size, usage: FLAGS[use] });
    this.#liveBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return buffer;
  }

  destroy(buffer: GPUBuffer): void {
    this.#liveBytes -= buffer.size;
    buffer.destroy();
  }
}
