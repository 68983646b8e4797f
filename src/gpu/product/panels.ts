import { EdgewiseError } from '../../base/errors.js';
import { widened, type StoredValues, type WeightStorage } from '../../base/stored-values.js';
import type { Arena } from '../arena.js';
import { matrixChunks, PANEL4, panelSize, type Matrix, type MatrixChunk } from './matrix.js';

/** Numbers of a row of a panel. */
export const PANEL = 4 * PANEL4;

/** Numbers in the storage of a matrix. */
export type PanelValues = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** A run of columns to write into a panel. */
export interface PanelColumns {
  /** The panel, row after row of 4 PANEL4 numbers. Zeros where nothing was written. */
  readonly panel: PanelValues;
  /** Column of the panel that the run begins with. */
  readonly at: number;
  /** The run's first column, counted from that of the values. */
  readonly first: number;
  readonly count: number;
}

export interface MatrixSize {
  readonly inner4: number;
  readonly columns4: number;
  readonly storage: WeightStorage;
  /** Most bytes of a chunk stored as f32. */
  readonly maxBytes: number;
}

/**
 * Makes a matrix on the device from left to right, panel by panel. One panel at a time is on the host, beside the
 * values that it is filled from.
 */
export class PanelWriter {
  readonly #arena: Arena;
  readonly #size: MatrixSize;
  readonly #chunks: readonly MatrixChunk[];
  readonly #panel: PanelValues;
  #column = 0;

  /** @throws EdgewiseError of kind device where a panel exceeds a binding, or the matrix the device. */
  constructor(arena: Arena, label: string, size: MatrixSize) {
    const { inner4, columns4, storage, maxBytes } = size;
    const panel = panelSize(inner4);
    const columns = matrixChunks(inner4, columns4, maxBytes);
    if (columns.length === 0) {
      const what = `a panel of ${4 * panel} bytes exceeds the binding limit of ${maxBytes}`;
      throw new EdgewiseError('device', label, what);
    }
    this.#arena = arena;
    this.#size = size;
    this.#panel = storage === 'f32' ? new Float32Array(panel) : new Uint16Array(panel);
    this.#chunks = columns.map((chunk) => {
      const words = (Math.ceil(chunk.columns4 / PANEL4) * this.#panel.byteLength) / 4;
      return { data: { ...arena.tensor(label, [words]), storage }, ...chunk };
    });
  }

  /**
   * Writes the next columns.
   *
   * @param stored the numbers to write; widened where the matrix is f32.
   * @param columns number of columns.
   * @param fill copies a run of columns of the values into a panel.
   */
  async append(
    stored: StoredValues,
    columns: number,
    fill: (values: PanelValues, run: PanelColumns) => void,
  ): Promise<void> {
    const { storage } = this.#size;
    if (stored.storage !== storage && storage !== 'f32') {
      throw new EdgewiseError('shape', 'matrix', `${stored.storage} values for one stored as ${storage}`);
    }
    const values = storage === 'f32' ? widened(stored) : stored.values;
    for (let first = 0; first < columns;) {
      const at = this.#column % PANEL;
      const count = Math.min(PANEL - at, columns - first);
      fill(values, { panel: this.#panel, at, first, count });
      first += count;
      this.#column += count;
      if (this.#column % PANEL > 0) continue;
      this.#flush();
      await this.#arena.gpu.drainUploads();
    }
  }

  /** The matrix, once all of its columns are written. */
  finish(): Matrix {
    const { inner4, columns4 } = this.#size;
    if (this.#column !== 4 * columns4) {
      throw new EdgewiseError('shape', 'matrix', `${this.#column} columns, expected ${4 * columns4}`);
    }
    if (this.#column % PANEL !== 0) this.#flush();
    return { inner4, columns4, chunks: this.#chunks };
  }

  /** Uploads the panel that holds the last column written. The device takes a copy. */
  #flush(): void {
    const column4 = PANEL4 * (Math.ceil(this.#column / PANEL) - 1);
    const chunk = this.#chunks.findLast(({ firstColumn4 }) => firstColumn4 <= column4)!;
    const panels = (column4 - chunk.firstColumn4) / PANEL4;
    this.#arena.gpu.upload(chunk.data, this.#panel, panels * this.#panel.byteLength);
    this.#panel.fill(0);
  }
}

/** A row-major matrix [4 inner4, columns] on the device. @param maxBytes of a chunk; default: a binding's. */
export async function packRows(
  arena: Arena,
  label: string,
  stored: StoredValues,
  inner4: number,
  maxBytes = arena.gpu.maxBinding,
): Promise<Matrix> {
  const columns = stored.values.length / (4 * inner4);
  const writer = new PanelWriter(arena, label, { inner4, columns4: columns / 4, storage: stored.storage, maxBytes });
  await writer.append(stored, columns, (values, { panel, at, first, count }) => {
    for (let r = 0; r < 4 * inner4; r++) {
      panel.set(values.subarray(r * columns + first, r * columns + first + count), r * PANEL + at);
    }
  });
  return writer.finish();
}

/** A matrix [width, columns] on the device from its columns [columns, width], both padded to vec4s. */
export async function packColumns(arena: Arena, label: string, stored: StoredValues, width: number): Promise<Matrix> {
  const { storage } = stored;
  const columns = stored.values.length / width;
  const [inner4, columns4] = [Math.ceil(width / 4), Math.ceil(columns / 4)];
  const writer = new PanelWriter(arena, label, { inner4, columns4, storage, maxBytes: arena.gpu.maxBinding });
  await writer.append(stored, 4 * columns4, (values, { panel, at, first, count }) => {
    for (let c = 0; c < Math.min(count, columns - first); c++) {
      const from = (first + c) * width;
      for (let r = 0; r < width; r++) panel[r * PANEL + at + c] = values[from + r]!;
    }
  });
  return writer.finish();
}
