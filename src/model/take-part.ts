import type { Slices, TensorPlace } from './families/family.js';

/**
 * The neutral tensor out of the checkpoint's: its rows and columns, transposed where its place says so. Values are
 * moved, never computed with, so that they may be bits of half floats.
 *
 * @param values the whole tensor of the checkpoint, row-major.
 */
export function takePart<T extends Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(
  values: T,
  place: TensorPlace,
): T {
  const width = place.shape.at(-1)!;
  const rows = place.rows && indices(place.rows, values.length / width);
  const columns = place.columns && indices(place.columns, width);
  const part = rows || columns ? select(values, width, rows, columns) : values;
  return place.transposed ? transpose(part, columns?.length ?? width) : part;
}

function indices({ from, to, every }: Slices, length: number): Uint32Array {
  const list: number[] = [];
  for (let start = 0; start < length; start += every ?? length) {
    for (let i = from; i < to; i++) list.push(start + i);
  }
  return Uint32Array.from(list);
}

function select<T extends Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(
  values: T,
  width: number,
  rows: Uint32Array = Uint32Array.from({ length: values.length / width }, (_, row) => row),
  columns?: Uint32Array,
): T {
  const taken = alike(values, rows.length * (columns?.length ?? width));
  let at = 0;
  for (const row of rows) {
    if (columns) for (const column of columns) taken[at++] = values[row * width + column]!;
    else {
      taken.set(values.subarray(row * width, (row + 1) * width), at);
      at += width;
    }
  }
  return taken;
}

/** Columns in one go: as many rows of the result are written at a time, and stay in the processor's cache. */
const TILE = 32;

function transpose<T extends Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(values: T, width: number): T {
  const height = values.length / width;
  const transposed = alike(values, values.length);
  for (let first = 0; first < width; first += TILE) {
    const end = Math.min(first + TILE, width);
    for (let row = 0; row < height; row++) {
      for (let column = first; column < end; column++) {
        transposed[column * height + row] = values[row * width + column]!;
      }
    }
  }
  return transposed;
}

function alike<T extends Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(values: T, length: number): T {
  return new (values.constructor as new (length: number) => T)(length);
}
