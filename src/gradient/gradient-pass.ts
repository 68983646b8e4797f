import { groupsOf64 } from '../gpu/workgroups.js';
import type { Topology } from '../circuit/topology.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import { answerLists, type Answers } from '../readout/answers.js';
import { METRICS, type SeedMetric } from '../readout/metrics.js';
import { seedOverrides } from '../readout/metric-seeds.js';
import { runMatmul } from '../gpu/product/matmul.js';
import { createGradientFrame, type GradientFrame } from './gradient-frame.js';
import type { GradientShape } from './gradient-plan.js';
import { productWork } from '../gpu/work.js';
import { runTransposed } from '../gpu/product/transposed.js';
import { bindPass, type PassOperations } from './pass-operations.js';
import type { BackwardRules } from './rules.js';
import type { PortGroup, WriterGroup } from './writer-groups.js';

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
  readonly #operations: PassOperations;

  static async create(
    weights: ModelWeights,
    topology: Topology,
    shape: GradientShape,
    positionsInInput: boolean,
    rules: BackwardRules,
  ): Promise<GradientPass> {
    const arena = new Arena(weights.gpu);
    try {
      const frame = createGradientFrame(arena, weights, topology, shape, positionsInInput);
      return new GradientPass(arena, frame, await bindPass(arena, frame, rules));
    } catch (error) {
      arena.dispose();
      throw error;
    }
  }

  private constructor(arena: Arena, frame: GradientFrame, operations: PassOperations) {
    this.#arena = arena;
    this.frame = frame;
    this.#operations = operations;
  }

  /** Binds the metric's gradient at the logits, for one micro-batch's answers (one entry per prompt of the pass). */
  bindSeeds(arena: Arena, metric: SeedMetric, answers: readonly Answers[]): Promise<Operation> {
    const { weights, tensors, shape } = this.frame;
    return arena.operation('metric_seeds', {
      buffers: {
        answers: arena.upload('answers', answerLists(answers)),
        values: tensors.logits,
        log_p: tensors.reference,
        seeds: tensors.seeds,
      },
      params: { rows: shape.prompts, vocab: weights.spec.vocab, stride: weights.layout.vocabStride },
      overrides: seedOverrides(METRICS[metric].seed),
    });
  }

  /** Records a forward pass up to the last stream. */
  forward(recording: Recording, { side, from, outputs }: ForwardUse): void {
    const { groups } = this.frame;
    if (from === 0) {
      const { stream, outputs: embed } = this.#operations.embeddings[side];
      if (outputs !== 'forget') {
        embed(recording);
        this.#takeOutputs(recording, groups[0]!, this.#operations.input.subtract, outputs);
      }
      stream(recording);
      this.#operations.input.step(recording);
    }
    for (const group of groups.slice(Math.max(1, from))) {
      const sublayer = this.#operations.sublayers[group.index - 1]!;
      sublayer.outputs(recording);
      this.#takeOutputs(recording, group, sublayer.subtract, outputs);
      sublayer.step(recording);
    }
  }

  #takeOutputs(recording: Recording, group: WriterGroup, subtract: Operation, outputs: WriterOutputs): void {
    const { tensors, tokens, weights } = this.frame;
    const size = tokens * 4 * weights.layout.width4;
    if (outputs === 'keep in differences') {
      const to = sliceOf(tensors.differences, group.firstWriter * size, group.writers * size);
      recording.copy(sliceOf(tensors.portGradients, 0, group.writers * size), to);
    } else if (outputs === 'subtract from differences') {
      recording.dispatchRows(subtract, groupsOf64((group.writers * size) / 4));
    }
  }

  /** Records the log-probabilities at the metric positions, from the last stream, into `tensors.logits`. */
  logProbabilities(recording: Recording, metricRows: readonly number[]): void {
    const { tensors, weights, shape } = this.frame;
    const width = 4 * weights.layout.width4;
    metricRows.forEach((row, n) => {
      recording.copy(sliceOf(tensors.lastStream, row * width, width), sliceOf(tensors.last, n * width, width));
    });
    recording.dispatchRows(this.#operations.lastNorm, shape.prompts);
    for (const operation of this.#operations.logits) runMatmul(recording, operation, 1);
    weights.gpu.count(productWork(shape.prompts, width, weights.layout.vocabStride));
    recording.dispatchRows(this.#operations.logSoftmax, shape.prompts);
  }

  /** Takes the log-probabilities as those of the clean run, which the KL divergence compares with. */
  keepReference(recording: Recording): void {
    recording.copy(this.frame.tensors.logits, this.frame.tensors.reference);
  }

  /** Records a backward pass from the log-probabilities of the last forward pass. */
  backward(recording: Recording, seeds: Operation, metricRows: readonly number[], use: BackwardUse): void {
    const { tensors, weights, shape, groups, portGroups } = this.frame;
    const width = 4 * weights.layout.width4;
    recording.dispatchRows(seeds, shape.prompts);
    runTransposed(weights.gpu, recording, this.#operations.lastGradient);
    recording.dispatchRows(this.#operations.lastNormBackward, shape.prompts);
    recording.clear(tensors.streamGradient);
    metricRows.forEach((row, n) => {
      const to = sliceOf(tensors.streamGradient, row * width, width);
      recording.copy(sliceOf(tensors.lastGradient, n * width, width), to);
    });
    use.onPorts?.(portGroups.at(-1)!, tensors.streamGradient);
    for (let stream = portGroups.length - 2; stream >= use.until; stream--) {
      const group = portGroups[stream]!;
      use.onWriters?.(groups[stream + 1]!);
      if (group.layer === use.without) continue;
      const { patterns, ports, step } = this.#operations.backward[stream]!;
      patterns?.(recording);
      if (patterns) use.onPatterns?.(group);
      ports(recording);
      use.onPorts?.(group, tensors.portGradients);
      step(recording);
    }
    use.onWriters?.(groups[use.until]!);
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
