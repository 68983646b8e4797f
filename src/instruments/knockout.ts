import { EdgewiseError } from '../base/errors.js';
import { finiteOrNull } from '../base/finite-or-null.js';
import { mean } from '../base/mean.js';
import type { Topology } from '../circuit/topology.js';
import type { Knockout, KnockoutLayer } from '../files/own/knockout-json.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import type { Change } from './changes.js';
import { TaskRuns, type TaskEnd, type TaskLane } from './task-runs.js';
import { windowAt } from './windows.js';

export interface KnockoutOptions {
  readonly metric: MetricName;
  /** Width of the window of layers; `all` is every layer at once. */
  readonly window: number | 'all';
  /** The head of every layer that is blocked. Default: all of them. */
  readonly head?: number;
  readonly budget: number;
}

/**
 * Attention knockout (Geva et al. 2023, arXiv:2304.14767): the measured position does not attend to some positions in a
 * window of layers. Their scores are minus infinity before the softmax, which is then taken over the others.
 *
 * Cost: a forward pass over every prompt, and a part of one for every window.
 *
 * @param blocked by list and prompt the key positions. A prompt without any is left as it is.
 * @returns what each list does, in their order.
 */
export async function knockOut(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  blocked: readonly (readonly (readonly number[])[])[],
  { metric, window, head, budget }: KnockoutOptions,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Knockout[]> {
  const { layers } = topology;
  for (const ofList of blocked) refuseWholeRows(pairs, ofList);
  const all = Array.from({ length: layers }, (_, layer) => layer);
  const windows = window === 'all' ? [all] : all.map((layer) => windowAt(layer, window, layers));
  const total = pairs.length * blocked.length * windows.length;
  const runs = await TaskRuns.create(weights, topology, pairs, { metric, budget, lanes: total, scores: true });
  try {
    let done = 0;
    const onDone = (lanes: number): void => onProgress((done += lanes), total);
    const { promptOf } = runs;
    const base = told(runs, runs.clean);
    const lanes = blocked.flatMap((ofList) =>
      windows.flatMap((among) =>
        runs.pairs.map(({ position }, pair): TaskLane => {
          const columns = ofList[promptOf[pair]!]!;
          const changes = among.map((layer): Change => ({
            place: 'scores',
            layer,
            ...(head !== undefined && { heads: [head] }),
            positions: [position],
            columns,
            values: -Infinity,
          }));
          return { pair, side: 'clean', changes: columns.length === 0 ? [] : changes };
        }),
      ),
    );
    const ends = (await runs.run(lanes, onDone)).map(({ end }) => end);
    const count = runs.pairs.length;
    return blocked.map((_, list) => ({
      metric,
      window,
      base,
      layers: windows.map((__, w): KnockoutLayer => {
        const first = (list * windows.length + w) * count;
        return changed(base, told(runs, ends.slice(first, first + count)));
      }),
    }));
  } finally {
    runs.dispose();
  }
}

/** @throws EdgewiseError of kind usage where a position sees a later one blocked, or has no key left. */
function refuseWholeRows(pairs: readonly PromptPair[], blocked: readonly (readonly number[])[]): void {
  pairs.forEach(({ position }, n) => {
    const late = blocked[n]!.find((key) => !(Number.isInteger(key) && key >= 0 && key <= position));
    if (late !== undefined) {
      const what = `key ${late}, expected 0 to ${position}, the measured position`;
      throw new EdgewiseError('usage', `blocked positions of prompt ${n}`, what);
    }
    if (new Set(blocked[n]).size > position) {
      const what = 'every key is blocked, expected at least one that is left to attend to';
      throw new EdgewiseError('usage', `blocked positions of prompt ${n}`, what);
    }
  });
}

/** Probability of the right answers and metric, of every prompt and in the mean. */
function told(runs: TaskRuns, ends: readonly TaskEnd[]): Knockout['base'] {
  const p = runs.probabilities(ends.map(({ probability }) => probability));
  const metrics = runs.perPrompt(ends.map(({ metric }) => metric));
  return { p: mean(p), p_per_prompt: p, metric: mean(metrics), metric_per_prompt: metrics };
}

function changed(base: Knockout['base'], now: Knockout['base']): KnockoutLayer {
  const { p, p_per_prompt, metric, metric_per_prompt } = now;
  return {
    p,
    p_relative: finiteOrNull(
      mean(p_per_prompt.map((value, n) => (value - base.p_per_prompt[n]!) / base.p_per_prompt[n]!)),
    ),
    metric,
    metric_change: metric - base.metric,
    p_per_prompt,
    metric_per_prompt,
  };
}
