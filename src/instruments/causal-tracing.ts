import { EdgewiseError } from '../base/errors.js';
import { mean } from '../base/mean.js';
import type { Place } from '../block/places.js';
import type { Topology } from '../circuit/topology.js';
import type { CausalTrace } from '../files/own/tracing-json.js';
import type { ModelWeights } from '../model/weights.js';
import type { Change, PartOfLane } from './changes.js';
import { likeliest } from './host-readout.js';
import type { Recorded } from './recorded.js';
import { UncutRuns, type Lane, type RunPrompt } from './uncut-runs.js';
import { windowAt } from './windows.js';

/** A prompt, and the noise that it gets. */
export interface NoisedPrompt extends RunPrompt {
  /** Positions whose token embeddings get the noise, rising. */
  readonly noised: readonly number[];
  /** By sample what is added to them [noised, width]. */
  readonly noise: readonly Float32Array<ArrayBuffer>[];
  /** The token whose probability is told. Default: the most probable one of the clean run. */
  readonly answer?: number;
}

export interface TracingOptions {
  /** Widths of the windows of layers in which outputs of MLPs and attention are restored. */
  readonly windows: readonly number[];
  /** Most bytes of activations on the device. */
  readonly budget: number;
}

/** The stream after layer l is the one before layer l + 1. */
const STATE = 'residual';
const OUTPUTS = { mlp_out: 'mlp output', attn_out: 'attention output' } as const satisfies Record<string, Place>;

/**
 * Causal tracing (Meng et al. 2022, arXiv:2202.05262): token embeddings get noise, and one state at a time is given
 * back its clean value: the residual stream after a layer, the embedding itself, or the outputs of MLPs or of attention
 * in a window of layers, each at one position. Told is the probability of the answer, as a mean over the samples of
 * noise.
 *
 * Cost: for each sample a part of a forward pass for every position from the first noised one on and every layer, one
 * for the stream and two for each window. Before that position there is nothing to restore.
 *
 * @param onProgress runs done, of all.
 * @throws EdgewiseError: usage for positions past the end and noise of another shape, device where the runs do not fit.
 */
