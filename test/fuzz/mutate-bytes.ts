import type { Rng } from '../../src/base/rng.js';
import { joinFile } from '../support/safetensors-writer.js';
import { mutateJson, oneOf } from './mutate-json.js';

/** Changes bytes, numbers of four and eight bytes, and the length. */
export function mutateBytes(bytes: Uint8Array, rng: Rng): Uint8Array {
  let result = new Uint8Array(bytes);
  const changes = 1 + rng.below(4);
  for (let i = 0; i < changes; i++) {
    const at = rng.below(result.length + 1);
    const length = 1 + rng.below(16);
    const ways: (() => Uint8Array)[] = [
      () => result.with(Math.min(at, result.length - 1), rng.below(256)),
      () => result.with(Math.min(at, result.length - 1), result[at]! ^ (1 << rng.below(8))),
      () => result.slice(0, at),
      () => result.slice(at),
      () => joined(result.slice(0, at), result.slice(at + length)),
      () => joined(result.slice(0, at), result.slice(at, at + length), result.slice(at)),
      () =>
        joined(
          result.slice(0, at),
          Uint8Array.from({ length }, () => rng.below(256)),
          result.slice(at),
        ),
      () =>
        joined(
          result.slice(0, at),
          new Uint8Array(length).fill(oneOf([0, 0x7f, 0x80, 0xff], rng)),
          result.slice(at + length),
        ),
    ];
    if (result.length > 0) result = new Uint8Array(oneOf(ways, rng)());
  }
  return result;
}

/** Changes the header, its length, or bytes. */
export function mutateSafetensors(bytes: Uint8Array, rng: Rng): Uint8Array {
  const way = rng.next();
  if (way < 0.2) return mutateBytes(bytes, rng);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const data = bytes.slice(8 + length);
  if (way < 0.3) {
    const lie = oneOf([0n, 1n, BigInt(length) - 1n, BigInt(length) + 1n, 2n ** 31n, 2n ** 53n, 2n ** 64n - 1n], rng);
    return joinFile(header, [data], lie);
  }
  return joinFile(mutateJson(header, rng), [data]);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
