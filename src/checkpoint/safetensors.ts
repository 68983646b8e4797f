import { EdgewiseError } from '../base/errors.js';
import { oneLine, quote } from '../base/text.js';
import { STORAGE_BYTES, widened, type StoredValues, type WeightStorage } from '../base/stored-values.js';
import { decodeUtf8, type ByteSource } from './byte-source.js';
import { foreignContent, TELLING_BYTES } from './foreign-files.js';
import { isObject, parseStrictJson } from '../base/json/strict-json.js';

/** Bytes per element of every element type that a header may name. */
const ITEM_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** Element types that can be read as weights. */
const READABLE_TYPES: Readonly<Record<string, WeightStorage>> = { F32: 'f32', F16: 'f16', BF16: 'bf16' };

/** Cap of the format's reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

/** One tensor of a file: where its little-endian row-major data lie. */
export interface TensorRecord {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly source: ByteSource;
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Reads and checks the header of a safetensors file: 8 bytes of little-endian length N, N bytes of JSON
 * `{name: {dtype, shape, data_offsets: [begin, end]}}`, then the data.
 *
 * As in the reference implementation the tensors must cover the data exactly, without gaps and overlaps, so that
 * nothing in the file is hidden and no tensor aliases another.
 */
export async function readSafetensorsHeader(source: ByteSource): Promise<ReadonlyMap<string, TensorRecord>> {
  return (await readSafetensors(source)).tensors;
}

/** The same, with the texts under `__metadata__`. */
export async function readSafetensors(source: ByteSource): Promise<{
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  readonly metadata: Readonly<Record<string, unknown>>;
}> {
  const fail = (what: string): never => {
    throw new EdgewiseError('checkpoint', source.name, what);
  };
  const start = await source.read(0, Math.min(source.size, TELLING_BYTES));
  // The header is a JSON object.
  const foreign = start[8] === 0x7b ? undefined : foreignContent(start);
  if (foreign !== undefined) fail(foreign);
  if (source.size < 8) fail(`is ${source.size} bytes long; a safetensors file starts with 8 bytes of header length`);
  const headerBytes = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES) {
    fail(`header length ${headerBytes}, expected at most ${MAX_HEADER_BYTES} (is this a safetensors file?)`);
  }
  if (headerBytes > source.size - 8)
    fail(`header length ${headerBytes}, but only ${source.size - 8} bytes follow (truncated?)`);

  const where = `${source.name} (header)`;
  const header = parseStrictJson(decodeUtf8(await source.read(8, headerBytes), where), where, 'checkpoint');
  if (!isObject(header)) return fail('header: expected a JSON object');

  const dataStart = 8 + headerBytes;
  const tensors = new Map<string, TensorRecord>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, readEntry(name, entry, source, dataStart));
  }
  let end = dataStart;
  for (const tensor of [...tensors.values()].sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (tensor.offset !== end) {
      const fault = tensor.offset < end ? 'overlap those of another tensor' : `leave a gap before them`;
      fail(
        `tensor ${oneLine(tensor.name)}: its bytes ${fault} (start ${tensor.offset - dataStart}, expected ${end - dataStart})`,
      );
    }
    end += tensor.bytes;
  }
  if (end !== source.size) fail(`${source.size - end} bytes after the last tensor belong to no tensor`);
  const metadata = header['__metadata__'];
  return { tensors, metadata: isObject(metadata) ? metadata : {} };
}

/** A safetensors file of one f32 tensor. @param metadata texts by name. */
export function safetensorsOf(
  name: string,
  shape: readonly number[],
  values: Float32Array<ArrayBuffer>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header = { __metadata__: metadata, [name]: { dtype: 'F32', shape, data_offsets: [0, values.byteLength] } };
  const text = JSON.stringify(header);
  const bare = new TextEncoder().encode(text);
  // Readers map the numbers as they lie, which takes an address that is a multiple of 8.
  const padded = Math.ceil(bare.length / 8) * 8;
  const file = new Uint8Array(8 + padded + values.byteLength).fill(0x20, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(bare, 8);
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 8 + padded);
  return file;
}

