import { STORAGE_BYTES, type StoredValues } from '../base/stored-values.js';
import type { ByteProgress } from '../base/work-progress.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Matrix } from '../gpu/product/matrix.js';
import { packColumns, PanelWriter, PANEL, type PanelColumns, type PanelValues } from '../gpu/product/panels.js';
import { layoutOf, padBlocks, type Layout } from './layout.js';
import type { WeightReader } from './load-model.js';
import type { ModelSpec } from './spec.js';
import { matrixStorage, storedBytes } from './weight-storage.js';
import { weightTable, type NormName, type TensorName } from './weight-table.js';

type Sizes = readonly [number, number];

/** A tensor [rows, columns] that is a matrix on the device, or its columns beside those of others. */
interface MatrixPart {
  readonly tensor: TensorName;
  readonly shape: Sizes;
  /** Sizes of the blocks of rows and of columns that are padded to vec4s; default the whole. */
  readonly blocks?: Sizes;
}

/** Reads tensors, pads them and puts them on the device, one after the other. */
export class WeightUpload {
  readonly arena: Arena;
  readonly spec: ModelSpec;
  readonly layout: Layout;
  readonly #source: WeightReader;
  readonly #table: ReturnType<typeof weightTable>;
  readonly #onProgress: ((progress: ByteProgress) => void) | undefined;
  readonly #total: number;
  #bytes = 0;

  constructor(
    arena: Arena,
    spec: ModelSpec,
    source: WeightReader,
    onProgress: ((progress: ByteProgress) => void) | undefined,
  ) {
    this.arena = arena;
    this.spec = spec;
    this.layout = layoutOf(spec);
    this.#source = source;
    this.#table = weightTable(spec);
    this.#onProgress = onProgress;
    this.#total = storedBytes(spec, source);
  }

  /**
   * A matrix [rows, columns] as f32, padded in both directions.
   *
   * @param blocks sizes of the blocks to pad; default the whole.
   */
  async blocks(
    name: TensorName,
    [rows, columns]: Sizes,
    [rowBlock, columnBlock]: Sizes = [rows, columns],
  ): Promise<Float32Array<ArrayBuffer>> {
    const values = await this.#source.read(name);
    this.#count(values.length * STORAGE_BYTES[matrixStorage(this.#source, [name])]);
    return padBlocks(values, rows, columns, rowBlock, columnBlock);
  }

  /** A vector of `length` numbers, padded block by block; zeros where the model does not have it. */
  async values(name: TensorName, length: number, block = length): Promise<Float32Array<ArrayBuffer>> {
    const padded = 4 * (length / block) * Math.ceil(block / 4);
    if (!this.#table.has(name)) return new Float32Array(padded);
    return (await this.blocks(name, [1, length], [1, block])).subarray(0, padded);
  }

  async vector(name: TensorName, length: number): Promise<Tensor> {
    return this.arena.upload(name, await this.values(name, length));
  }

  /** The gain or the bias of a norm. */
  async normPart(name: TensorName, length: number, block = length): Promise<Float32Array<ArrayBuffer>> {
    const values = await this.values(name, length, block);
    if (!this.spec.norm.onePlusGain || !name.endsWith('gain')) return values;
    return values.map((value, i) => (i % (4 * Math.ceil(block / 4)) < block ? 1 + value : 0));
  }

  async norm(name: 'normf' | `layers.${number}.${NormName}`): Promise<Record<'gain' | 'bias', Tensor>> {
    const part = async (which: 'gain' | 'bias'): Promise<Tensor> =>
      this.arena.upload(`${name}.${which}`, await this.normPart(`${name}.${which}`, this.spec.width));
    return { gain: await part('gain'), bias: await part('bias') };
  }

  /** Null where the model does not have it. */
  async optionalNorm(name: `layers.${number}.${NormName}`): Promise<Record<'gain' | 'bias', Tensor> | null> {
    return this.#table.has(`${name}.gain`) ? this.norm(name) : null;
  }

  /** Tensors of equally many rows, side by side as one matrix: in their storage, or as f32 where theirs differ. */
  async matrix(label: string, parts: readonly MatrixPart[]): Promise<Matrix> {
    const padded = (size: number, block: number): number => (size / block) * pitchOf(block);
    const sized = parts.map(({ tensor, shape, blocks = shape }) => ({
      tensor,
      shape,
      blocks,
      rows: padded(shape[0], blocks[0]),
      columns: padded(shape[1], blocks[1]),
    }));
    const writer = new PanelWriter(this.arena, label, {
      inner4: sized[0]!.rows / 4,
      columns4: sized.reduce((sum, { columns }) => sum + columns / 4, 0),
      storage: matrixStorage(
        this.#source,
        parts.map(({ tensor }) => tensor),
      ),
      maxBytes: this.arena.gpu.maxBinding,
    });
    for (const { tensor, shape, blocks, columns } of sized) {
      const stored = await this.#stored(tensor);
      await writer.append(stored, columns, (values, run) => copyBlocks(values, run, shape, blocks));
      this.#count(stored.values.byteLength);
    }
    return writer.finish();
  }

  /** [d, V] from the checkpoint's [V, d]. */
  async transposed(name: TensorName): Promise<Matrix> {
    const stored = await this.#stored(name);
    const matrix = await packColumns(this.arena, name, stored, this.spec.width);
    this.#count(stored.values.byteLength);
    return matrix;
  }

  async #stored(name: TensorName): Promise<StoredValues> {
    if (this.#source.readStored) return this.#source.readStored(name);
    return { storage: 'f32', values: await this.#source.read(name) };
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#onProgress?.({ bytes: this.#bytes, total: this.#total });
  }
}

function pitchOf(block: number): number {
  return 4 * Math.ceil(block / 4);
}

/** Copies columns of a matrix into a panel, where blocks of rows and of columns are padded to vec4s. */
function copyBlocks(
  values: PanelValues,
  { panel, at, first, count }: PanelColumns,
  [rows, columns]: Sizes,
  [rowBlock, block]: Sizes,
): void {
  // Blocks that need no padding are one.
  const columnBlock = block % 4 === 0 ? columns : block;
  const pitch = pitchOf(columnBlock);
  for (let done = 0; done < count;) {
    const within = (first + done) % pitch;
    const real = Math.min(count - done, columnBlock - within);
    const from = Math.floor((first + done) / pitch) * columnBlock + within;
    for (let r = 0; r < rows && real > 0; r++) {
      const to = Math.floor(r / rowBlock) * pitchOf(rowBlock) + (r % rowBlock);
      panel.set(values.subarray(r * columns + from, r * columns + from + real), to * PANEL + at + done);
    }
    done += Math.min(count - done, pitch - within);
  }
}
