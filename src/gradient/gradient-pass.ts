import type { PortGroup, WriterGroup } from '../block/groups.js';
import { ATTENTION_PIECES, MLP_PIECES } from '../block/order.js';
import type { BackwardRules } from '../block/rules.js';
import type { InputKind } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/gpu.js';
import { ROW_WORKGROUP } from '../gpu/workgroups.js';
import type { ModelWeights } from '../model/weights.js';
import { answerLists, type Answers } from '../readout/answers.js';
import { createGradientFrame, type GradientFrame } from './gradient-frame.js';
import type { GradientShape } from './gradient-plan.js';
import { bindPass, type NodePieces, type PassPieces } from './pass-pieces.js';

/** Metrics that have a gradient, with their number in kernels/metric_seeds.wgsl. */
export const SEEDS = { kl: 0, 'logit-diff': 1, 'prob-diff': 2, nll: 3 } as const;
export type SeedMetric = keyof typeof SEEDS;

/** What becomes of the writers' outputs in a forward pass. */
export type WriterOutputs = 'forget' | 'keep in differences' | 'subtract from differences';

export interface ForwardUse {
  readonly side: 'clean' | 'corrupted';
  /** Index of the first writer group to compute; streams before it are those of the last pass. */
  readonly from: number;
  readonly outputs: WriterOutputs;
}

/** What a caller takes from a backward pass while it is recorded. */
export interface BackwardTaps {
  /** Called while `gradients` holds the gradient at the inputs of the group's ports [ports, T, width]. */
  readonly onPorts?: (group: PortGroup, gradients: Tensor) => void;
  /** Called while `tensors.streamGradient` holds the gradient at the outputs of the group's writers. */
  readonly onWriters?: (group: WriterGroup) => void;
  /**
   * Called while `tensors.pattern` and `tensors.scoreGradient` hold the attention patterns of a layer and the gradient
   * there.
   */
  readonly onPatterns?: (group: PortGroup) => void;
}

export interface BackwardUse extends BackwardTaps {
  /** Writer group at which to stop: of the ports that read later streams, and of its writers, the gradient is still given. */
  readonly until: number;
  /** Layer that no gradient goes through; its ports get none. */
  readonly without?: number;
}

/**
 * The model uncut, forwards and backwards over one micro-batch of prompts: the gradient of the summed metric at the input
 * of every port, before its norm. The run may be moved from the clean one: writer group g then adds its outputs plus
 * shift[g] times its part of `differences`, which for shift 1 are the ablated outputs.
 *
 * Forwards it keeps, of every layer, the streams that attention and MLP read, the projections and the MLP before its
 * activation; norms' statistics and patterns are cheap and computed again. Cost: forwards 2 FLOPs per weight and token;
 * backwards the same, and 3H norms per layer. Gradients of one sublayer are held at a time.
 *
 * Positions after a prompt's metric position, padding included, get a gradient of exactly 0: no later row is read from
 * there.
 */
export class GradientPass {
  readonly frame: GradientFrame;
  readonly #arena: Arena;
  readonly #pieces: PassPieces;

  static async create(
    weights: ModelWeights,
    topology: Topology,
    shape: GradientShape,
    input: InputKind,
    rules: BackwardRules,
  ): Promise<GradientPass> {
    const arena = new Arena(weights.gpu);
    try {
      const frame = createGradientFrame(arena, weights, topology, shape, input);
      const context = { arena, weights, tokens: frame.tokens, sequence: shape.sequence };
      return new GradientPass(arena, frame, await bindPass(context, frame, rules));
    } catch (error) {
      arena.dispose();
      throw error;
    }
  }

  private constructor(arena: Arena, frame: GradientFrame, pieces: PassPieces) {
    this.#arena = arena;
    this.frame = frame;
    this.#pieces = pieces;
  }

  /** Binds the metric's gradient at the logits, for one micro-batch's answers (one entry per prompt of the pass). */
  bindSeeds(arena: Arena, metric: SeedMetric, answers: readonly Answers[]): Promise<Operation> {
    const { weights, tensors, shape } = this.frame;
    return arena.operation('metric_seeds', {
      buffers: {
        answers: arena.upload('answers', answerLists(answers)),
        log_q: tensors.logits,
        log_p: tensors.reference,
        seeds: tensors.seeds,
      },
      params: { rows: shape.prompts, vocab: weights.spec.vocab, stride: weights.layout.vocabStride },
      overrides: { WORKGROUP: ROW_WORKGROUP, METRIC: SEEDS[metric] },
    });
  }

