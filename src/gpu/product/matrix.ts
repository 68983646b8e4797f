import { EdgewiseError } from '../../base/errors.js';
import type { Arena, Tensor } from '../arena.js';

/** Columns of a panel, in vec4s. A workgroup of kernels/matmul.wgsl makes them side by side. */
export const PANEL4 = 32;

/**
 * A matrix [inner, columns] in panels of PANEL4 vec4 columns, each panel row after row. Zeros fill up the last panel.
 * The matrix is cut into chunks of whole panels that each fit a binding.
 */
export interface Matrix {
  readonly inner4: number;
  readonly columns4: number;
  readonly chunks: readonly MatrixChunk[];
}

export interface MatrixChunk extends ChunkColumns {
  readonly data: Tensor;
}

/** Columns of a chunk, in vec4s. */
export interface ChunkColumns {
  readonly firstColumn4: number;
  /** Real columns; the chunk's storage is rounded up to panels. */
  readonly columns4: number;
}

/** The chunks of a matrix, of at most `maxBytes` each. The list is empty where a panel alone has more. */
export function matrixChunks(inner4: number, columns4: number, maxBytes: number): ChunkColumns[] {
  const perChunk = PANEL4 * Math.floor(maxBytes / (64 * inner4 * PANEL4));
  const chunks: ChunkColumns[] = [];
  for (let first = 0; first < columns4 && perChunk > 0; first += perChunk) {
    chunks.push({ firstColumn4: first, columns4: Math.min(perChunk, columns4 - first) });
  }
  return chunks;
}

/**
 * Packs a row-major matrix [inner, 4 columns4] into panels and uploads it in chunks of at most `maxBytes`.
 *
 * @param fillPanel writes columns `firstColumn` to `firstColumn + columns` into a zeroed panel, row stride 4 PANEL4.
 */
export function packMatrix(
  arena: Arena,
  label: string,
  inner4: number,
  columns4: number,
  maxBytes: number,
  fillPanel: (panel: Float32Array, firstColumn: number, columns: number) => void,
): Matrix {
  const panelSize = 4 * inner4 * 4 * PANEL4;
  const columns = matrixChunks(inner4, columns4, maxBytes);
  if (columns.length === 0) {
    const what = `a panel of ${4 * panelSize} bytes exceeds the binding limit of ${maxBytes}`;
    throw new EdgewiseError('device', label, what);
  }
  const chunks = columns.map((chunk) => {
    const panels = Math.ceil(chunk.columns4 / PANEL4);
    const packed = new Float32Array(panels * panelSize);
    for (let p = 0; p < panels; p++) {
      const firstColumn4 = chunk.firstColumn4 + p * PANEL4;
      fillPanel(
        packed.subarray(p * panelSize, (p + 1) * panelSize),
        4 * firstColumn4,
        4 * Math.min(PANEL4, columns4 - firstColumn4),
      );
    }
    return { data: arena.upload(label, packed), ...chunk };
  });
  return { inner4, columns4, chunks };
}
