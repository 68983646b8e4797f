import { mean } from '../base/mean.js';
import type { Topology } from '../circuit/topology.js';
import { measuredPairs, measuredPrompts, perPrompt } from '../evaluate/whole-answers.js';
import type { ModelWeights } from '../model/weights.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import type { Change, PartOfLane } from './changes.js';
import { hostReadout, probabilityOf } from './host-readout.js';
import type { Recorded } from './recorded.js';
import { UncutRuns } from './uncut-runs.js';

export type Side = 'clean' | 'corrupted';

/** A run over one side of one measured pair: see measuredPairs. */
export interface TaskLane {
  readonly pair: number;
  readonly side: Side;
  readonly changes: readonly Change[];
  readonly reads?: readonly PartOfLane[];
}

/** What a run over a task's prompt ended in. */
export interface TaskEnd {
  /** By the metric, higher is better. */
  readonly metric: number;
  /** Summed probability of the right answers; 0 without any. */
  readonly probability: number;
}

export interface TaskRunsOptions {
  readonly metric: MetricName;
  readonly budget: number;
  /** Most lanes that will be asked for at once. */
  readonly lanes: number;
  readonly scores?: boolean;
}

export interface TaskResult {
  readonly end: TaskEnd;
  readonly reads: readonly Float32Array<ArrayBuffer>[];
}

/** Runs over both sides of a task's prompts, and the metric at their ends. Metrics are higher-is-better here. */
export class TaskRuns {
  readonly runs: UncutRuns;
  /** As they are measured: one position each. */
  readonly pairs: readonly PromptPair[];
  readonly #asked: readonly PromptPair[];
  /** Of the unchanged clean runs, by measured pair. */
  readonly clean: readonly TaskEnd[];
  readonly #metric: MetricName;
  /** Clean log-probabilities of every measured pair. */
  readonly #references: readonly Float32Array[];

  static async create(
    weights: ModelWeights,
    topology: Topology,
    asked: readonly PromptPair[],
    { metric, budget, lanes, scores = false }: TaskRunsOptions,
  ): Promise<TaskRuns> {
    const pairs = measuredPairs(asked);
    const prompts = pairs.flatMap(({ clean, corrupted, position }) => [
      { ids: clean, position },
      { ids: corrupted, position },
    ]);
    const runs = await UncutRuns.create(weights, topology, prompts, { budget, lanes, scores });
    try {
      const clean = pairs.map((_, pair) => ({ prompt: 2 * pair, changes: [] }));
      const ends = await runs.run(clean, (logProbs) => logProbs.slice());
      return new TaskRuns(
        runs,
        pairs,
        asked,
        metric,
        ends.map(({ end }) => end),
      );
    } catch (error) {
      runs.dispose();
      throw error;
    }
  }

  private constructor(
    runs: UncutRuns,
    pairs: readonly PromptPair[],
    asked: readonly PromptPair[],
    metric: MetricName,
    references: readonly Float32Array[],
  ) {
    this.runs = runs;
    this.pairs = pairs;
    this.#asked = asked;
    this.#metric = metric;
    this.#references = references;
    this.clean = references.map((logProbs, pair) => this.#end(logProbs, pair));
  }

  /** Runs lanes, in any order; results are in theirs. */
  run(lanes: readonly TaskLane[], onDone?: (lanes: number) => void): Promise<TaskResult[]> {
    return this.runs.run(
      lanes.map(({ pair, side, changes, reads }) => ({
        prompt: 2 * pair + (side === 'clean' ? 0 : 1),
        changes,
        ...(reads && { reads }),
      })),
      (logProbs, lane) => this.#end(logProbs, lanes[lane]!.pair),
      onDone,
    );
  }

  /** By measured pair what the unchanged run over one side has at whole places. */
  async record(side: Side, parts: readonly Pick<PartOfLane, 'place' | 'layer'>[]): Promise<Recorded[]> {
    const found = await this.run(this.pairs.map((_, pair) => ({ pair, side, changes: [], reads: parts })));
    return found.map(({ reads }, pair) => this.runs.recorded(parts, reads, this.pairs[pair]![side].length));
  }

  #end(logProbs: Float32Array, pair: number): TaskEnd {
    const answers = this.pairs[pair]!;
    const readout = hostReadout(logProbs, this.#references[pair]!, answers);
    return {
      metric: 0 - METRICS[this.#metric].value(readout, answers.correct), // never -0
      probability: probabilityOf(logProbs, answers.correct),
    };
  }

  /** One value a prompt of the task, from one a measured pair: tokens of an answer are put together by the metric. */
  perPrompt(metrics: readonly number[]): number[] {
    return perPrompt(
      this.#asked,
      this.#metric,
      metrics.map((value) => -value),
    ).map((loss) => 0 - loss);
  }

  /** The same for probabilities, which multiply along an answer. */
  probabilities(measured: readonly number[]): number[] {
    let next = 0;
    return this.#asked.map(({ answer }) =>
      measured.slice(next, (next += answer?.length ?? 1)).reduce((product, p) => product * p, 1),
    );
  }

  /** By measured pair the prompt of the task that it belongs to. */
  get promptOf(): readonly number[] {
    return measuredPrompts(this.#asked);
  }

  /** Mean of the metric over the prompts. */
  mean(metrics: readonly number[]): number {
    return mean(this.perPrompt(metrics));
  }

  dispose(): void {
    this.runs.dispose();
  }
}
