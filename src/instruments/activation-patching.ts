import type { Place } from '../block/places.js';
import type { Topology } from '../circuit/topology.js';
import { firstDifference } from '../evaluate/prompt-batch.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import type { Patching, PatchDirection } from '../files/own/patching-json.js';
import type { Change } from './changes.js';
import type { Recorded } from './recorded.js';
import { TaskRuns, type Side, type TaskLane } from './task-runs.js';

/** Places that are patched at one position after the other, and how many of a layer there are. */
const BY_POSITION = [
  ['resid_pre', 'residual'],
  ['attn_out', 'attention output'],
  ['mlp_out', 'mlp output'],
] as const satisfies readonly (readonly [string, Place])[];

/** Places of heads that are patched at all positions at once. */
const ALL_POSITIONS = [
  ['z_all_positions', 'mixed'],
  ['q_all_positions', 'queries'],
  ['k_all_positions', 'keys'],
  ['v_all_positions', 'values'],
  ['pattern_all_positions', 'pattern'],
] as const satisfies readonly (readonly [string, Place])[];

/** Where one patch goes. */
interface Site {
  readonly place: Place;
  readonly layer: number;
  readonly head?: number;
  readonly position?: number;
}

export interface PatchingOptions {
  readonly direction: PatchDirection;
  readonly metric: MetricName;
  readonly budget: number;
}

/**
 * Activation patching at every place: one activation of a run replaced by that of the run over the other prompt of the
 * pair, the rest computed on. `denoising` puts clean activations into the corrupted run, `noising` corrupted ones into
 * the clean run. Both are normalised so that 1 is the whole effect: (m - m_corrupted) / (m_clean - m_corrupted) and
 * (m_clean - m) / (m_clean - m_corrupted), of means over the prompts.
 *
 * Cost: for each prompt a part of a forward pass for every layer and position of three places, and every head and
 * position; 5 for each head. Patches before the first differing token change nothing, and are not run.
 *
 * @param pairs of equal length: positions are averaged over them.
 * @param onProgress runs done, of all.
 */
export async function patchActivations(
  weights: ModelWeights,
  topology: Topology,
  pairs: readonly PromptPair[],
  { direction, metric, budget }: PatchingOptions,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Patching> {
  const [source, base]: readonly Side[] = direction === 'denoising' ? ['clean', 'corrupted'] : ['corrupted', 'clean'];
  const length = pairs[0]!.clean.length;
  const sites = sitesOf(topology, length);
  const most = pairs.length * sites.length;
  const runs = await TaskRuns.create(weights, topology, pairs, { metric, budget, lanes: most });
  try {
    const measured = runs.pairs.map((_, pair) => pair);
    const ends = await runs.run(measured.map((pair): TaskLane => ({ pair, side: 'corrupted', changes: [] })));
    const plain = { clean: runs.clean.map(({ metric: m }) => m), corrupted: ends.map(({ end }) => end.metric) };
    const [clean, corrupted] = [runs.mean(plain.clean), runs.mean(plain.corrupted)];
    const values = sites.map(() => [...plain[base!]]);
    const total = runs.pairs.length * sites.length;
    let done = 0;
    const held = await runs.record(source!, placesOf(topology));
    const asked = measured.flatMap((pair) => {
      const from = firstDifference(runs.pairs[pair]!);
      return sites.flatMap((site, at) => ((site.position ?? length) < from ? [] : [{ pair, at, site }]));
    });
    onProgress((done += total - asked.length), total);
    const patched = await runs.run(
      asked.map(({ pair, site }): TaskLane => ({ pair, side: base!, changes: [changeOf(held[pair]!, site)] })),
      (lanes) => onProgress((done += lanes), total),
    );
    asked.forEach(({ pair, at }, i) => (values[at]![pair] = patched[i]!.end.metric));
    const effects = values.map((ofSite) => {
      const m = runs.mean(ofSite);
      return (direction === 'denoising' ? m - corrupted : clean - m) / (clean - corrupted) + 0; // never -0
    });
    return { direction, metric, clean, corrupted, normalised: tabulated(topology, length, effects) };
  } finally {
    runs.dispose();
  }
}

/** Every place that is patched, from the input up. */
function sitesOf({ layers, heads, attentionOnly }: Topology, length: number): Site[] {
  const sites: Site[] = [];
  const positions = Array.from({ length }, (_, position) => position);
  for (let layer = 0; layer < layers; layer++) {
    for (const [, place] of BY_POSITION) {
      if (attentionOnly && place === 'mlp output') continue;
      sites.push(...positions.map((position) => ({ place, layer, position })));
    }
    for (let head = 0; head < heads; head++) {
      sites.push(...positions.map((position): Site => ({ place: 'mixed', layer, head, position })));
      sites.push(...ALL_POSITIONS.map(([, place]) => ({ place, layer, head })));
    }
  }
  return sites;
}

function placesOf({ layers, attentionOnly }: Topology): { readonly place: Place; readonly layer: number }[] {
  const places = [...BY_POSITION, ...ALL_POSITIONS]
    .map(([, place]) => place)
    .filter((place) => !(attentionOnly && place === 'mlp output'));
  return Array.from({ length: layers }, (_, layer) => places.map((place) => ({ place, layer }))).flat();
}

function changeOf(held: Recorded, { place, layer, head, position }: Site): Change {
  const part = { place, layer, ...(head !== undefined && { heads: [head] }) };
  if (position === undefined) return { ...part, values: held.ofHead(place, layer, head!) };
  return { ...part, positions: [position], values: held.row(place, layer, position, head) };
}

/** Effects in the order of sitesOf, by the names of the reference's tables. */
function tabulated(
  { layers, heads, attentionOnly }: Topology,
  length: number,
  effects: readonly number[],
): Patching['normalised'] {
  let next = 0;
  const take = (count: number): number[] => effects.slice(next, (next += count));
  const table: Patching['normalised'] = {
    resid_pre: [],
    attn_out: [],
    ...(attentionOnly ? {} : { mlp_out: [] }),
    z: [],
    z_all_positions: [],
    q_all_positions: [],
    k_all_positions: [],
    v_all_positions: [],
    pattern_all_positions: [],
  };
  for (let layer = 0; layer < layers; layer++) {
    for (const [name] of BY_POSITION) table[name]?.push(take(length));
    const z: number[][] = [];
    for (const [name] of ALL_POSITIONS) table[name].push([]);
    for (let head = 0; head < heads; head++) {
      z.push(take(length));
      for (const [name] of ALL_POSITIONS) table[name][layer]!.push(...take(1));
    }
    table.z.push(Array.from({ length }, (_, position) => z.map((ofHead) => ofHead[position]!)));
  }
  return table;
}
