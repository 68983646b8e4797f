import { EdgewiseError } from '../base/errors.js';
import { foreignContent, TELLING_BYTES } from './foreign-files.js';

/** A file that can be read in ranges: on disk, in memory, or behind HTTP. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`, in an array that belongs to the caller; rejects where they cannot be had. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** The files of one model, by plain file name. */
export interface ModelDirectory {
  /** For messages. */
  readonly name: string;
  /** The named file, or undefined where there is none. */
  open(file: string): Promise<ByteSource | undefined>;
  /** Names of all files, where they can be listed: for messages about what is there instead. */
  list?(): Promise<readonly string[]>;
}

export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      if (offset < 0 || offset + length > bytes.length) {
        throw new EdgewiseError('checkpoint', name, `bytes ${offset}..${offset + length} of ${bytes.length} asked for`);
      }
      return new Uint8Array(bytes.slice(offset, offset + length));
    },
  };
}

/** A model whose files are in memory (dropped into a page, fetched at once, or made by a test). */
export function memoryDirectory(name: string, files: ReadonlyMap<string, Uint8Array>): ModelDirectory {
  return {
    name,
    async open(file) {
      const bytes = files.get(file);
      return bytes && memorySource(`${name}/${file}`, bytes);
    },
    list: async () => [...files.keys()],
  };
}

/** Longest text file that is read whole: safetensors indexes of the largest models stay far below. */
const MAX_TEXT_BYTES = 100_000_000;

/**
 * A whole file as UTF-8 text; invalid UTF-8 is an error, not a replacement character.
 *
 * @throws EdgewiseError of kind checkpoint: too long, empty, no text, or something else, such as a Git LFS pointer.
 */
export async function readText(source: ByteSource): Promise<string> {
  if (source.size > MAX_TEXT_BYTES) {
    throw new EdgewiseError(
      'checkpoint',
      source.name,
      `is ${source.size} bytes long, expected at most ${MAX_TEXT_BYTES}`,
    );
  }
  const bytes = await source.read(0, source.size);
  const foreign = foreignContent(bytes.subarray(0, TELLING_BYTES));
  if (foreign !== undefined) throw new EdgewiseError('checkpoint', source.name, foreign);
  return decodeUtf8(bytes, source.name);
}

export function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EdgewiseError('checkpoint', where, 'is not UTF-8 text', { cause });
  }
}
