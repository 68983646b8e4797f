import { EdgewiseError } from '../base/errors.js';
import type { PortGroup, WriterGroup } from '../block/groups.js';
import {
  ATTENTION_PIECES,
  GRADIENTS_AFTER,
  MLP_GRADIENTS_AFTER,
  MLP_PIECES,
  MLP_PLACES_AFTER,
  PLACES_AFTER,
} from '../block/order.js';
import { tappedPlaces, type Place, type PlaceHolder, type PlaceView, type Taps } from '../block/places.js';
import type { Piece } from '../block/piece.js';
import type { Topology } from '../circuit/topology.js';
import { Arena, sliceOf } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { ModelWeights } from '../model/weights.js';
import type { Answers } from '../readout/answers.js';
import type { SeedMetric } from '../readout/metrics.js';
import { createGradientFrame, type GradientFrame } from './gradient-frame.js';
import type { GradientShape } from './gradient-plan.js';
import { forwardPlace, gradientPlace } from './gradient-places.js';
import { bindMetric, takeRows, type MetricEnd } from './metric-end.js';
import { bindPass, type PassPieces } from './pass-pieces.js';
import type { BackwardUse, ForwardUse, GradientPassUse, WriterOutputs } from './pass-use.js';

/** The place at what a group adds to the stream: the gradient there is that of the stream after it. */
const ADDED_BY: Readonly<Record<WriterGroup['kind'], Place>> = {
  input: 'embedding',
  heads: 'attention output',
  mlp: 'mlp output',
};

/**
 * The model uncut, forwards and backwards over one micro-batch of prompts: the gradient of the summed metric at the
 * input of every port, before its norm. The run may be moved from the clean one: writer group g then adds its outputs
 * plus shift[g] times its part of `differences`, which for shift 1 are the ablated outputs.
 *
 * Forwards it keeps, of every layer, the streams that attention and MLP read, the projections and the MLP before its
 * activation; norms' statistics and patterns are cheap and computed again. Cost: forwards 2 FLOPs per weight and
 * token; backwards the same, and 3H norms per layer. Gradients of one sublayer are held at a time.
 *
 * Positions after a prompt's metric position, padding included, get a gradient of exactly 0: no later row is read
 * from there.
 */
export class GradientPass implements PlaceHolder {
  readonly frame: GradientFrame;
  readonly #arena: Arena;
  readonly #pieces: PassPieces;
  readonly layers: number;
  /** Where the gradients at places are while `backward` is recorded: see gradientPlace for which places. */
  readonly gradients: PlaceHolder;
  /** Whether a place was set in the run that the pass holds. */
  #changed = false;

  static async create(
    weights: ModelWeights,
    topology: Topology,
    shape: GradientShape,
    { input, rules, differences, scores = false }: GradientPassUse,
  ): Promise<GradientPass> {
    const arena = new Arena(weights.gpu);
    try {
      const frame = await createGradientFrame(arena, weights, topology, shape, input, rules, differences);
      const context = { arena, weights, tokens: frame.tokens, sequence: shape.sequence };
      return new GradientPass(arena, frame, await bindPass(context, frame, scores));
    } catch (error) {
      arena.dispose();
      throw error;
    }
  }

  private constructor(arena: Arena, frame: GradientFrame, pieces: PassPieces) {
    this.#arena = arena;
    this.frame = frame;
    this.#pieces = pieces;
    this.layers = frame.topology.layers;
    this.gradients = {
      layers: this.layers,
      view: (place, layer) => gradientPlace(frame, place, layer),
    };
  }

  /**
   * Where a run holds a place while `forward` is recorded, and `logProbabilities` for the logits.
   *
   * @throws EdgewiseError of kind usage for the inputs of ports, which are the residual stream, and for scores where
   * the pass was not set up for them.
   */
  view(place: Place, layer: number): PlaceView {
    if (place === 'scores' && !this.#pieces.patternHalves) {
      throw new EdgewiseError('usage', 'place scores', 'this pass was not set up to hold them');
    }
    return forwardPlace(this.frame, place, layer);
  }

