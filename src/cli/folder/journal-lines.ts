import type { FileHandle } from 'node:fs/promises';
import { LineFault } from './journal-rows.js';

const PIECE = 2 ** 18;

export interface Line {
  /** Without the line feed. */
  readonly bytes: Uint8Array;
  /** Where it ends in the file, with the line feed. */
  readonly end: number;
}

/**
 * The lines of a file from its start. A last line without a line feed was cut short, and is left out.
 *
 * @param longest in bytes, of a line by its number from 1 on. Of a longer line no more is read.
 * @throws LineFault where a line is longer.
 */
export async function* linesOf(file: FileHandle, longest: (line: number) => number): AsyncGenerator<Line> {
  let rest: Uint8Array = new Uint8Array(0);
  let position = 0;
  let line = 1;
  for (;;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE), 0, PIECE, position + rest.length);
    if (bytesRead === 0 && rest.length <= longest(line)) return;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > longest(line)) throw tooLong(longest(line));
      position += end + 1;
      yield { bytes: rest.subarray(0, end), end: position };
      rest = rest.subarray(end + 1);
      line++;
    }
    if (rest.length > longest(line)) throw tooLong(longest(line));
  }
}

function tooLong(longest: number): LineFault {
  return new LineFault(`is longer than ${longest} bytes, expected a shorter line`);
}
