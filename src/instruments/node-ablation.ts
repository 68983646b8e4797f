import { mean } from '../base/mean.js';
import type { Place } from '../block/places.js';
import type { Topology } from '../circuit/topology.js';
import type { AblatedNodes } from '../files/own/knockout-json.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import type { Change } from './changes.js';
import { TaskRuns, type TaskLane } from './task-runs.js';

export const ABLATED_KINDS = ['heads', 'mlps', 'neurons'] as const;
export type AblatedKind = (typeof ABLATED_KINDS)[number];
export const ABLATED_VALUES = ['zero', 'mean'] as const;
export type AblatedValue = (typeof ABLATED_VALUES)[number];

const PLACES_OF = { heads: 'mixed', mlps: 'mlp output', neurons: 'neurons' } as const satisfies Record<
  AblatedKind,
  Place
>;

/** One head, MLP or neuron. */
interface Unit {
  readonly name: string;
  readonly layer: number;
  /** Head or neuron; undefined for an MLP. */
  readonly index: number | undefined;
}

export interface NodeAblationOptions {
  readonly kind: AblatedKind;
  /** What a node gives instead: zeros, or its mean over all tokens of the clean prompts. */
  readonly value: AblatedValue;
  readonly metric: MetricName;
  /** Layers whose nodes are ablated. Default: all. */
  readonly layers?: readonly number[];
  readonly budget: number;
}

/**
 * Heads, MLPs or neurons one by one set to zero or to their mean, at every position of the clean prompts, and what
 * becomes of the metric. Heads are set before W_O, so that the attention's bias stays.
 *
 * Cost: a part of a forward pass for every node and prompt; for means one more over every prompt.
 */
export async function ablateNodes(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  options: NodeAblationOptions,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<AblatedNodes> {
  const { kind, value, metric, budget } = options;
  const layers = options.layers ?? Array.from({ length: topology.layers }, (_, layer) => layer);
  const units = unitsOf(kind, layers, weights);
  const runs = await TaskRuns.create(weights, topology, pairs, { metric, budget, lanes: pairs.length * units.length });
  try {
    const count = runs.pairs.length;
    const total = count * units.length;
    let done = 0;
    const onDone = (lanes: number): void => onProgress((done += lanes), total);
    const place = PLACES_OF[kind];
    const means = value === 'mean' ? await meansOf(runs, place, layers) : null;
    /** @param changes by node what becomes of a prompt of so many tokens. */
    const metricsOf = async (changes: readonly ((length: number) => readonly Change[])[]): Promise<number[][]> => {
      const lanes = changes.flatMap((ofUnit) =>
        runs.pairs.map(({ clean }, pair): TaskLane => ({ pair, side: 'clean', changes: ofUnit(clean.length) })),
      );
      const ends = await runs.run(lanes, onDone);
      return changes.map((_, i) => runs.perPrompt(ends.slice(i * count, (i + 1) * count).map(({ end }) => end.metric)));
    };
    const base = runs.perPrompt(runs.clean.map((end) => end.metric));
    const rows: AblatedNodes['rows'] = [];
    // A layer at a time: neurons are many.
    for (const layer of layers.toReversed()) {
      const ofLayer = units.filter((unit) => unit.layer === layer);
      const found = await metricsOf(
        ofLayer.map(({ index }) => (length: number) => [
          {
            place,
            layer,
            ...(kind === 'heads' && { heads: [index!] }),
            ...(kind === 'neurons' && { columns: [index!] }),
            values: means ? means(layer, index, length) : 0,
          },
        ]),
      );
      const told = ofLayer.map(({ name }, i) => {
        const now = found[i]!;
        return { node: name, metric: mean(now), metric_change: mean(now) - mean(base), metric_per_prompt: now };
      });
      rows.unshift(...told);
    }
    return { metric, ablated: kind, value, base: { metric: mean(base), metric_per_prompt: base }, rows };
  } finally {
    runs.dispose();
  }
}

function unitsOf(kind: AblatedKind, layers: readonly number[], { spec }: ModelWeights): Unit[] {
  const each = (layer: number, count: number, letter: string): Unit[] =>
    Array.from({ length: count }, (_, index) => ({ name: `${letter}${index}`, layer, index }));
  return layers.flatMap((layer): Unit[] => {
    if (kind === 'mlps') return [{ name: `m${layer}`, layer, index: undefined }];
    return kind === 'heads' ? each(layer, spec.heads, `a${layer}.h`) : each(layer, spec.mlpWidth, `m${layer}.n`);
  });
}

/** A node's mean over all tokens of the clean prompts, at every position; one number for a neuron. */
async function meansOf(
  runs: TaskRuns,
  place: Place,
  layers: readonly number[],
): Promise<(layer: number, index: number | undefined, length: number) => Change['values']> {
  const parts = layers.map((layer) => ({ place, layer }));
  const held = await runs.record('clean', parts);
  const lengths = runs.pairs.map(({ clean }) => clean.length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const rowMeans = (layer: number, head: number): Float64Array => {
    const width = held[0]!.ofHead(place, layer, head).length / lengths[0]!;
    const sums = new Float64Array(width);
    for (const recorded of held) {
      const values = recorded.ofHead(place, layer, head);
      for (let i = 0; i < values.length; i++) sums[i % width]! += values[i]!;
    }
    return sums.map((sum) => sum / tokens);
  };
  const rows = new Map<string, Float64Array>();
  return (layer, index, length) => {
    const head = place === 'mixed' ? index! : 0;
    const key = `${layer} ${head}`;
    const row = rows.get(key) ?? rowMeans(layer, head);
    rows.set(key, row);
    if (place === 'neurons') return Math.fround(row[index!]!);
    return Float32Array.from({ length: length * row.length }, (_, i) => row[i % row.length]!);
  };
}
