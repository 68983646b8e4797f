import { mean } from '../base/mean.js';
import { EdgewiseError } from '../base/errors.js';
import { PLACES, type Place, type PlaceKind } from '../block/places.js';
import type { Topology } from '../circuit/topology.js';
import type { Steering } from '../files/own/patching-json.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import type { Change } from './changes.js';
import { TaskRuns, type TaskEnd, type TaskLane } from './task-runs.js';

export interface SteeringOptions {
  readonly place: Place;
  readonly layer: number;
  /** Added, times `scale`, at every position: one row of the place. */
  readonly vector: Float32Array<ArrayBuffer>;
  readonly scale: number;
  /** Positions of every prompt. Default: all. */
  readonly positions?: readonly number[];
  /** Of a place that has heads. Default: all. */
  readonly heads?: readonly number[];
  readonly metric: MetricName;
  readonly budget: number;
}

/**
 * What becomes of the clean prompts when a vector is added at a place.
 *
 * Cost: two forward passes over every prompt.
 *
 * @throws EdgewiseError of kind usage where the place has no such layer, position or head, or another width.
 */
export async function steer(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  { place, layer, vector, scale, positions, heads, metric, budget }: SteeringOptions,
): Promise<Steering> {
  const kind: PlaceKind = PLACES[place];
  if (heads && !kind.heads) throw new EdgewiseError('usage', `place ${place}`, 'has no heads');
  const scores = place === 'scores';
  const runs = await TaskRuns.create(weights, topology, pairs, { metric, budget, lanes: pairs.length, scores });
  try {
    const columns = runs.runs.columnsOf(place, layer);
    if (vector.length !== columns) {
      throw new EdgewiseError('usage', `place ${place}`, `a vector of ${vector.length} numbers, expected ${columns}`);
    }
    const scaled = vector.map((value) => scale * value);
    const change = (length: number): Change => {
      const rows = (positions?.length ?? length) * (kind.heads ? (heads?.length ?? weights.spec.heads) : 1);
      const values = new Float32Array(rows * scaled.length);
      for (let row = 0; row < rows; row++) values.set(scaled, row * scaled.length);
      return { place, layer, ...(positions && { positions }), ...(heads && { heads }), values, how: 'add' };
    };
    const steered = await runs.run(
      runs.pairs.map(({ clean }, pair): TaskLane => ({ pair, side: 'clean', changes: [change(clean.length)] })),
    );
    const told = (ends: readonly TaskEnd[]): Steering['base'] => {
      const metrics = runs.perPrompt(ends.map((end) => end.metric));
      return {
        metric: mean(metrics),
        metric_per_prompt: metrics,
        p: mean(runs.probabilities(ends.map(({ probability }) => probability))),
      };
    };
    return { metric, place, layer, scale, base: told(runs.clean), steered: told(steered.map(({ end }) => end)) };
  } finally {
    runs.dispose();
  }
}
