import { createRng } from '../base/rng.js';
import { EdgewiseError } from '../base/errors.js';
import type { UncutRuns } from './uncut-runs.js';

/** Gaussian noise for token embeddings, drawn from a seed. */
export interface DrawnNoise {
  /** In standard deviations of the embeddings at the noised positions. Meng et al. take 3. */
  readonly level: number;
  readonly samples: number;
  readonly seed: number;
}

/**
 * Standard deviation (N - 1) of all numbers of the token embeddings at some positions of some prompts.
 *
 * Cost: a forward pass over every prompt with positions.
 */
export async function embeddingDeviation(runs: UncutRuns, positions: readonly (readonly number[])[]): Promise<number> {
  const lanes = positions.flatMap((ofPrompt, prompt) =>
    ofPrompt.length === 0
      ? []
      : [{ prompt, changes: [], reads: [{ place: 'embedding', layer: 0, positions: ofPrompt } as const] }],
  );
  const found = await runs.run(lanes, () => undefined);
  const values = found.flatMap(({ reads }) => [...reads[0]!]);
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Noise [positions, width] of every sample, of standard deviation `nu`. Prompts get noise of different seeds. */
export function drawNoise(
  { samples, seed }: Pick<DrawnNoise, 'samples' | 'seed'>,
  nu: number,
  prompt: number,
  { positions, width }: { readonly positions: number; readonly width: number },
): Float32Array<ArrayBuffer>[] {
  const rng = createRng((seed + 0x9e3779b9 * (prompt + 1)) >>> 0);
  return Array.from({ length: samples }, () =>
    Float32Array.from({ length: positions * width }, () => nu * rng.normal()),
  );
}

/**
 * Noise as numbers: samples x positions x width.
 *
 * @throws EdgewiseError of kind usage, with `source`, where it has another shape or a number is not finite.
 */
export function readNoise(
  given: unknown,
  positions: number,
  width: number,
  source: string,
): Float32Array<ArrayBuffer>[] {
  const fail = (what: string): never => {
    throw new EdgewiseError('usage', source, `${what}, expected an array of samples x ${positions} x ${width} numbers`);
  };
  const list = (value: unknown, where: string, length?: number): readonly unknown[] => {
    if (!Array.isArray(value)) return fail(`${where} is no array`);
    if (length !== undefined && value.length !== length) return fail(`${where} has ${value.length} entries`);
    return value;
  };
  const samples = list(given, 'the file');
  if (samples.length === 0) fail('the file has no sample');
  return samples.map((sample, s) =>
    Float32Array.from(
      list(sample, `sample ${s}`, positions).flatMap((row, p) =>
        list(row, `sample ${s}, position ${p}`, width).map((value, i) =>
          typeof value === 'number' && Number.isFinite(Math.fround(value))
            ? value
            : (fail(`sample ${s}, position ${p}, entry ${i} is no finite number`) as never),
        ),
      ),
    ),
  );
}
