import { EdgewiseError } from '../base/errors.js';
import type { Topology } from '../circuit/topology.js';
import type { AveragedTraces, CausalTrace } from '../files/own/tracing-json.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { averagedTraces, rolesOfPairs } from './by-role.js';
import { traceCauses, type TracingOptions } from './causal-tracing.js';
import { drawNoise, embeddingDeviation, type DrawnNoise } from './noise.js';
import { UncutRuns } from './uncut-runs.js';

/** Noise as drawn from a seed, or by sample the numbers [noised positions, width] themselves, for one prompt. */
export type TracingNoise = DrawnNoise | readonly Float32Array<ArrayBuffer>[];

/** The trace of one prompt, and the standard deviation of its noise where that was drawn. */
export interface TracedPair {
  readonly trace: CausalTrace;
  readonly nu: number | null;
}

/**
 * Causal tracing of some prompts of a task: see traceCauses. The answer is the most probable token of each clean run.
 *
 * @param noised by prompt the positions that get the noise.
 * @param rows indices of the prompts that are traced. The deviation of noise is over all prompts.
 */
export async function tracePairs(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  rows: readonly number[],
  noised: readonly (readonly number[])[],
  noise: TracingNoise,
  options: TracingOptions,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<TracedPair[]> {
  for (const row of rows) {
    if (noised[row]!.length === 0) {
      throw new EdgewiseError(
        'usage',
        `prompt ${row}`,
        'no position gets noise: name some by --positions or --subject',
      );
    }
  }
  const drawn = 'level' in noise ? noise : null;
  const nu = drawn ? drawn.level * (await deviationOf(weights, topology, pairs, noised, options)) : null;
  const traced: TracedPair[] = [];
  for (const [i, row] of rows.entries()) {
    const { clean: ids, position } = pairs[row]!;
    const size = { positions: noised[row]!.length, width: weights.spec.width };
    const samples = drawn ? drawNoise(drawn, nu!, row, size) : (noise as readonly Float32Array<ArrayBuffer>[]);
    const prompt = { ids, position, noised: noised[row]!, noise: samples };
    const onRow = (done: number, total: number): void => onProgress(i * total + done, rows.length * total);
    traced.push({ trace: await traceCauses(weights, topology, prompt, options, onRow), nu });
  }
  return traced;
}

/** Traces of all prompts of a task as one, by the roles of their tokens. */
export async function traceTask(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  noised: readonly (readonly number[])[],
  noise: DrawnNoise,
  options: TracingOptions,
  onProgress?: (done: number, total: number) => void,
): Promise<AveragedTraces> {
  const rows = pairs.map((_, row) => row);
  const traced = await tracePairs(weights, topology, pairs, rows, noised, noise, options, onProgress);
  return averagedTraces(
    traced.map(({ trace }) => trace),
    rolesOfPairs(pairs),
  );
}

async function deviationOf(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  noised: readonly (readonly number[])[],
  { budget }: TracingOptions,
): Promise<number> {
  const prompts = pairs.map(({ clean: ids, position }) => ({ ids, position }));
  const runs = await UncutRuns.create(weights, topology, prompts, { budget, lanes: pairs.length });
  try {
    return await embeddingDeviation(runs, noised);
  } finally {
    runs.dispose();
  }
}

/** Positions at which the prompts of a pair differ. */
export function differingPositions({ clean, corrupted }: PromptPair): number[] {
  return clean.flatMap((id, position) => (id === corrupted[position] ? [] : [position]));
}
