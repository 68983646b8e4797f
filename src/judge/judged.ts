import { mean } from '../base/mean.js';
import type { JsonObject } from '../base/json/json-fields.js';
import type { Draws, TestLevels } from '../circuit/draws.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { PerPrompt } from '../circuit/evaluator.js';
import { complementOf } from '../evaluate/curve.js';
import type { PromptValues } from '../evaluate/evaluator.js';
import { faithfulness } from '../evaluate/faithfulness.js';
import type { MetricEvaluator } from '../evaluate/measures.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';

/** Evaluates circuits, so many in a submission. PatchingEvaluator is one. */
export interface JudgeEvaluator extends MetricEvaluator {
  readonly most: number;
}

/** How far a measure is, in circuits. */
export interface JudgeProgress {
  readonly measure: string;
  readonly done: number;
  readonly total: number;
}

/** Evaluates circuits in batches, and tells how far it is. */
export class Passes {
  readonly #evaluator: JudgeEvaluator;
  readonly #metric: MetricName;
  readonly #tell: (progress: JudgeProgress) => void;
  #part = { measure: '', done: 0, total: 0 };

  constructor(evaluator: JudgeEvaluator, metric: MetricName, tell: (progress: JudgeProgress) => void = () => {}) {
    this.#evaluator = evaluator;
    this.#metric = metric;
    this.#tell = tell;
  }

  /** What comes next, and how many circuits at most. */
  begin(measure: string, total: number): void {
    this.#part = { measure, done: 0, total };
  }

  /** Metric per prompt, in loss form, by circuit. */
  async losses(circuits: readonly EdgeSet[]): Promise<PerPrompt[]> {
    return (await this.values(circuits, [this.#metric])).map((one) => one[this.#metric]!);
  }

  async values(circuits: readonly EdgeSet[], metrics: readonly MetricName[]): Promise<PromptValues[]> {
    const values: PromptValues[] = [];
    while (values.length < circuits.length) {
      const batch = circuits.slice(values.length, values.length + this.#evaluator.most);
      values.push(...(await this.#evaluator.evaluate(batch, metrics)));
      this.#part.done += batch.length;
      this.#tell({ ...this.#part, total: Math.max(this.#part.total, this.#part.done) });
    }
    return values;
  }
}

/** What cutting everything gives, and what nothing. Metrics per prompt, in loss form. */
export interface Ends {
  readonly whole: PerPrompt;
  readonly empty: PerPrompt;
}

/** A circuit that is judged, and what all measures need of it. */
export interface Judged extends Ends {
  readonly kept: EdgeSet;
  readonly found: PerPrompt;
  /** The model without the circuit: every other edge, and every direct one. */
  readonly complement: PerPrompt;
  readonly metric: MetricName;
  readonly pairs: readonly PromptPair[];
  readonly passes: Passes;
  readonly seed: number;
  /** Drawn at the first use. */
  readonly draws: () => Draws;
  /** Runs of the random circuits that were drawn; evaluated at the first use. */
  readonly randomRuns: () => Promise<readonly PerPrompt[]>;
  readonly levels: TestLevels;
  /** How strong each addition edge is by the weights of the model alone; null where the weights are not there. */
  readonly magnitudes: (() => Promise<Float64Array>) | null;
}

/** What a measure found. */
export interface Verdict {
  /** The number that the sentence is about; null where it is not defined. */
  readonly value: number | null;
  readonly verdict: 'good' | 'bad' | 'unknown';
  /** In plain words, also where it is bad or not defined. */
  readonly sentence: string;
  /** Everything, for machines. Numbers that are not finite are null. */
  readonly result: JsonObject;
}

/** What a verdict says where there is no share of the behaviour. */
export const UNDEFINED: Omit<Verdict, 'result'> = {
  value: null,
  verdict: 'unknown',
  sentence: 'not defined: whole model and empty circuit measure the same here, or the metric is not finite',
};

/** The circuit for the hypothesis tests: its addition edges, and all direct ones. */
export function withDirect(kept: EdgeSet): EdgeSet {
  const { topology } = kept;
  return EdgeSet.where(topology, (id) => id >= topology.additionEdges || kept.has(id));
}

/** Circuits of addition edges by id, each with all direct edges. */
export function circuitOf({ topology }: EdgeSet, ids: Iterable<number>): EdgeSet {
  const direct = EdgeSet.empty(topology);
  return EdgeSet.of(topology, [...direct, ...ids]);
}

export function additionsOf(kept: EdgeSet): number[] {
  return [...kept].filter((id) => id < kept.topology.additionEdges);
}

/** Mean squared difference over the prompts (Shi et al. 2024). */
export function squaredLoss(a: PerPrompt, b: PerPrompt): number {
  return mean(a.map((value, i) => (value - b[i]!) ** 2));
}

/**
 * Differences of the metric up to this are rounding in single precision: 1e-6 of the largest value at either end.
 * Without it noise decides between runs that are equal.
 */
export function roundingOf({ whole, empty }: Ends): number {
  return 1e-6 * Math.max(...[...whole, ...empty].map(Math.abs));
}

/** Faithfulness of means over the prompts. */
export function faithfulnessOf(losses: PerPrompt, { whole, empty }: Ends): number | null {
  return faithfulness(mean(losses), mean(whole), mean(empty));
}

/** What stands in the model's stead without the circuit, evaluated with the other circuits that all measures need. */
export async function baseRuns(passes: Passes, kept: EdgeSet) {
  const { topology } = kept;
  passes.begin('the circuit', 4);
  const circuits = [EdgeSet.full(topology), EdgeSet.empty(topology), kept, complementOf(kept)];
  const [whole, empty, found, complement] = await passes.losses(circuits);
  return { whole: whole!, empty: empty!, found: found!, complement: complement! };
}

/** `98 %`. A share between 99 and 100 is told to a tenth, cut off, so that it does not look like all. */
export function percent(share: number): string {
  const value = 100 * share;
  const near = Math.abs(value) > 99 && Math.abs(value) < 100;
  const text = near ? (Math.trunc(10 * value) / 10).toFixed(1) : value.toFixed(0);
  return `${Number(text) === 0 ? text.replace('-', '') : text} %`;
}
