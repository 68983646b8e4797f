import { EdgeSet } from '../src/circuit/edge-set.js';
import type { Topology } from '../src/circuit/topology.js';
import { acdc, type AcdcOptions, type AcdcProgress, type AcdcResult } from '../src/discover/acdc.js';
import type { PerPrompt } from '../src/circuit/evaluator.js';
import { usualBatch } from '../src/run/evaluators.js';
import { planFor, topologyOf } from '../src/run/identity.js';
import type { MetricName } from '../src/readout/metrics.js';
import type { Gpu } from '../src/gpu/gpu.js';
import type { LoadedModel } from '../src/model/load-model.js';
import { uploadWeights } from '../src/model/weights.js';
import type { PatchOptions } from '../src/evaluate/options.js';
import { PatchingEvaluator } from '../src/evaluate/evaluator.js';
import type { Task } from '../src/task/types.js';

/** What a search is asked. */
export interface SearchOptions extends AcdcOptions, PatchOptions {
  readonly metric: MetricName;
}

/** A model on a device with an evaluator of a task, as the engine sets them up. */
export interface SearchRun {
  readonly topology: Topology;
  /** Seconds that the caches took. */
  readonly preparation: number;
  search(onProgress?: (progress: AcdcProgress) => void): Promise<AcdcResult>;
  /**
   * Replaces the evaluator by one that computes every node of every circuit, whatever came before. No more searches.
   */
  toWholePasses(): Promise<void>;
  perPrompt(circuit: EdgeSet): Promise<PerPrompt>;
  dispose(): void;
}

/**
 * Uploads the weights, compiles every pipeline by one pass and is ready to search.
 *
 * @param batch tests in one submission at most. Default: what suits a device that so many circuits fill.
 */
export async function openSearch(
  gpu: Gpu,
  model: LoadedModel,
  task: Task,
  options: SearchOptions,
  { fill = 1, batch }: { readonly fill?: number; readonly batch?: number | undefined } = {},
): Promise<SearchRun> {
  const weights = await uploadWeights(gpu, model.spec, model.weights);
  const topology = topologyOf(model);
  const full = EdgeSet.full(topology);
  const most = batch ?? usualBatch(topology, fill);
  const { shape } = planFor(model, topology, task.pairs, options.directEdges, gpu, { circuits: most });
  const open = async (whole: boolean): Promise<PatchingEvaluator> => {
    const evaluator = await PatchingEvaluator.create(weights, topology, task.pairs, {
      ...options,
      shape,
      whole,
      batch: most,
    });
    await evaluator.metric(full);
    return evaluator;
  };
  try {
    (await open(false)).dispose(); // compiles every pipeline
    const start = performance.now();
    let evaluator = await open(false);
    const preparation = (performance.now() - start) / 1000;
    return {
      topology,
      preparation,
      search: (onProgress) => acdc(evaluator, full, options, onProgress && { onProgress }),
      toWholePasses: async () => {
        evaluator.dispose();
        evaluator = await open(true);
      },
      perPrompt: async (circuit) => (await evaluator.perPrompt([circuit]))[0]!,
      dispose: () => {
        evaluator.dispose();
        weights.dispose();
      },
    };
  } catch (error) {
    weights.dispose();
    throw error;
  }
}
