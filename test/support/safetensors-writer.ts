/** Writes safetensors files for tests: whole ones, broken ones, and ones whose header says what the test wants. */
export interface TensorToWrite {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export function f32(shape: readonly number[], values: ArrayLike<number>): TensorToWrite {
  return { dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** A valid file that holds the tensors one after the other. */
export function writeSafetensors(tensors: Readonly<Record<string, TensorToWrite>>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [offset, (offset += bytes.length)] };
  }
  return joinFile(
    JSON.stringify(header),
    Object.values(tensors).map(({ bytes }) => bytes),
  );
}

/** A file with this header text, true or not. */
export function joinFile(header: string, data: readonly Uint8Array[], headerLength?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const prefix = new DataView(new ArrayBuffer(8));
  prefix.setBigUint64(0, headerLength ?? BigInt(text.length), true);
  return Buffer.concat([new Uint8Array(prefix.buffer), text, ...data]);
}

/** A copy of a file of F32 tensors in which one number is another. */
export function withNumber(file: Buffer, tensor: string, index: number, value: number): Buffer {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes)) as Record<string, { data_offsets: number[] }>;
  const copy = Buffer.from(file);
  copy.writeFloatLE(value, 8 + headerBytes + header[tensor]!.data_offsets[0]! + 4 * index);
  return copy;
}
