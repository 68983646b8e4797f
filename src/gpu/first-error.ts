import { EdgewiseError } from '../base/errors.js';

/** The first error that a device reported, its loss included. It explains the errors that follow. */
export class FirstError {
  #failure: EdgewiseError | undefined;

  constructor(device: GPUDevice, adapter: string) {
    device.addEventListener('uncapturederror', (event) => {
      this.#failure ??= new EdgewiseError('device', adapter, firstLine(event.error.message));
    });
    void device.lost.then((info) => {
      if (info.reason !== 'destroyed') {
        this.#failure ??= new EdgewiseError('device', adapter, `the device was lost: ${firstLine(info.message)}`);
      }
    });
  }

  /** @throws EdgewiseError of kind `device`: the first error, where there was one. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }
}

/** The first line of a driver's message. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.trim() || 'no message from the driver';
}
