import type { Topology } from '../circuit/topology.js';
import type { Layout } from '../model/layout.js';

/** How many prompts, tokens per prompt and circuits one pass computes at once. Tokens T = prompts * sequence. */
export interface PassShape {
  readonly prompts: number;
  readonly sequence: number;
  readonly circuits: number;
  /** How many ports' sums over cut edges are kept from one circuit to the next, see PortBases; 0 for none. */
  readonly bases: number;
}

export type ScratchTensor = keyof ReturnType<typeof scratchTensors>;

/**
 * Shape of every activation that a pass leaves behind for nobody, in f32 elements: the one place that sizes them. Worst case: every
 * head port of every circuit has an input of its own. All micro-batches of a run share them.
 */
export function scratchTensors(topology: Topology, layout: Layout, shape: PassShape) {
  const tokens = shape.prompts * shape.sequence;
  const headPorts = 3 * topology.heads;
  const width = 4 * layout.width4;
  const slots = shape.circuits * headPorts;
  return {
    /** Inputs of the ports of the layer at hand, before and after their norm. */
    inputs: [slots, tokens, width],
    normed: [slots, tokens, width],
    pattern: [shape.circuits, topology.heads, tokens, shape.sequence],
    /** Attention output per head, before W_O. */
    z: [shape.circuits, topology.heads, tokens, 4 * layout.head4],
    hidden: [shape.circuits, tokens, 4 * layout.mlp4],
    logits: [shape.circuits, shape.prompts, layout.vocabStride],
  } satisfies Record<string, readonly number[]>;
}

/** Shapes of what a pass holds of the circuits that it computed last, so that the next ones need not be computed whole. */
export function stateTensors(topology: Topology, layout: Layout, shape: PassShape) {
  const tokens = shape.prompts * shape.sequence;
  return {
    /** Output of every writer. */
    outputs: [shape.circuits, topology.writers.length, tokens, 4 * layout.width4],
    /** What some ports read over their cut edges. */
    bases: [shape.bases, tokens, 4 * layout.width4],
  } satisfies Record<string, readonly number[]>;
}

/** The same, of every layer. */
export function layerTensors(topology: Topology, layout: Layout, shape: PassShape) {
  return {
    /** Queries, keys and values of every head. */
    projections: [shape.circuits, shape.prompts * shape.sequence, 3 * topology.heads, 4 * layout.head4],
  } satisfies Record<string, readonly number[]>;
}

/** Shapes of what every micro-batch of prompts keeps for the whole run, beside the state of its pass. */
export function batchTensors(topology: Topology, layout: Layout, shape: PassShape, direct: boolean) {
  const tokens = shape.prompts * shape.sequence;
  return {
    cleanIds: [tokens],
    corruptedIds: [tokens],
    /** What cut edges carry. */
    ablated: [topology.writers.length, tokens, 4 * layout.width4],
    /** What cut direct edges carry, where the run has any. */
    ablatedProjections: direct ? [topology.layers, tokens, 3 * topology.heads, 4 * layout.head4] : [0],
    /** What the logit difference is the product with, see bindAnswerDirections. */
    directions: [shape.prompts, 4 * layout.width4],
    /** Log-probabilities of the clean run, the reference of the KL divergence. */
    reference: [shape.prompts, layout.vocabStride],
  } satisfies Record<string, readonly number[]>;
}

export function tensorBytes(shape: readonly number[]): number {
  return Math.max(16, 4 * shape.reduce((product, n) => product * n, 1));
}
