import { attentionShapes } from '../block/attention.js';
import { wideStride } from '../block/joint-norms.js';
import { hiddenShape } from '../block/mlp.js';
import { projectionShape } from '../block/projections.js';
import { angleShapes } from '../block/rotary.js';
import type { Topology } from '../circuit/topology.js';
import type { Layout } from '../model/layout.js';

/** How many prompts, tokens per prompt and circuits one pass computes at once. Tokens T = prompts * sequence. */
export interface PassShape {
  readonly prompts: number;
  readonly sequence: number;
  readonly circuits: number;
  /** How many ports' sums over cut edges are kept from one circuit to the next, see CutSums; 0 for none. */
  readonly cutSums: number;
}

export type ScratchTensor = keyof ReturnType<typeof scratchTensors>;

/**
 * Scratch tensors: their contents are not read after the pass, but for the model's angles and norms. The one place that
 * sizes them, in f32 elements, for the worst case: every attention port of every circuit has an input of its own. All
 * micro-batches of a run share them.
 */
export function scratchTensors(topology: Topology, layout: Layout, shape: PassShape) {
  const tokens = shape.prompts * shape.sequence;
  const width = 4 * layout.width4;
  const inputs = shape.circuits * topology.attentionPorts;
  const { pattern, mixed } = attentionShapes(topology, layout, tokens, shape.sequence);
  return {
    ...angleShapes(layout, shape.sequence),
    /** Of the norms after the heads: their gains, and the output biases within them. */
    postNormGains: [layout.postNorms ? topology.layers : 0, width],
    postNormBiases: [layout.postNorms ? topology.layers : 0, width],
    /**
     * Inputs of the ports of the layer at hand, before and after their norm. Norms over all heads together work in the
     * place of the former.
     */
    inputs: [inputs, tokens, wideStride(layout)],
    normed: [inputs, tokens, width],
    pattern: [shape.circuits, ...pattern],
    /** Mixed values per head, before W_O. */
    z: [shape.circuits, ...mixed],
    hidden: [shape.circuits, ...hiddenShape(layout, tokens)],
    logits: [shape.circuits, shape.prompts, layout.vocabStride],
  } satisfies Record<string, readonly number[]>;
}

/**
 * Shapes of the tensors that hold the circuits computed last, so that the next circuits need not be computed
 * whole.
 */
export function stateTensors(topology: Topology, layout: Layout, shape: PassShape) {
  const tokens = shape.prompts * shape.sequence;
  return {
    /** Output of every writer. */
    outputs: [shape.circuits, topology.writers.length, tokens, 4 * layout.width4],
    /** What some ports read over their cut edges, see CutSums. */
    cutSums: [shape.cutSums, tokens, 4 * layout.width4],
  } satisfies Record<string, readonly number[]>;
}

/** The same, of every layer. */
export function layerTensors(topology: Topology, layout: Layout, shape: PassShape) {
  return {
    /** Queries, keys and values of every head. */
    projections: [shape.circuits, ...projectionShape(topology, layout, shape.prompts * shape.sequence)],
  } satisfies Record<string, readonly number[]>;
}

/** Shapes of the tensors that every micro-batch keeps for the whole run, beside the state of its pass. */
export function batchTensors(topology: Topology, layout: Layout, shape: PassShape, direct: boolean) {
  const tokens = shape.prompts * shape.sequence;
  return {
    cleanIds: [tokens],
    corruptedIds: [tokens],
    /** What cut edges carry. */
    ablated: [topology.writers.length, tokens, 4 * layout.width4],
    /** What cut direct edges carry, where the run has any. */
    ablatedProjections: direct ? [topology.layers, ...projectionShape(topology, layout, tokens)] : [0],
    /** Log-probabilities of the clean run, the reference of the KL divergence. */
    reference: [shape.prompts, layout.vocabStride],
  } satisfies Record<string, readonly number[]>;
}

export function tensorBytes(shape: readonly number[]): number {
  return Math.max(16, 4 * shape.reduce((product, n) => product * n, 1));
}
