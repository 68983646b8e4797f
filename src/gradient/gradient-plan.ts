import { attentionShapes } from '../block/attention.js';
import { hiddenShape } from '../block/mlp.js';
import { projectionShape } from '../block/projections.js';
import type { Topology } from '../circuit/topology.js';
import type { Layout } from '../model/layout.js';

/** Prompts and tokens per prompt of one gradient pass. Tokens T = prompts * sequence. */
export interface GradientShape {
  readonly prompts: number;
  readonly sequence: number;
}

export type GradientTensor = keyof ReturnType<typeof gradientTensors>;

/** Shape of every activation and gradient that a pass holds once, in f32 elements: the one place that sizes them. */
export function gradientTensors(topology: Topology, layout: Layout, { prompts, sequence }: GradientShape) {
  const tokens = prompts * sequence;
  const { heads, attentionPorts } = topology;
  const width = 4 * layout.width4;
  const headWidth = 4 * layout.head4;
  const { pattern, mixed } = attentionShapes(topology, layout, tokens, sequence);
  const hidden = hiddenShape(layout, tokens);
  return {
    cleanIds: [tokens],
    corruptedIds: [tokens],
    /** What cut edges carry minus the clean output, per writer. */
    differences: [topology.writers.length, tokens, width],
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
    /** Gradients at queries, keys and values. */
    projectionGradients: [attentionPorts, tokens, headWidth],
    /** Gradients at the inputs of the ports of one sublayer; forwards the outputs of its writers [H, T, width]. */
    portGradients: [attentionPorts, tokens, width],
    /** Gradient at the stream. */
    streamGradient: [tokens, width],
    /** The residual stream that the logits read. */
    lastStream: [tokens, width],
    /** The last stream at the metric positions, its norm, and the gradient there. */
    last: [prompts, width],
    lastNormed: [prompts, width],
    lastGradient: [prompts, width],
    logits: [prompts, layout.vocabStride],
    /** Clean log-probabilities, where the metric compares with them. */
    reference: [prompts, layout.vocabStride],
    seeds: [prompts, layout.vocabStride],
  } satisfies Record<string, readonly number[]>;
}

/** Shapes of the tensors that a pass keeps of every layer for the way back. */
export function gradientLayerTensors(topology: Topology, layout: Layout, { prompts, sequence }: GradientShape) {
  const tokens = prompts * sequence;
  return {
    attentionStream: [tokens, 4 * layout.width4],
    mlpStream: [topology.attentionOnly ? 0 : tokens, 4 * layout.width4],
    /** Queries, keys and values of every head. */
    projections: projectionShape(topology, layout, tokens),
    /** The MLP before its activation. */
    preactivation: hiddenShape(layout, tokens),
  } satisfies Record<string, readonly number[]>;
}
