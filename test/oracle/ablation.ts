/** Ablation values other than resample, for `ablationValues`. */
import type { OracleModel, Pass } from './pass.js';

/** Every writer 0; position embeddings and biases stay (unless the positions belong to the input writer). */
export function zeroWriters(model: OracleModel, length: number): Float64Array[] {
  return model.topology.writers.map(() => new Float64Array(length * model.spec.width));
}

/**
 * Per writer its mean over all real tokens of all passes, a leading beginning-of-text token left out, at every
 * position.
 *
 * @param ids the prompts of the passes.
 */
export function meanWriters(
  model: OracleModel,
  passes: readonly Pass[],
  ids: readonly (readonly number[])[],
  length: number,
): Float64Array[] {
  const { width, bosTokenId } = model.spec;
  return model.topology.writers.map((_, writer) => {
    const mean = new Float64Array(width);
    let tokens = 0;
    passes.forEach((pass, prompt) => {
      const first = ids[prompt]![0] === bosTokenId ? 1 : 0;
      for (let position = first; position < ids[prompt]!.length; position++) {
        for (let i = 0; i < width; i++) mean[i]! += pass.writers[writer]![position * width + i]!;
        tokens++;
      }
    });
    return Float64Array.from({ length: length * width }, (_unused, i) => mean[i % width]! / tokens);
  });
}

/** Per writer and position its mean over passes of equal length. */
export function positionalMeanWriters(model: OracleModel, passes: readonly Pass[]): Float64Array[] {
  return model.topology.writers.map((_, writer) => {
    const sum = new Float64Array(passes[0]!.writers[writer]!.length);
    for (const pass of passes) pass.writers[writer]!.forEach((value, i) => (sum[i]! += value));
    return sum.map((value) => value / passes.length);
  });
}