  /**
   * Records a forward pass up to the last stream (ports = 3H):
   *
   *   ids [T] -> stream [T, d]
   *   per layer: stream [T, d] -> normed [T, d] -> projections [T, ports, dh] -> pattern [H, T, S] -> mixed [H, T, dh]
   *                -> outputs of heads [H, T, d] -> stream [T, d]
   *              stream [T, d] -> normed [T, d] -> hidden [T, F] -> activated [T, F] -> output of MLP [T, d] -> stream [T, d]
   */
  forward(recording: Recording, { side, from, outputs }: ForwardUse): void {
    const { groups } = this.frame;
    if (from === 0) {
      const embedding = this.#pieces.embeddings[side];
      if (outputs !== 'forget') {
        embedding.outputs.encode(recording);
        this.#takeOutputs(recording, groups[0]!, outputs);
      }
      embedding.stream.encode(recording);
      this.#pieces.steps[0]!.encode(recording);
    }
    for (const group of groups.slice(Math.max(1, from))) {
      this.#recordNodes(recording, this.#pieces.nodes[group.index]!);
      this.#takeOutputs(recording, group, outputs);
      this.#pieces.steps[group.index]!.encode(recording);
    }
  }

  #recordNodes(recording: Recording, { kind, pieces }: NodePieces): void {
    if (kind === 'heads') for (const name of ATTENTION_PIECES) pieces[name].encode(recording);
    else for (const name of MLP_PIECES) pieces[name].encode(recording);
  }

  #takeOutputs(recording: Recording, group: WriterGroup, outputs: WriterOutputs): void {
    const { tensors, tokens, weights } = this.frame;
    const size = tokens * 4 * weights.layout.width4;
    if (outputs === 'keep in differences') {
      const to = sliceOf(tensors.differences, group.firstWriter * size, group.writers * size);
      recording.copy(sliceOf(tensors.portGradients, 0, group.writers * size), to);
    } else if (outputs === 'subtract from differences') {
      this.#pieces.subtractions[group.index]!.encode(recording);
    }
  }

  /** Records log-probabilities from the last stream [T, d] -> last [N, d] -> normed [N, d] -> `tensors.logits` [N, V]. */
  logProbabilities(recording: Recording, metricRows: readonly number[]): void {
    const { tensors, weights } = this.frame;
    const width = 4 * weights.layout.width4;
    metricRows.forEach((row, n) => {
      recording.copy(sliceOf(tensors.lastStream, row * width, width), sliceOf(tensors.last, n * width, width));
    });
    this.#pieces.lastNorm.encode(recording);
    this.#pieces.logits.encode(recording);
    this.#pieces.logSoftmax.encode(recording);
  }

  /** Takes the log-probabilities as those of the clean run, which the KL divergence compares with. */
  keepReference(recording: Recording): void {
    recording.copy(this.frame.tensors.logits, this.frame.tensors.reference);
  }

  /**
   * Records a backward pass from the log-probabilities of the last forward pass. Every step is a gradient (ports = 3H):
   *
   *   logits [N, V] -> last normed [N, d] -> last [N, d] -> stream [T, d]
   *   per layer, from the last: stream [T, d] -> activated [T, F] -> hidden [T, F] -> normed [T, d] -> input [T, d] -> stream
   *     stream [T, d] -> mixed [T, H, dh] -> pattern [H, T, S], values -> scores [H, T, S], queries, keys
   *       -> normed inputs [ports, T, d] -> inputs [ports, T, d] -> stream [T, d]
   */
  backward(recording: Recording, seeds: Operation, metricRows: readonly number[], use: BackwardUse): void {
    const { tensors, weights, shape, groups, portGroups } = this.frame;
    const width = 4 * weights.layout.width4;
    recording.dispatchRows(seeds, shape.prompts);
    this.#pieces.lastGradient.encode(recording);
    this.#pieces.lastNormBackward.encode(recording);
    recording.clear(tensors.streamGradient);
    metricRows.forEach((row, n) => {
      const to = sliceOf(tensors.streamGradient, row * width, width);
      recording.copy(sliceOf(tensors.lastGradient, n * width, width), to);
    });
    for (const group of portGroups.toReversed()) {
      if (group.feeds === undefined) {
        use.onPorts?.(group, tensors.streamGradient);
      } else if (group.feeds > use.until) {
        use.onWriters?.(groups[group.feeds]!);
        if (group.layer === use.without) continue;
        this.#recordBackward(recording, group, use);
        use.onPorts?.(group, tensors.portGradients);
        this.#pieces.backward[group.index]!.step.encode(recording);
      }
    }
    use.onWriters?.(groups[use.until]!);
  }

  #recordBackward(recording: Recording, group: PortGroup, { onPatterns }: BackwardTaps): void {
    const { kind, pieces } = this.#pieces.backward[group.index]!;
    if (kind === 'mlp') {
      for (const name of MLP_PIECES.toReversed()) pieces[name].encode(recording);
      return;
    }
    for (const name of ATTENTION_PIECES.toReversed()) {
      pieces[name].encode(recording);
      if (name === 'mix') onPatterns?.(group);
    }
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