  /**
   * Binds the metric of one micro-batch.
   *
   * @param answers one entry per prompt of every run. @param metricRows rows of their metric positions.
   */
  bindMetric(
    arena: Arena,
    metric: SeedMetric,
    answers: readonly Answers[],
    metricRows: readonly number[],
  ): Promise<MetricEnd> {
    return bindMetric(arena, this.frame, this.#pieces.end, metric, answers, metricRows);
  }

  /**
   * Records a forward pass up to the last stream (ports = 3H):
   *
   *   ids [T] -> stream [T, d]
   *   attention: stream [T, d] -> normed [T, d] -> projections [T, ports, dh] -> pattern [H, T, S] -> mixed [H, T, dh]
   *              -> outputs of heads [H, T, d] -> stream [T, d]
   *   MLP:       stream [T, d] -> normed [T, d] -> hidden [T, F] -> activated [T, F] -> output of MLP [T, d]
   *              -> stream [T, d]
   */
  forward(recording: Recording, use: ForwardUse): void {
    const { groups } = this.frame;
    const { from, outputs, taps = {}, sets = false } = use;
    for (const [place, layer] of tappedPlaces(taps)) this.view(place, layer);
    this.#changed = sets || (from > 0 && this.#changed);
    if (from === 0) this.#recordInput(recording, use, taps);
    for (const group of groups.slice(Math.max(1, from))) {
      this.#recordNodes(recording, group, taps);
      this.#takeOutputs(recording, group, outputs);
      this.#recordStep(recording, group, taps);
    }
  }

  #recordInput(recording: Recording, { side, outputs }: ForwardUse, taps: Taps): void {
    const { embeddings, steps } = this.#pieces;
    const group = this.frame.groups[0]!;
    if (outputs !== 'forget') {
      embeddings[side].outputs.encode(recording);
      this.#takeOutputs(recording, group, outputs);
    }
    if (taps.embedding) {
      if (outputs !== 'forget') {
        throw new EdgewiseError('usage', 'place embedding', 'cannot be read or set in a run that keeps its outputs');
      }
      this.#recordEmbedding(recording, side, taps.embedding);
    } else {
      embeddings[side].stream.encode(recording);
    }
    steps[0]!.add.encode(recording);
    this.#tapResidual(group, taps);
  }