export async function traceCauses(
  weights: ModelWeights,
  topology: Topology,
  prompt: NoisedPrompt,
  { windows, budget }: TracingOptions,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<CausalTrace> {
  const { layers, attentionOnly } = topology;
  const samples = prompt.noise.length;
  const size = prompt.noised.length * weights.spec.width;
  const wrong = prompt.noise.find(({ length }) => length !== size);
  if (wrong || samples === 0) {
    const got = wrong ? `a sample of ${wrong.length} numbers` : 'no sample';
    throw new EdgewiseError('usage', 'noise', `${got}, expected ${size} for each: a row for every noised position`);
  }
  const first = Math.min(...prompt.noised);
  const kinds = (Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[]).filter(
    (kind) => !(attentionOnly && kind === 'mlp_out'),
  );
  const positions = prompt.ids.map((_, position) => position);
  const restorations = restorationsOf(positions.slice(first), prompt.noised, layers, kinds, windows);
  const total = 1 + samples * (1 + restorations.length);
  const runs = await UncutRuns.create(weights, topology, [prompt], { budget, lanes: total });
  try {
    let done = 0;
    const onDone = (lanes: number): void => onProgress((done += lanes), total);
    const clean = await cleanStates(runs, layers, kinds, onDone);
    const answer = prompt.answer ?? likeliest(clean.logProbs);
    const lanes = [{ restored: [], noised: prompt.noised }, ...restorations].flatMap(({ restored, noised }) =>
      prompt.noise.map((_, sample): Lane => ({
        prompt: 0,
        changes: [...noiseAt(prompt, sample, noised), ...restored.map((part) => given(clean.held, part))],
      })),
    );
    const ends = await runs.run(lanes, (logProbs) => Math.exp(logProbs[answer]!), onDone);
    const means = Array.from({ length: lanes.length / samples }, (_, i) =>
      mean(ends.slice(i * samples, (i + 1) * samples).map(({ end }) => end)),
    );
    const low = means[0]!;
    const found = new Map(restorations.map(({ name }, i) => [name, means[i + 1]!]));
    const at = (name: string): number => found.get(name) ?? low;
    const byLayer = (name: string): number[][] =>
      positions.map((t) => Array.from({ length: layers }, (_, layer) => at(`${name} ${t} ${layer}`)));
    const byWindow = (kind: string): Record<string, number[][]> =>
      Object.fromEntries(windows.map((width) => [width, byLayer(`${kind} ${width}`)]));
    return {
      answer,
      high: Math.exp(clean.logProbs[answer]!),
      low,
      embed: positions.map((t) => at(`embed ${t}`)),
      resid_post: byLayer('resid_post'),
      ...(attentionOnly ? {} : { mlp_out: byWindow('mlp_out') }),
      attn_out: byWindow('attn_out'),
    };
  } finally {
    runs.dispose();
  }
}

/** A place of a layer at one position. */
interface Restored {
  readonly place: Place;
  readonly layer: number;
  readonly position: number;
}

/** One thing that is given back its clean value in the noisy run. */
interface Restoration {
  readonly name: string;
  readonly restored: readonly Restored[];
  /** Positions that still get the noise. */
  readonly noised: readonly number[];
}

function restorationsOf(
  positions: readonly number[],
  noised: readonly number[],
  layers: number,
  kinds: readonly (keyof typeof OUTPUTS)[],
  windows: readonly number[],
): Restoration[] {
  return positions.flatMap((position): Restoration[] => {
    const parts = (place: Place, among: readonly number[]): Restored[] =>
      among.map((layer) => ({ place, layer, position }));
    const all = Array.from({ length: layers }, (_, layer) => layer);
    return [
      ...(noised.includes(position)
        ? [{ name: `embed ${position}`, restored: [], noised: noised.filter((other) => other !== position) }]
        : []),
      ...all.map((layer) => ({
        name: `resid_post ${position} ${layer}`,
        restored: parts(STATE, [layer + 1]),
        noised,
      })),
      ...kinds.flatMap((kind) =>
        windows.flatMap((width) =>
          all.map((layer) => ({
            name: `${kind} ${width} ${position} ${layer}`,
            restored: parts(OUTPUTS[kind], windowAt(layer, width, layers)),
            noised,
          })),
        ),
      ),
    ];
  });
}

/** Noise on some of the positions that it is for. */
function noiseAt({ noise, noised }: NoisedPrompt, sample: number, positions: readonly number[]): Change[] {
  if (positions.length === 0) return [];
  const width = noise[sample]!.length / noised.length;
  const rows = positions.map((position) => noised.indexOf(position));
  const values = Float32Array.from(rows.flatMap((row) => [...noise[sample]!.subarray(row * width, (row + 1) * width)]));
  return [{ place: 'embedding', layer: 0, positions, values, how: 'add' }];
}

function given(held: Recorded, part: Restored): Change {
  const { place, layer, position } = part;
  return { place, layer, positions: [position], values: held.row(place, layer, position) };
}

/** The clean run: its prediction, and what it had where something can be restored. */
async function cleanStates(
  runs: UncutRuns,
  layers: number,
  kinds: readonly (keyof typeof OUTPUTS)[],
  onDone: (lanes: number) => void,
): Promise<{
  readonly logProbs: Float32Array;
  readonly held: Recorded;
}> {
  const reads = Array.from({ length: layers }, (_, layer): PartOfLane[] => [
    { place: STATE, layer: layer + 1 },
    ...kinds.map((kind): PartOfLane => ({ place: OUTPUTS[kind], layer })),
  ]).flat();
  const [run] = await runs.run([{ prompt: 0, changes: [], reads }], (logProbs) => logProbs.slice(), onDone);
  const logProbs = run!.end;
  return {
    logProbs,
    held: runs.recorded(reads, run!.reads, runs.prompts[0]!.ids.length),
  };
}
