import { mean } from '../base/mean.js';
import { EdgewiseError } from '../base/errors.js';
import type { Place } from '../block/places.js';
import { isAttentionPort } from '../circuit/nodes.js';
import type { Topology } from '../circuit/topology.js';
import type { PatchedPath } from '../files/own/path-patching-json.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import type { Change, PartOfLane } from './changes.js';
import type { Recorded } from './recorded.js';
import { TaskRuns, type Side, type TaskLane } from './task-runs.js';

export const MLP_RULES = ['free', 'frozen'] as const;
export type MlpRule = (typeof MLP_RULES)[number];

/** What is patched. */
export interface PatchedPathRequest {
  /** Writers. */
  readonly senders: readonly number[];
  /** Ports. */
  readonly receivers: readonly number[];
  /** Whether MLPs between them are computed anew, so that paths through them count, or stay as in the clean run. */
  readonly mlps: MlpRule;
}

const PLACE_OF_BRANCH = { q: 'queries', k: 'keys', v: 'values' } as const;

/**
 * Path patching (Wang et al. 2022, arXiv:2211.00593): the metric of the clean run in which receivers read what they
 * would read if the senders' outputs were those of the corrupted run and all other heads' those of the clean run.
 * Receivers do not pass on what they read to one another. With frozen MLPs this is the circuit without the edges from
 * senders to receivers, unless one receiver feeds another.
 *
 * Cost: four forward passes over every prompt.
 *
 * @throws EdgewiseError of kind usage where a sender comes after every receiver, or a receiver before every sender.
 */
export async function patchPath(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  { senders, receivers, mlps }: PatchedPathRequest,
  { metric, budget }: { readonly metric: MetricName; readonly budget: number },
  onProgress: (done: number, total: number) => void = () => {},
): Promise<PatchedPath> {
  refuseIdle(topology, senders, receivers);
  const runs = await TaskRuns.create(weights, topology, pairs, { metric, budget, lanes: 2 * pairs.length });
  try {
    const measured = runs.pairs.map((_, pair) => pair);
    const total = 4 * measured.length;
    let done = 0;
    const onDone = (lanes: number): void => onProgress((done += lanes), total);
    const held = outputsOf(topology);
    const sides: readonly Side[] = ['clean', 'corrupted'];
    const plain = await runs.run(
      measured.flatMap((pair) => sides.map((side): TaskLane => ({ pair, side, changes: [], reads: held }))),
      onDone,
    );
    const had = (pair: number, side: number): Recorded =>
      runs.runs.recorded(held, plain[2 * pair + side]!.reads, runs.pairs[pair]!.clean.length);
    const parts = receivers.map((port) => partOf(topology, port));
    const reading = await runs.run(
      measured.map((pair): TaskLane => ({
        pair,
        side: 'clean',
        changes: frozen(topology, senders, mlps, had(pair, 0), had(pair, 1)),
        reads: parts,
      })),
      onDone,
    );
    const patched = await runs.run(
      measured.map((pair): TaskLane => ({
        pair,
        side: 'clean',
        changes: parts.map((part, i) => ({ ...part, values: reading[pair]!.reads[i]! })),
      })),
      onDone,
    );
    const told = (side: number): PatchedPath['clean'] => {
      const values = runs.perPrompt(measured.map((pair) => plain[2 * pair + side]!.end.metric));
      return { per_prompt: values, mean: mean(values) };
    };
    const [clean, corrupted] = [told(0), told(1)];
    const values = runs.perPrompt(patched.map(({ end }) => end.metric));
    const effect = mean(values) - clean.mean;
    return {
      metric,
      senders: senders.map((writer) => topology.writerName(writer)),
      receivers: receivers.map((port) => topology.portName(port)),
      mlps,
      clean,
      corrupted,
      per_prompt: values,
      mean: mean(values),
      effect,
      normalised: -effect / (clean.mean - corrupted.mean) + 0, // never -0
    };
  } finally {
    runs.dispose();
  }
}

function refuseIdle(topology: Topology, senders: readonly number[], receivers: readonly number[]): void {
  const reads = (port: number, writer: number): boolean => writer < topology.fanIn(port);
  const early = receivers.find((port) => !senders.some((writer) => reads(port, writer)));
  if (early !== undefined) {
    throw new EdgewiseError('usage', 'receivers', `${topology.portName(early)} comes before every sender`);
  }
  const late = senders.find((writer) => !receivers.some((port) => reads(port, writer)));
  if (late !== undefined) {
    throw new EdgewiseError('usage', 'senders', `${topology.writerName(late)} comes after every receiver`);
  }
}

type Whole = Pick<PartOfLane, 'place' | 'layer'>;

/** Places that hold what writers write: of heads, before W_O. */
function outputsOf({ layers, attentionOnly }: Topology): Whole[] {
  const ofLayer = (layer: number): Whole[] => [
    { place: 'mixed', layer },
    ...(attentionOnly ? [] : [{ place: 'mlp output', layer } as const]),
  ];
  return [{ place: 'embedding', layer: 0 }, ...Array.from({ length: layers }, (_, layer) => ofLayer(layer)).flat()];
}

/**
 * Where what a port reads can be seen and set: past the projection of a head's, past the MLP of an MLP's. That is the
 * same thing, since nothing else comes in between.
 */
function partOf(topology: Topology, port: number): PartOfLane {
  const node = topology.ports[port]!;
  if (isAttentionPort(node)) {
    return { place: PLACE_OF_BRANCH[node.branch], layer: node.layer, heads: topology.headsOf(port) };
  }
  return node.kind === 'mlp'
    ? { place: 'mlp output', layer: node.layer }
    : { place: 'residual', layer: topology.layers };
}

/** Senders' outputs are the corrupted run's; other heads', and frozen MLPs', are the clean run's. */
function frozen(
  topology: Topology,
  senders: readonly number[],
  mlps: MlpRule,
  clean: Recorded,
  corrupted: Recorded,
): Change[] {
  const sends = new Set(senders);
  const changes: Change[] = [];
  const whole = (place: Place, layer: number, from: Recorded): void => {
    changes.push({ place, layer, values: from.all(place, layer) });
  };
  topology.writers.forEach((node, writer) => {
    const from = sends.has(writer) ? corrupted : clean;
    if (node.kind === 'input') {
      if (from === corrupted) whole('embedding', 0, corrupted);
    } else if (node.kind === 'mlp') {
      if (from === corrupted || mlps === 'frozen') whole('mlp output', node.layer, from);
    } else {
      const { layer, head } = node;
      changes.push({ place: 'mixed', layer, heads: [head], values: from.ofHead('mixed', layer, head) });
    }
  });
  return changes;
}
