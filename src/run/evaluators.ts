import type { Topology } from '../circuit/topology.js';
import { PatchingEvaluator } from '../evaluate/evaluator.js';
import type { RunPlan } from '../evaluate/memory-plan.js';
import type { Gpu } from '../gpu/gpu.js';
import type { LoadedModel } from '../model/load-model.js';
import type { ModelWeights } from '../model/weights.js';
import type { Task } from '../task/types.js';
import { meanSourceOf, planFor } from './identity.js';
import type { Lifetime } from './lifetime.js';
import type { EvaluationOptions } from './options.js';

/** What every evaluator of an engine shares. */
export interface EvaluatorSetting {
  readonly model: LoadedModel;
  readonly topology: Topology;
  readonly gpu: Gpu;
  readonly weights: ModelWeights;
  /** Most bytes for activations and caches. */
  readonly budget: number;
  /** The engine's life. */
  readonly lifetime: Lifetime;
}

/** Makes evaluators of tasks that fit the memory. */
export class Evaluators {
  readonly #setting: EvaluatorSetting;

  constructor(setting: EvaluatorSetting) {
    this.#setting = setting;
  }

  /** @throws EdgewiseError of kind device, with the numbers, where the caches do not fit the memory. */
  plan(task: Task, options: EvaluationOptions, directEdges: boolean, batch: number): RunPlan {
    const { model, topology, gpu, budget } = this.#setting;
    return planFor(model, topology, task.pairs, directEdges, gpu, {
      budget,
      circuits: batch,
      ablation: options.ablation,
      meanPairs: meanSourceOf(task, options).pairs,
    });
  }

  /** An evaluator, which the caller disposes of. @param batch circuits of a submission at most. */
  async open(task: Task, options: EvaluationOptions, directEdges: boolean, batch = 1): Promise<PatchingEvaluator> {
    const { weights, topology } = this.#setting;
    const { shape } = this.plan(task, options, directEdges, batch);
    const meanSource = meanSourceOf(task, options);
    const choice = { ...options, shape, directEdges, meanSource, batch };
    return PatchingEvaluator.create(weights, topology, task.pairs, choice);
  }

  /** What `use` makes of an evaluator, which is disposed of afterwards. */
  use<T>(
    task: Task,
    options: EvaluationOptions,
    directEdges: boolean,
    use: (evaluator: PatchingEvaluator) => Promise<T>,
    batch = 1,
  ): Promise<T> {
    return this.#setting.lifetime.during(async () => {
      const evaluator = await this.open(task, options, directEdges, batch);
      try {
        return await use(evaluator);
      } finally {
        evaluator.dispose();
      }
    });
  }
}
