import type { Topology } from '../circuit/topology.js';
import { PatchingEvaluator } from '../evaluate/evaluator.js';
import type { RunPlan } from '../evaluate/memory-plan.js';
import { sharesOf, SplitEvaluator } from '../evaluate/split-evaluator.js';
import type { TaskEvaluator } from '../evaluate/task-evaluator.js';
import type { LoadedModel } from '../model/load-model.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair, Task } from '../task/types.js';
import { meanSourceOf, planFor } from './identity.js';
import type { Lifetime } from './lifetime.js';
import type { EvaluationOptions } from './options.js';

/** What every evaluator of an engine shares. */
export interface EvaluatorSetting {
  readonly model: LoadedModel;
  readonly topology: Topology;
  /** Of each device, whose adapters are equal. */
  readonly weights: readonly ModelWeights[];
  /** Most bytes for activations and caches on each device. */
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

  /**
   * The memory of the device with the most prompts.
   *
   * @throws EdgewiseError of kind device, with the numbers, where the caches do not fit.
   */
  plan(task: Task, options: EvaluationOptions, directEdges: boolean, batch: number): RunPlan {
    const [largest] = sharesOf(task.pairs, this.#setting.weights.length);
    return this.#planOf(largest ?? [], task, options, directEdges, batch);
  }

  #planOf(
    share: readonly PromptPair[],
    task: Task,
    options: EvaluationOptions,
    directEdges: boolean,
    batch: number,
  ): RunPlan {
    const { model, topology, weights, budget } = this.#setting;
    return planFor(model, topology, share, directEdges, weights[0]!.gpu, {
      budget,
      circuits: batch,
      ablation: options.ablation,
      meanPairs: meanSourceOf(task, options).pairs,
      // Every device pads to the longest prompt of all, as one device does.
      among: task.pairs,
    });
  }

  /** An evaluator, which the caller disposes of. @param batch circuits of a submission at most. */
  async open(task: Task, options: EvaluationOptions, directEdges: boolean, batch = 1): Promise<TaskEvaluator> {
    const { weights, topology } = this.#setting;
    const meanSource = meanSourceOf(task, options);
    const parts: PatchingEvaluator[] = [];
    try {
      for (const [i, share] of sharesOf(task.pairs, weights.length).entries()) {
        const { shape } = this.#planOf(share, task, options, directEdges, batch);
        const asked = { ...options, shape, directEdges, meanSource, batch };
        parts.push(await PatchingEvaluator.create(weights[i]!, topology, share, asked));
      }
      return parts.length === 1 ? parts[0]! : new SplitEvaluator(parts);
    } catch (error) {
      for (const part of parts) part.dispose();
      throw error;
    }
  }

  /** What `use` makes of an evaluator, which is disposed of afterwards. */
  use<T>(
    task: Task,
    options: EvaluationOptions,
    directEdges: boolean,
    use: (evaluator: TaskEvaluator) => Promise<T>,
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
