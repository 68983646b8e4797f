import { packJob, type BufferSlice } from '../gpu/kernel.js';
import type { Tensor } from '../gpu/arena.js';
import type { Gpu } from '../gpu/gpu.js';
import type { Layout } from '../model/layout.js';
import type { ModelSpec, RotaryFrequencies } from '../model/spec.js';
import { NO_PIECE } from './order.js';
import { fixedJobs, dispatchElements, EVERY_ROW, type Jobs, type Piece, type PieceContext } from './piece.js';

/** Cosines and sines of every position and pair, of layers without a window and of those with one. */
export type RotaryAngles = Readonly<Record<'globalAngles' | 'localAngles', Tensor>>;

/** Shapes of the angles: cosine and sine [S, pairs, 2]. */
export function angleShapes({ rotaryPairs }: Layout, sequence: number) {
  const shape = [rotaryPairs > 0 ? sequence : 0, rotaryPairs, 2];
  return { globalAngles: shape, localAngles: shape } satisfies Record<string, readonly number[]>;
}

/**
 * How far pair i turns per position, in radians [pairs].
 *
 * Source: rotary positions, Su et al. 2021 (arXiv:2104.09864); the scaling of Llama 3, Dubey et al. 2024
 * (arXiv:2407.21783).
 */
export function rotaryFrequencies(dims: number, { base, scaling }: RotaryFrequencies): Float64Array {
  const plain = Float64Array.from({ length: dims / 2 }, (_, i) => base ** ((-2 * i) / dims));
  if (scaling === null) return plain;
  if (scaling.kind === 'linear') return plain.map((frequency) => frequency / scaling.factor);
  const { factor, low, high, originalPositions } = scaling;
  return plain.map((frequency) => {
    const turns = (originalPositions * frequency) / (2 * Math.PI); // over the original positions
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return kept * frequency + ((1 - kept) * frequency) / factor;
  });
}

/** Fills the angles of `sequence` positions, where the model has rotary positions. */
export function fillAngles(gpu: Gpu, { positions }: ModelSpec, sequence: number, angles: RotaryAngles): void {
  if (positions.kind !== 'rotary') return;
  for (const [which, tensor] of [
    ['global', angles.globalAngles],
    ['local', angles.localAngles],
  ] as const) {
    const frequencies = rotaryFrequencies(positions.dims, positions[which]);
    const values = new Float32Array(2 * sequence * frequencies.length);
    for (let t = 0; t < sequence; t++) {
      frequencies.forEach((frequency, i) => {
        const at = 2 * (t * frequencies.length + i);
        values[at] = Math.cos(t * frequency);
        values[at + 1] = Math.sin(t * frequency);
      });
    }
    gpu.upload(tensor, values);
  }
}

/** Rows of heads to turn. */
export interface RotaryUse {
  readonly x: BufferSlice;
  /** Elements from one token to the next. */
  readonly rowStride: number;
  readonly angles: RotaryAngles;
  /** Turns back, which takes a gradient from the turned rows to the rows before. Default false. */
  readonly back?: boolean;
}

/** Turns queries and keys by their positions, in place. */
export async function rotary(
  { arena, weights: { spec, layout }, sequence }: PieceContext,
  layer: number,
  { words, list }: Jobs,
  { x, rowStride, angles, back = false }: RotaryUse,
): Promise<Piece> {
  const pairs = layout.rotaryPairs;
  if (pairs === 0) return NO_PIECE;
  const which = spec.attention.window[layer] === null ? 'globalAngles' : 'localAngles';
  const operation = await arena.operation('rotary', {
    buffers: { control: words, angles: angles[which], x },
    params: { jobs_at: list.jobsAt, sequence, row_stride: rowStride, pairs },
    overrides: { INVERSE: back ? 1 : 0 },
  });
  return { encode: (recording) => dispatchElements(recording, arena.gpu, operation, list.rows * pairs, list.count) };
}

/** The fixed jobs that turn all rows of some heads. @param starts the first element of each. */
export function rotaryJobs({ arena }: PieceContext, starts: readonly number[], rows: number): Jobs {
  const jobs = starts.map((at) => packJob('rotary', { at, rows_at: EVERY_ROW, rows }));
  return fixedJobs(arena, 'heads to turn', jobs, rows);
}
