import type { NodeShape } from './nodes.js';

/** What decides which edges exist. */
export interface TopologyShape extends NodeShape {
  /** Attention and MLP read the same residual stream (GPT-NeoX): a head does not feed its own layer's MLP. */
  readonly parallel: boolean;
}

/** Attention ports of a layer: a query port per head, and the key and the value ports. */
export function attentionPortsOf({ heads, kvPorts = heads }: Pick<TopologyShape, 'heads' | 'kvPorts'>): number {
  return heads + 2 * kvPorts;
}

export function mlpsPerLayer({ attentionOnly = false }: NodeShape): 0 | 1 {
  return attentionOnly ? 0 : 1;
}

/**
 * Largest number of writers x ports. That of a model of 32 layers x 32 heads (Llama-3-8B) is 3.3 million, that of
 * GPT-2 XL 4.6 million, that of a model of 40 layers x 40 heads 7.9 million. A topology takes a few bytes per port,
 * under 1 MB for each of these, and an edge set a bit per edge. All edges of such a graph are read and written in
 * seconds; a larger one is refused before it is built, so that no file of a few bytes fills the memory.
 */
export const MAX_SIZE = 2 ** 23;

/** Whether a graph of this shape is small enough to be built. */
export function graphFits(shape: Pick<TopologyShape, 'layers' | 'heads' | 'kvPorts'>): boolean {
  const { layers, heads } = shape;
  const size = (1 + layers * (heads + 1)) * (layers * (attentionPortsOf(shape) + 1) + 1);
  return layers > 0 && heads > 0 && size <= MAX_SIZE;
}

/** How many addition and direct edges a model of this shape has, counted without building its topology. */
export function edgeCounts(shape: TopologyShape): { readonly addition: number; readonly direct: number } {
  const { layers, heads, parallel } = shape;
  const mlps = mlpsPerLayer(shape);
  const writers = heads + mlps;
  // Writers before each layer, summed over the layers.
  const before = layers + (writers * layers * (layers - 1)) / 2;
  const intoLogits = 1 + layers * writers;
  const intoOwnMlps = parallel ? 0 : mlps * layers * heads;
  const addition = (attentionPortsOf(shape) + mlps) * before + intoOwnMlps + intoLogits;
  return { addition, direct: layers * attentionPortsOf(shape) };
}

/** The first field in which two shapes differ; undefined where they are the same. */
export function shapeDifference(a: TopologyShape, b: TopologyShape): keyof TopologyShape | undefined {
  const fields = ['layers', 'heads', 'parallel', 'attentionOnly', 'kvPorts'] as const;
  const full = (shape: TopologyShape): TopologyShape => ({ attentionOnly: false, kvPorts: shape.heads, ...shape });
  return fields.find((field) => full(a)[field] !== full(b)[field]);
}

/** The shape of a topology as plain data. Fields that are as by default are left out. */
export function shapeOf({
  layers,
  heads,
  parallel,
  attentionOnly,
  kvPorts,
}: Required<Pick<TopologyShape, 'layers' | 'heads' | 'parallel' | 'attentionOnly' | 'kvPorts'>>): TopologyShape {
  return { layers, heads, parallel, ...(attentionOnly && { attentionOnly }), ...(kvPorts !== heads && { kvPorts }) };
}
