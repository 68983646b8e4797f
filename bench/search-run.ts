import { EdgeSet } from '../src/circuit/edge-set.js';
import type { Topology } from '../src/circuit/topology.js';
import { acdc, type AcdcOptions, type AcdcProgress, type AcdcResult } from '../src/discover/acdc.js';
import type { PerPrompt } from '../src/discover/ports.js';
import { planFor, topologyOf } from '../src/engine.js';
import type { MetricName } from '../src/exec/metrics.js';
import type { Gpu } from '../src/gpu/gpu.js';
import type { LoadedModel } from '../src/model/load-model.js';
import { uploadWeights } from '../src/model/weights.js';
import type { PatchOptions } from '../src/patch/options.js';
import { PlainEvaluator } from '../src/patch/plain.js';
import type { Task } from '../src/task/types.js';

/** What a search is asked. */
export interface SearchOptions extends AcdcOptions, PatchOptions {
  readonly metric: MetricName;
}

/** A model on a device with an evaluator of a task, as the engine sets them up. */
export interface SearchRun {
  readonly topology: Topology;
  search(onProgress?: (progress: AcdcProgress) => void): Promise<AcdcResult>;
  /** Metric of a circuit. */
  perPrompt(circuit: EdgeSet): Promise<PerPrompt>;
  /** Makes the next perPrompt compute everything, whatever was evaluated before. */
  forget(): Promise<void>;
  dispose(): void;
}

/** Uploads the weights, compiles every pipeline by one pass and is ready to search. */
export async function openSearch(gpu: Gpu, model: LoadedModel, task: Task, options: SearchOptions): Promise<SearchRun> {
  const weights = await uploadWeights(gpu, model.spec, model.weights);
  try {
    const topology = topologyOf(model);
    const { shape } = planFor(model, topology, task.pairs, options.directEdges, gpu);
    const evaluator = await PlainEvaluator.create(weights, topology, task.pairs, { ...options, shape });
    const full = EdgeSet.full(topology);
    await evaluator.metric(full);
    return {
      topology,
      search: (onProgress) => acdc(evaluator, full, options, onProgress),
      perPrompt: (circuit) => evaluator.perPrompt(circuit),
      // A pass over other tokens leaves nothing that the next one could build on.
      forget: async () => void (await evaluator.evaluateCorrupted([options.metric])),
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
