import type { Arena } from '../gpu/arena.js';
import type { Gpu } from '../gpu/gpu.js';
import type { Operation, Recording } from '../gpu/recording.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { Work } from '../gpu/work.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { ModelWeights } from '../model/weights.js';

/** What every piece is bound with: who owns its buffers, the model, and the sizes of the pass. T = tokens. */
export interface PieceContext {
  readonly arena: Arena;
  readonly weights: ModelWeights;
  /** Tokens of all prompts together, padding included. */
  readonly tokens: number;
  /** Tokens of one prompt, padding included. */
  readonly sequence: number;
}

/** The list of the jobs of one dispatch. */
export interface JobList {
  /** First word of the list among the words of the pass. */
  readonly jobsAt: number;
  /** Number of jobs. */
  readonly count: number;
  /** Rows of the job that has the most. */
  readonly rows: number;
}

/** Jobs of one dispatch. The uncut model has a fixed list; circuits have a table that is filled before every pass. */
export interface Jobs {
  /** The words that list the jobs, among others. */
  readonly words: BufferSlice;
  /** Read when the dispatch is recorded. */
  readonly list: JobList;
  /** What a fixed list costs at so many rows a job. Whoever fills a table counts its work. */
  readonly work?: (rows: number) => Work;
}

/** A fixed list: its words are uploaded once. @param packed the words of each job @param rows of every job */
export function fixedJobs(arena: Arena, label: string, packed: readonly (readonly number[])[], rows: number): Jobs {
  return {
    words: arena.upload(label, Uint32Array.from([0, ...packed.flat()])),
    list: { jobsAt: 1, count: packed.length, rows },
  };
}

/** In place of a list of rows: each row is that of its own number. */
export const EVERY_ROW = 0xffffffff;

/** An invocation for each of so many elements, spread over x and y where one dimension does not take them; z: jobs. */
export function dispatchElements(
  recording: Recording,
  { maxWorkgroups }: Pick<Gpu, 'maxWorkgroups'>,
  operation: Operation,
  elements: number,
  jobs: number,
): void {
  const groups = groupsOf64(elements);
  const y = Math.ceil(groups / maxWorkgroups);
  recording.dispatch(operation, Math.ceil(groups / Math.max(1, y)), y, jobs);
}

/** A workgroup for every row of a job, spread over x and y where one dimension does not take them; z: jobs. */
export function dispatchJobRows(
  recording: Recording,
  { maxWorkgroups }: Pick<Gpu, 'maxWorkgroups'>,
  operation: Operation,
  { rows, count }: JobList,
): void {
  const y = Math.ceil(rows / maxWorkgroups);
  recording.dispatch(operation, Math.ceil(rows / Math.max(1, y)), y, count);
}

/** How many rows a dispatch takes. Read when it is recorded. */
export interface RowCount {
  readonly totalRows: number;
}

/** A bound piece of a transformer. Its work is that of its jobs. */
export interface Piece {
  encode(recording: Recording): void;
}

/** A piece that takes a workgroup, or an invocation, per row. */
export interface RowPiece extends Piece {
  /** @param rows how many rows to take, from the first on; default all that it was bound for. */
  encode(recording: Recording, rows?: number): void;
}

/** A piece that takes as many rows as `count` says when it is recorded. */
export function takingRows(piece: RowPiece, count: RowCount): Piece {
  return { encode: (recording) => piece.encode(recording, count.totalRows) };
}

/** Records pieces one after the other. */
export function inTurn(pieces: readonly Piece[]): Piece {
  return {
    encode(recording) {
      for (const piece of pieces) piece.encode(recording);
    },
  };
}
