import { EdgewiseError } from '../base/errors.js';
import type { Topology } from '../circuit/topology.js';
import type { Tensor } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';

// One vocabulary to read or set part of a run. N prompts of S tokens, T = N S token rows, row n S + t. L layers, H
// heads.

/** How a place is counted: once, by layer, or by layer and once more after the last. */
type PlaceLayers = 'once' | 'each' | 'each and after';

export interface PlaceKind {
  readonly about: string;
  readonly layers: PlaceLayers;
  /** Whether there is one for every head. */
  readonly heads: boolean;
}

/** Every place, in the order of a run, with its shape for one layer. */
export const PLACES = {
  embedding: { about: 'embeddings of the tokens, without positions [T, d]', layers: 'once', heads: false },
  residual: {
    about: 'residual stream before a layer; L: after the last one [T, d]',
    layers: 'each and after',
    heads: false,
  },
  'attention inputs': {
    about: 'inputs of the ports of the heads, before their norm [3H, T, d]',
    layers: 'each',
    heads: false,
  },
  queries: {
    about: 'queries of the heads as scores read them, normed and turned [H, T, dh]',
    layers: 'each',
    heads: true,
  },
  keys: { about: 'keys of the heads as scores read them [H, T, dh]', layers: 'each', heads: true },
  values: { about: 'values of the heads [H, T, dh]', layers: 'each', heads: true },
  scores: {
    about: 'scaled and capped scores before the softmax, by query row and key position [H, T, S]',
    layers: 'each',
    heads: true,
  },
  pattern: { about: 'attention patterns, by query row and key position [H, T, S]', layers: 'each', heads: true },
  mixed: { about: 'values mixed by the pattern, before W_O [H, T, dh]', layers: 'each', heads: true },
  'head outputs': { about: 'outputs of the heads, without the bias [H, T, d]', layers: 'each', heads: true },
  'attention output': {
    about: 'what the heads add to the stream: their sum with the output bias, through the norm after it, if any [T, d]',
    layers: 'each',
    heads: false,
  },
  'mlp input': { about: 'input of the MLP, before its norm [T, d]', layers: 'each', heads: false },
  neurons: {
    about: 'neurons of the MLP after their activation, times what a gate multiplies [T, F]',
    layers: 'each',
    heads: false,
  },
  'mlp output': {
    about: 'output of the MLP with its bias, through the norm after it, if any [T, d]',
    layers: 'each',
    heads: false,
  },
  'final input': { about: 'what the final norm reads [T, d]', layers: 'once', heads: false },
  logits: { about: 'logits at the metric position of every prompt [N, V]', layers: 'once', heads: false },
} as const satisfies Readonly<Record<string, PlaceKind>>;

export type Place = keyof typeof PLACES;

/**
 * Called by a pass, while it is recorded, when a place holds its value and nothing has read it. Places once: layer 0.
 */
export type Taps = Readonly<Partial<Record<Place, (layer: number) => void>>>;

/** Taps, and whether any of them changes the run. */
export interface TapUse {
  readonly taps?: Taps;
  /** A changed run has no way back, and later runs must not build on it. Default false. */
  readonly sets?: boolean;
}

/** The places that taps are at, each with its first layer. */
export function tappedPlaces(taps: Taps): (readonly [Place, number])[] {
  return (Object.keys(taps) as Place[]).filter((place) => taps[place]).map((place) => [place, 0]);
}

/**
 * Where a pass holds a place of one layer: element (u, row, column) is at first + u unitStride + row rowStride +
 * column.
 */
export interface PlaceView {
  readonly data: BufferSlice;
  readonly first: number;
  /** Heads, or 1. */
  readonly units: number;
  readonly unitStride: number;
  readonly rows: number;
  readonly rowStride: number;
  /** Real columns: padding is left out. */
  readonly columns: number;
}

/** A view of a tensor [units, rows, stride] whose rows have `columns` real columns. */
export function viewOf(data: Tensor, columns: number, units = 1): PlaceView {
  const rowStride = data.shape.at(-1)!;
  const rows = data.shape.at(-2)!;
  return { data, first: 0, units, unitStride: rows * rowStride, rows, rowStride, columns };
}

/** Places that attention-only models do not have. */
export const OF_MLPS: readonly Place[] = ['mlp input', 'neurons', 'mlp output'];

/** @throws EdgewiseError of kind usage for a place that a model of this topology does not have. */
export function requirePlace(place: Place, { attentionOnly }: Topology): void {
  if (!attentionOnly || !OF_MLPS.includes(place)) return;
  throw new EdgewiseError('usage', `place ${place}`, 'an attention-only model does not have it');
}

/** What holds places: a pass, or the gradients of one. */
export interface PlaceHolder {
  /** @throws EdgewiseError of kind usage that names a place which it does not hold. */
  view(place: Place, layer: number): PlaceView;
  readonly layers: number;
}