  /** The first stream in two steps, to the same bits: token embeddings by themselves, then the positions. */
  #recordEmbedding(recording: Recording, side: ForwardUse['side'], tap: (layer: number) => void): void {
    const { weights, streams, shape, prompts } = this.frame;
    const { embeddings, addEmbedding } = this.#pieces;
    embeddings[side].tokens.encode(recording);
    tap(0);
    const { positions, layout } = weights;
    const size = shape.sequence * 4 * layout.width4;
    for (let n = 0; n < prompts; n++) {
      const stream = sliceOf(streams[0]!, n * size, size);
      if (positions) recording.copy(sliceOf(positions, 0, size), stream);
      else recording.clear(stream);
    }
    addEmbedding.encode(recording);
  }

  #recordNodes(recording: Recording, { index, layer }: WriterGroup, taps: Taps): void {
    const nodes = this.#pieces.nodes[index]!;
    const record = tapping(recording, taps, layer);
    if (nodes.kind === 'mlp') {
      for (const name of MLP_PIECES) record(nodes.pieces[name], MLP_PLACES_AFTER[name]);
      return;
    }
    for (const name of ATTENTION_PIECES) {
      const halves = name === 'pattern' && taps.scores ? this.#pieces.patternHalves![layer]! : undefined;
      if (halves) record(halves.scores, ['scores']);
      record(halves?.softmax ?? nodes.pieces[name], PLACES_AFTER[name]);
    }
  }

  /** Makes the stream after a group; to the same bits by way of the sum of the heads' outputs, where that is tapped. */
  #recordStep(recording: Recording, group: WriterGroup, taps: Taps): void {
    const { sum, copy, add, addSum } = this.#pieces.steps[group.index]!;
    const tap = group.kind === 'heads' ? taps['attention output'] : undefined;
    if (tap) {
      recording.clear(this.frame.tensors.normed);
      sum.encode(recording);
      tap(group.layer);
    }
    copy.encode(recording);
    (tap ? addSum : add).encode(recording);
    this.#tapResidual(group, taps);
  }

  #tapResidual({ index }: WriterGroup, taps: Taps): void {
    const reader = this.frame.portGroups.find(({ reads, kind }) => reads === index && kind !== 'mlp');
    if (reader) taps.residual?.(reader.layer);
  }

  #takeOutputs(recording: Recording, group: WriterGroup, outputs: WriterOutputs): void {
    const { tensors, tokens, weights, runs } = this.frame;
    if (outputs !== 'forget' && runs > 1) {
      throw new EdgewiseError(
        'usage',
        'gradient pass',
        'several runs share their differences, so none may change them',
      );
    }
    const size = tokens * 4 * weights.layout.width4;
    if (outputs === 'keep in differences') {
      const to = sliceOf(tensors.differences, group.firstWriter * size, group.writers * size);
      recording.copy(sliceOf(tensors.portGradients, 0, group.writers * size), to);
    } else if (outputs === 'subtract from differences') {
      this.#pieces.subtractions[group.index]!.encode(recording);
    }
  }

  /**
   * Records log-probabilities from the last stream [T, d] -> last [N, d] -> normed [N, d] -> `tensors.logits` [N, V].
   *
   * @throws EdgewiseError of kind usage where the pass holds the logits of some tokens only.
   */
  logProbabilities(recording: Recording, metricRows: readonly number[], taps: Taps = {}): void {
    if (this.frame.shape.answered) {
      throw new EdgewiseError('usage', 'log-probabilities', 'this pass holds the logits of some tokens only');
    }
    const { norm, logits, keepCapped, logSoftmax } = this.#pieces.end;
    takeRows(this.frame, metricRows).encode(recording);
    norm.encode(recording);
    logits.encode(recording);
    taps.logits?.(0);
    keepCapped.encode(recording);
    logSoftmax.encode(recording);
  }

  /** Takes the log-probabilities as those of the clean run, which the KL divergence compares with. */
  keepReference(recording: Recording): void {
    recording.copy(this.frame.tensors.logits, this.frame.tensors.reference);
  }

  /**
   * Records a backward pass from the end of the last forward pass. Every step is a gradient (ports = 3H):
   *
   * logits [N, V] -> last normed [N, d] -> last [N, d] -> stream [T, d] per layer, from the last: stream [T, d] ->
   * activated [T, F] -> hidden [T, F] -> normed [T, d] -> input [T, d] -> stream
   *     stream [T, d] -> mixed [T, H, dh] -> pattern [H, T, S], values -> scores [H, T, S], queries, keys
   *       -> normed inputs [ports, T, d] -> inputs [ports, T, d] -> stream [T, d]
   */
  backward(recording: Recording, end: MetricEnd, use: BackwardUse): void {
    const { groups, portGroups } = this.frame;
    const { taps = {} } = use;
    if (this.#changed) {
      throw new EdgewiseError('usage', 'gradient pass', 'a run in which a place was set has no way back');
    }
    for (const [place, layer] of tappedPlaces(taps)) this.gradients.view(place, layer);
    end.back.encode(recording);
    for (const group of portGroups.toReversed()) {
      if (group.kind === 'logits') {
        taps['final input']?.(0);
      } else {
        if (group.feeds! <= use.until) break;
        this.#recordAtOutputs(recording, group.kind, group.layer, taps);
        if (group.layer !== use.without) {
          this.#recordBackward(recording, group, taps);
          this.#pieces.backward[group.index]!.step.encode(recording);
        }
      }
      if (group.kind !== 'mlp') taps.residual?.(group.layer);
    }
    const last = groups[use.until]!;
    this.#recordAtOutputs(recording, last.kind, last.layer, taps);
  }

  /** The gradients at the outputs of a group's writers, by way of the norm after its heads where there is one. */
  #recordAtOutputs(recording: Recording, kind: WriterGroup['kind'], layer: number, taps: Taps): void {
    taps[ADDED_BY[kind]]?.(layer);
    if (kind !== 'heads') return;
    this.#pieces.postNormBackward[layer]!.encode(recording);
    taps['head outputs']?.(layer);
  }

  #recordBackward(recording: Recording, { index, layer }: PortGroup, taps: Taps): void {
    const { kind, pieces } = this.#pieces.backward[index]!;
    const record = tapping(recording, taps, layer);
    if (kind === 'mlp') {
      for (const name of MLP_PIECES.toReversed()) record(pieces[name], MLP_GRADIENTS_AFTER[name]);
    } else {
      for (const name of ATTENTION_PIECES.toReversed()) record(pieces[name], GRADIENTS_AFTER[name]);
    }
  }

  dispose(): void {
    this.#arena.dispose();
  }
}

/** Records a piece of a layer, then tells the taps of the places that hold their values after it. */
function tapping(recording: Recording, taps: Taps, layer: number): (piece: Piece, after: readonly Place[]) => void {
  return (piece, after) => {
    piece.encode(recording);
    for (const place of after) taps[place]?.(layer);
  };
}
