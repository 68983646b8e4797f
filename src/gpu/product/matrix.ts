import type { StoredSlice } from '../kernel.js';

/** Columns of a panel, in vec4s. A workgroup of kernels/matmul.wgsl makes them side by side. */
export const PANEL4 = 32;

/**
 * A matrix [inner, columns] in panels of PANEL4 vec4 columns, each panel row after row. Zeros fill up the last panel.
 * The matrix is cut into chunks of whole panels that each fit a binding. Numbers are stored as f32, or as 16-bit
 * floats, two in a word.
 */
export interface Matrix {
  readonly inner4: number;
  readonly columns4: number;
  readonly chunks: readonly MatrixChunk[];
}

export interface MatrixChunk extends ChunkColumns {
  readonly data: StoredSlice;
}

/** Columns of a chunk, in vec4s. */
export interface ChunkColumns {
  readonly firstColumn4: number;
  /** Real columns; the chunk's storage is rounded up to panels. */
  readonly columns4: number;
}

/**
 * The chunks of a matrix, of at most `maxBytes` each if it is stored as f32. The list is empty where a panel alone has
 * more. Chunks are the same in every storage: on the way back sums end where a chunk ends, and no bit may depend on the
 * storage.
 */
export function matrixChunks(inner4: number, columns4: number, maxBytes: number): ChunkColumns[] {
  const perChunk = PANEL4 * Math.floor(maxBytes / (4 * panelSize(inner4)));
  const chunks: ChunkColumns[] = [];
  for (let first = 0; first < columns4 && perChunk > 0; first += perChunk) {
    chunks.push({ firstColumn4: first, columns4: Math.min(perChunk, columns4 - first) });
  }
  return chunks;
}

/** Numbers of a panel, padding included. */
export function panelSize(inner4: number): number {
  return 4 * inner4 * 4 * PANEL4;
}
