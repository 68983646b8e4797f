import { EdgewiseError } from '../base/errors.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import { packJob, type BufferSlice, type Job } from '../gpu/kernel.js';
import { LOWEST_SCORE } from './attention.js';
import { copyRows } from './copy-rows.js';
import { EVERY_ROW, type Piece } from './piece.js';
import { PLACES, type Place, type PlaceHolder, type PlaceKind, type PlaceView, type TapUse } from './places.js';

/** Part of a place. What is left out means all. */
export interface PlacePart {
  readonly place: Place;
  readonly layers?: readonly number[];
  readonly heads?: readonly number[];
  /** Token rows, see rowOf; prompts for the logits. */
  readonly rows?: readonly number[];
  /** Key positions of scores and patterns; dimensions of other places. */
  readonly columns?: readonly number[];
}

/** The row of a position of a prompt. */
export function rowOf({ sequence }: { readonly sequence: number }, prompt: number, position: number): number {
  return prompt * sequence + position;
}

/**
 * A number for all, a row [columns] for every row, or numbers [layers, heads, rows, columns] of the part in its
 * order.
 */
export type PlaceValues = number | Float32Array<ArrayBuffer> | Tensor;

/** Part of a place, bound: reads it or sets it when the pass holds it. */
export interface BoundPart {
  readonly place: Place;
  readonly sets: boolean;
  readonly pieces: ReadonlyMap<number, Piece>;
}

/** A read, and where its values are after the run [layers, heads, rows, columns]. */
export interface BoundRead extends BoundPart {
  readonly values: Tensor;
}

/**
 * Binds a read of part of a place into a tensor of `arena`. @throws EdgewiseError of kind usage where there is no
 * such part.
 */
export async function bindRead(arena: Arena, holder: PlaceHolder, part: PlacePart): Promise<BoundRead> {
  const box = boxOf(holder, part);
  const values = arena.tensor(`read ${part.place}`, box.shape);
  const pieces = await bindPieces(arena, box, (view, job) => ({
    from: view.data,
    to: values,
    jobs: job.map(({ inPlace, packed, rowsAt, ...size }) => ({
      ...size,
      out_at: packed.first,
      out_stride: packed.rowStride,
      out_rows_at: EVERY_ROW,
      source_at: inPlace,
      source_stride: view.rowStride,
      source_step: 1,
      source_rows_at: rowsAt,
      adds: 0,
    })),
  }));
  return { place: part.place, sets: false, pieces, values };
}

/**
 * Binds the setting of part of a place: to a constant, to given numbers, or to what another run left in a tensor of
 * bindRead. Minus infinity is allowed for scores: the query then does not attend to the key.
 *
 * @param how `add` adds the values to what the run has there: noise, or a direction to steer along.
 * @throws EdgewiseError of kind usage where there is no such part, or the values do not fit it.
 */
export async function bindSet(
  arena: Arena,
  holder: PlaceHolder,
  part: PlacePart,
  given: PlaceValues,
  how: 'set' | 'add' = 'set',
): Promise<BoundPart> {
  const box = boxOf(holder, part);
  const { from, strides } = sourceOf(arena, box, given);
  const pieces = await bindPieces(arena, box, (view, job) => ({
    from,
    to: view.data,
    jobs: job.map(({ inPlace, packed, rowsAt, ...size }) => ({
      ...size,
      out_at: inPlace,
      out_stride: view.rowStride,
      out_rows_at: rowsAt,
      source_at: strides.part * packed.first + strides.column * packed.column,
      source_stride: strides.part * packed.rowStride,
      source_step: strides.step,
      source_rows_at: EVERY_ROW,
      adds: how === 'add' ? 1 : 0,
    })),
  }));
  return { place: part.place, sets: true, pieces };
}

/** Taps that record bound parts, in their order where several are of one place. */
export function tapsOf(recording: Recording, parts: readonly BoundPart[]): TapUse {
  const taps: Partial<Record<Place, (layer: number) => void>> = {};
  for (const { place, pieces } of parts) {
    const before = taps[place];
    taps[place] = (layer) => {
      before?.(layer);
      pieces.get(layer)?.encode(recording);
    };
  }
  return { taps, sets: parts.some(({ sets }) => sets) };
}

/** A part with everything spelled out. */
interface Box {
  readonly holder: PlaceHolder;
  readonly place: Place;
  readonly layers: readonly number[];
  readonly heads: readonly number[];
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** [layers, heads, rows, columns] */
  readonly shape: readonly [number, number, number, number];
}

