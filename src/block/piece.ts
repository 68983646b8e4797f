import type { Arena } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
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