function readEntry(name: string, entry: unknown, source: ByteSource, dataStart: number): TensorRecord {
  const fail = (what: string): never => {
    throw new EdgewiseError('checkpoint', source.name, `tensor ${oneLine(name)}: ${what}`);
  };
  if (!isObject(entry)) return fail(`expected an object in the header, got ${quote(entry)}`);
  const { dtype, shape, data_offsets: range } = entry;
  const itemBytes = typeof dtype === 'string' && Object.hasOwn(ITEM_BYTES, dtype) ? ITEM_BYTES[dtype] : undefined;
  if (typeof dtype !== 'string' || itemBytes === undefined) return fail(`unknown dtype ${quote(dtype)}`);
  if (!isSizes(shape)) return fail(`shape ${quote(shape)}, expected an array of non-negative integers`);
  if (!isSizes(range) || range.length !== 2) {
    return fail(`data_offsets ${quote(range)}, expected two non-negative integers`);
  }
  const [begin, end] = range as [number, number];
  const dataBytes = source.size - dataStart;
  if (end < begin) fail(`data_offsets ${begin}..${end} end before they begin`);
  if (end > dataBytes) fail(`data_offsets ${begin}..${end} lie outside the ${dataBytes} bytes of data (truncated?)`);
  // Doubles are exact here up to 2^53, and a product beyond that cannot equal a range inside the file.
  const bytes = shape.reduce((product, size) => product * size, itemBytes);
  if (bytes !== end - begin) fail(`${dtype} ${quote(shape)} takes ${bytes} bytes, data_offsets give ${end - begin}`);
  return { name, type: dtype, shape, source, offset: dataStart + begin, bytes };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

/** The tensor's values, row-major, widened to f32 where they are f16 or bf16; other element types are refused. */
export async function readTensor(tensor: TensorRecord): Promise<Float32Array<ArrayBuffer>> {
  return widened(await readStored(tensor));
}

/** The tensor's values as they are stored, row-major; element types other than f32, f16 and bf16 are refused. */
export async function readStored(tensor: TensorRecord): Promise<StoredValues> {
  return readRange(tensor, 0, tensor.bytes / STORAGE_BYTES[storageOf(tensor)]);
}

/** Numbers that two tensors are compared by at once. */
const COMPARED = 2 ** 22;

/** Whether two tensors hold the same numbers. Little of them is in memory at once. */
export async function equalTensors(a: TensorRecord, b: TensorRecord): Promise<boolean> {
  const [count, other] = [a, b].map((tensor) => tensor.bytes / STORAGE_BYTES[storageOf(tensor)]);
  if (count !== other) return false;
  for (let first = 0; first < count!; first += COMPARED) {
    const length = Math.min(COMPARED, count! - first);
    const [mine, theirs] = [widened(await readRange(a, first, length)), widened(await readRange(b, first, length))];
    if (!mine.every((value, i) => value === theirs[i])) return false;
  }
  return true;
}

/** Some values of a tensor, from number `first` on. */
async function readRange(tensor: TensorRecord, first: number, count: number): Promise<StoredValues> {
  const storage = storageOf(tensor);
  const size = count * STORAGE_BYTES[storage];
  const bytes = await tensor.source.read(tensor.offset + first * STORAGE_BYTES[storage], size);
  if (bytes.length !== size) {
    const what = `tensor ${oneLine(tensor.name)}: got ${bytes.length} of ${size} bytes`;
    throw new EdgewiseError('checkpoint', tensor.source.name, what);
  }
  // Typed arrays need aligned offsets; they use the platform's byte order, which is little-endian wherever WebGPU runs.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  return storage === 'f32'
    ? { storage, values: new Float32Array(buffer, byteOffset, count) }
    : { storage, values: new Uint16Array(buffer, byteOffset, count) };
}

/** @throws EdgewiseError of kind checkpoint that names the element type, where it is none of weights. */
export function storageOf({ name, type, source }: TensorRecord): WeightStorage {
  const storage = Object.hasOwn(READABLE_TYPES, type) ? READABLE_TYPES[type] : undefined;
  if (storage !== undefined) return storage;
  const what = `tensor ${oneLine(name)} is stored as ${type}, expected ${Object.keys(READABLE_TYPES).join(', ')}`;
  throw new EdgewiseError('checkpoint', source.name, what);
}