function boxOf(holder: PlaceHolder, part: PlacePart): Box {
  const { place } = part;
  const kind: PlaceKind = PLACES[place];
  const count = { once: 1, each: holder.layers, 'each and after': holder.layers + 1 }[kind.layers];
  const listed = (name: string, list: readonly number[] | undefined, size: number): readonly number[] => {
    const wrong = list?.find((i) => !(Number.isInteger(i) && i >= 0 && i < size));
    if (wrong !== undefined) fail(place, `${name} ${wrong}, expected 0 to ${size - 1}`);
    if (list && new Set(list).size < list.length) fail(place, `${name} ${list.join(', ')}: one is there twice`);
    return list ?? Array.from({ length: size }, (_, i) => i);
  };
  if (part.heads && !kind.heads) fail(place, 'has no heads');
  const layers = listed('layer', part.layers, count);
  const view = holder.view(place, layers[0] ?? 0);
  const heads = listed('head', part.heads, view.units);
  const rows = listed('row', part.rows, view.rows);
  const columns = listed('column', part.columns, view.columns);
  return {
    holder,
    place,
    layers,
    heads,
    rows,
    columns,
    shape: [layers.length, heads.length, rows.length, columns.length],
  };
}

function fail(place: Place, what: string): never {
  throw new EdgewiseError('usage', `place ${place}`, what);
}

/** Columns side by side, of some rows of one head: where they lie in the place, and in the part's packed numbers. */
interface Run {
  readonly rows: number;
  readonly columns: number;
  readonly rowsAt: number;
  readonly inPlace: number;
  readonly packed: { readonly first: number; readonly rowStride: number; readonly column: number };
}

interface LayerCopy {
  readonly from: BufferSlice;
  readonly to: BufferSlice;
  readonly jobs: readonly Job<'copy_rows'>[];
}

/** One piece per layer. */
async function bindPieces(
  arena: Arena,
  { holder, place, layers, heads, rows, columns, shape }: Box,
  copy: (view: PlaceView, runs: readonly Run[]) => LayerCopy,
): Promise<Map<number, Piece>> {
  const [, , rowCount, columnCount] = shape;
  const pieces = new Map<number, Piece>();
  for (const [l, layer] of layers.entries()) {
    const view = holder.view(place, layer);
    const runs = heads.flatMap((head, h) =>
      columnRuns(columns).map(({ first, count, at }): Run => ({
        rows: rowCount,
        columns: count,
        rowsAt: 0,
        inPlace: view.first + head * view.unitStride + first,
        packed: { first: (l * heads.length + h) * rowCount * columnCount + at, rowStride: columnCount, column: at },
      })),
    );
    const { from, to, jobs } = copy(view, runs);
    const words = arena.upload(
      'rows of a place',
      Uint32Array.from([...rows, ...jobs.flatMap((job) => packJob('copy_rows', job))]),
    );
    const most = runs.reduce((widest, run) => Math.max(widest, run.columns), 0);
    const list = { jobsAt: rows.length, count: jobs.length, rows: rowCount };
    pieces.set(layer, await copyRows({ arena }, { words, list }, { from, to }, () => rowCount * most));
  }
  return pieces;
}

/** Runs of columns side by side, and where each begins among the listed ones. */
function columnRuns(
  columns: readonly number[],
): { readonly first: number; readonly count: number; readonly at: number }[] {
  const runs: { first: number; count: number; at: number }[] = [];
  columns.forEach((column, at) => {
    const last = runs.at(-1);
    if (last && column === last.first + last.count) last.count++;
    else runs.push({ first: column, count: 1, at });
  });
  return runs;
}

/** The values on the device, and what one step in the part, between columns of a row, or within a row is there. */
function sourceOf(
  arena: Arena,
  { place, shape }: Box,
  given: PlaceValues,
): {
  readonly from: BufferSlice;
  readonly strides: { readonly part: 0 | 1; readonly column: 0 | 1; readonly step: 0 | 1 };
} {
  const size = shape.reduce((product, n) => product * n, 1);
  const upload = (values: Float32Array): Tensor =>
    arena.upload(
      `values of ${place}`,
      values.map((value) => storable(place, value)),
    );
  if (typeof given === 'number') {
    return { from: upload(Float32Array.of(given)), strides: { part: 0, column: 0, step: 0 } };
  }
  const isNumbers = given instanceof Float32Array;
  const length = isNumbers ? given.length : given.shape.reduce((product, n) => product * n, 1);
  const from = isNumbers ? upload(given) : given;
  if (length === size) return { from, strides: { part: 1, column: 0, step: 1 } };
  if (length === shape[3]) return { from, strides: { part: 0, column: 1, step: 1 } };
  return fail(place, `${length} values, expected ${size} [${shape.join(', ')}], or ${shape[3]} for every row`);
}

/** A device need not know infinities. */
function storable(place: Place, value: number): number {
  if (value === -Infinity && place === 'scores') return LOWEST_SCORE;
  if (!Number.isFinite(value)) fail(place, `a value of ${value}, expected a finite number`);
  return value;
}
