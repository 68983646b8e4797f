import { attentionShapes } from '../block/attention.js';
import { jointShape } from '../block/joint-norms.js';
import { gateShape, hiddenShape } from '../block/mlp.js';
import { angleShapes } from '../block/rotary.js';
import { projectionShape } from '../block/projections.js';
import type { Topology } from '../circuit/topology.js';
import type { Layout } from '../model/layout.js';

/** Prompts, tokens per prompt and runs of one gradient pass. Tokens T = runs * prompts * sequence. */
export interface GradientShape {
  readonly prompts: number;
  readonly sequence: number;
  /** Runs over the same prompts, one after the other in every tensor, each moved by its own amount. Default 1. */
  readonly runs?: number;
  /** Ids of the only tokens whose logits the metric's gradient needs, ascending. Default: all. */
  readonly answered?: readonly number[];
}

export type GradientTensor = keyof ReturnType<typeof gradientTensors>;

/** Shape of every activation and gradient that a pass holds once, in f32 elements: the one place that sizes them. */
export function gradientTensors(topology: Topology, layout: Layout, shape: GradientShape) {
  const { sequence, answered, runs = 1 } = shape;
  const prompts = runs * shape.prompts;
  const columns = answered ? 4 * Math.ceil(answered.length / 4) : layout.vocabStride;
  const tokens = prompts * sequence;
  const { heads, attentionPorts } = topology;
  const width = 4 * layout.width4;
  const headWidth = 4 * layout.head4;
  const { pattern, mixed } = attentionShapes(topology, layout, tokens, sequence);
  const hidden = hiddenShape(layout, tokens);
  return {
    ...angleShapes(layout, sequence),
    cleanIds: [tokens],
    corruptedIds: [tokens],
    /** What cut edges carry minus the clean output, per writer. All runs share them. */
    differences: [topology.writers.length, tokens / runs, width],
    /** The stream at hand through its norm, and the gradient there of an MLP. */
    normed: [tokens, width],
    pattern,
    /** Mixed values per head before W_O [H, T, dh], and the gradient there [T, H, dh]. */
    z: mixed,
    zGradient: [tokens, heads, headWidth],
    /** Gradient at the pattern, then at the scores. */
    scoreGradient: pattern,
    /** The MLP after its activation; backwards the gradient there, then before the activation. */
    hidden,
    /** Gradient before the gate's activation of a gated MLP. */
    gateGradient: gateShape(layout, tokens),
    /** Gradients at queries, keys and values. */
    projectionGradients: [attentionPorts, tokens, headWidth],
    /** Gradients at the inputs of the ports of one sublayer; forwards the outputs of its writers [H, T, width]. */
    portGradients: [attentionPorts, tokens, width],
    /** Gradients at inputs of ports, at the sum that the norm after some heads reads. */
    pulledGradients: [layout.postNorms ? attentionPorts : 0, tokens, width],
    /** Of norms over all heads together: tilts of the ports, and what they tilt along. */
    tilts: [layout.queryKeyNorm === 'projection' ? attentionPorts : 0, tokens],
    wideInputs: [layout.queryKeyNorm === 'projection' ? tokens : 0, width],
    /** Gradient at the stream. */
    streamGradient: [tokens, width],
    /** Gradient before the norm after a sublayer. */
    sumGradient: [layout.postNorms ? tokens : 0, width],
    /** In parallel blocks the gradient at the MLP's input. The heads beside it have no part in it. */
    besideGradient: [topology.parallel ? tokens : 0, width],
    /** The residual stream that the logits read. */
    lastStream: [tokens, width],
    /** The last stream at the metric positions, its norm, and the gradient there. */
    last: [prompts, width],
    lastNormed: [prompts, width],
    lastGradient: [prompts, width],
    /** Of the tokens that the shape names. */
    logits: [prompts, columns],
    /** The logits of a model that caps them. */
    cappedLogits: [layout.logitsCapped ? prompts : 0, columns],
    /** Clean log-probabilities, where the metric compares with them. */
    reference: [prompts, columns],
    seeds: [prompts, columns],
  } satisfies Record<string, readonly number[]>;
}

/** Shapes of the tensors that a pass keeps of every layer for the way back. */
export function gradientLayerTensors(
  topology: Topology,
  layout: Layout,
  { prompts, sequence, runs = 1 }: GradientShape,
) {
  const tokens = runs * prompts * sequence;
  return {
    attentionStream: [tokens, 4 * layout.width4],
    /** The stream after the heads. */
    mlpStream: [topology.attentionOnly ? 0 : tokens, 4 * layout.width4],
    /** Queries, keys and values of every head. */
    projections: projectionShape(topology, layout, tokens),
    /** Queries and keys before their norms, among the projections. */
    unnormed: layout.queryKeyNorm === 'head' ? projectionShape(topology, layout, tokens) : [0],
    /** All heads' queries and keys before norms over them together. */
    jointQueries: jointShape(layout, tokens, 'q'),
    jointKeys: jointShape(layout, tokens, 'k'),
    /** The MLP before its activation, and what the activated gate of a gated MLP multiplies. */
    preactivation: hiddenShape(layout, tokens),
    besideGate: gateShape(layout, tokens),
    /** What the norms after the heads and after the MLP read. */
    attentionSum: [layout.postNorms ? tokens : 0, 4 * layout.width4],
    mlpSum: [layout.postNorms && !topology.attentionOnly ? tokens : 0, 4 * layout.width4],
  } satisfies Record<string, readonly number[]>;
}
