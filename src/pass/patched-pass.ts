import { EdgewiseError } from '../base/errors.js';
import { norm } from '../block/norm.js';
import { ATTENTION_PIECES, MLP_PIECES, PLACES_AFTER } from '../block/order.js';
import { takingRows, type Piece } from '../block/piece.js';
import { tappedPlaces, type Place, type PlaceHolder, type PlaceView, type Taps, type TapUse } from '../block/places.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { allNodesInUse, REACH, nodesInUse } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { CircuitWork } from './tables/input-jobs.js';
import { CutSums } from './cut-sums.js';
import { bindLayer, type LayerPieces } from './layer-pieces.js';
import { createFrame, type PassFrame, type PassScratch } from './pass-frame.js';
import { bindInputs, type BoundPass, type PassInputs } from './pass-inputs.js';
import { passPlace } from './pass-places.js';
import type { PassShape } from './pass-plan.js';
import { staleNodes, type ResidentCircuit } from './stale-nodes.js';

/**
 * A forward pass in which every edge is kept or cut, as ACDC and EAP-IG define it: kept edges carry this very pass's
 * activations, cut edges the ablated ones. It computes up to `shape.circuits` circuits over the same prompts at once.
 * With every edge kept it is the plain forward pass of the model.
 *
 * The pass holds what it computed last, one circuit per slot, and computes of the next circuits only what differs:
 * see staleNodes, and rowLists for the positions. It starts from the whole model on the same tokens.
 *
 * Cost per circuit: at most a forward pass (2 FLOPs per weight and row) plus, for every distinct port input, an
 * addition per row and column for every kept writer and for the cut ones that no kept sum holds. Dispatches: at most
 * 13 per layer where no matrix is split, plus 4.
 */
export class PatchedPass implements PlaceHolder {
  readonly #arena: Arena;
  readonly #frame: PassFrame;
  readonly #layers: readonly LayerPieces[];
  readonly #finalNorm: Piece;
  #cutSums: CutSums;
  /** What `outputs` and `projections` hold after the last pass. */
  #resident: { readonly bound: BoundPass; readonly circuits: readonly ResidentCircuit[] } | undefined;

  static async create(scratch: PassScratch): Promise<PatchedPass> {
    const { weights, shape, tensors, tables } = scratch;
    const arena = new Arena(weights.gpu);
    try {
      const frame = createFrame(arena, scratch);
      const context = { arena, weights, tokens: frame.tokens, sequence: shape.sequence };
      const layers = await Promise.all(weights.layers.map((_, layer) => bindLayer(context, frame, layer)));
      const rows = shape.circuits * shape.prompts;
      const finalNorm = await norm(context, weights.finalNorm, { x: tensors.inputs, y: tensors.normed }, rows);
      return new PatchedPass(arena, frame, layers, takingRows(finalNorm, tables.logits));
    } catch (error) {
      arena.dispose();
      throw error;
    }
  }

  private constructor(arena: Arena, frame: PassFrame, layers: readonly LayerPieces[], finalNorm: Piece) {
    this.#arena = arena;
    this.#frame = frame;
    this.#layers = layers;
    this.#finalNorm = finalNorm;
    this.#cutSums = new CutSums(frame.topology, frame.shape.cutSums);
  }

  get shape(): PassShape {
    return this.#frame.shape;
  }

  get topology(): Topology {
    return this.#frame.topology;
  }

  get tensors(): PassScratch['tensors'] {
    return this.#frame.tensors;
  }

  /** Outputs of all writers of the circuit in the first slot [W, T, width]. */
  get writers(): Tensor {
    const [, writers, tokens, width] = this.#frame.outputs.shape as [number, number, number, number];
    return { ...sliceOf(this.#frame.outputs, 0, writers * tokens * width), shape: [writers, tokens, width] };
  }

  get layers(): number {
    return this.#frame.topology.layers;
  }

  /**
   * Where `encodeWhole` holds a place while it is recorded.
   *
   * @throws EdgewiseError of kind usage for places that it does not hold: residual streams, sums of several writers
   * and inputs, since every port has an input of its own; scores; logits.
   */
  view(place: Place, layer: number): PlaceView {
    return passPlace(this.#frame, place, layer);
  }

  /** Queries, keys and values of a layer of the circuit in the first slot [T, ports, dh]. */
  projections(layer: number): Tensor {
    const tensor = this.#frame.projections[layer]!;
    const shape = tensor.shape.slice(1);
    const size = shape.reduce((product, n) => product * n, 1);
    return { ...sliceOf(tensor, 0, size), shape };
  }

  /** Binds the pieces that read tokens and ablated values. What they need belongs to `arena`. */
  bind(arena: Arena, inputs: PassInputs): Promise<BoundPass> {
    return bindInputs(arena, this.#frame, inputs);
  }

  /**
   * Records the pass for up to `shape.circuits` circuits. Afterwards `tensors.normed` holds the final norm's output
   * at the metric positions [circuits, prompts, width], and `tensors.inputs` its input. Recordings are to be
   * submitted in the order in which passes were encoded: each changes what the one before left in the tables.
   *
   * @param whole compute every node anew rather than what differs from the slots' circuits: the same bits at full
   * cost.
   */
  encode(recording: Recording, bound: BoundPass, circuits: readonly EdgeSet[], whole = false): void {
    if (this.#resident?.bound !== bound) {
      const start = this.#frame.weights.gpu.record();
      this.encodeWhole(start, bound, EdgeSet.full(this.#frame.topology));
      start.submit();
    }
    const held = this.#resident!.circuits;
    this.#resident = undefined; // until all of it is recorded
    const slots = circuits.map((circuit, c) => {
      if (whole) return { circuit, ...this.#everyNode(circuit) };
      return { circuit, ...staleNodes(circuit, nodesInUse(circuit), held[c] ?? held[0]!) };
    });
    for (let c = held.length; c < circuits.length; c++) this.#copyFirstSlot(recording, c);
    this.#record(recording, bound, slots);
    this.#resident = { bound, circuits: [...slots.map(({ resident }) => resident), ...held.slice(circuits.length)] };
  }

  /** Whether a recording takes another pass: what changes in the tables goes with it. */
  hasRoom(recording: Recording): boolean {
    const { control, changes } = this.#frame;
    return recording.written + control.size <= changes.size;
  }

  /**
   * Records one circuit in the first slot with every node at every position, and lets the caller read and set places:
   * see `view` for which. A pass of several circuits computes some rows only, and has no places.
   */
  encodeWhole(recording: Recording, bound: BoundPass, circuit: EdgeSet, use: TapUse = {}): void {
    const { topology } = this.#frame;
    const { taps = {}, sets = false } = use;
    this.#resident = undefined;
    for (const [place, layer] of tappedPlaces(taps)) this.view(place, layer);
    bound.embed.encode(recording);
    taps.embedding?.(0);
    const all = allNodesInUse(topology);
    this.#record(recording, bound, [{ circuit, compute: all }], taps);
    // Positions before the first difference are those of the whole model in every circuit: to the bit, if they come
    // from it.
    if (sets || circuit.size < topology.edgeCount) return;
    this.#resident = { bound, circuits: [{ circuit, ...all }] };
  }

  #everyNode(circuit: EdgeSet): Pick<CircuitWork, 'compute'> & { readonly resident: ResidentCircuit } {
    const { topology } = circuit;
    const writers = topology.writers.map(({ kind }) => (kind === 'input' ? REACH.none : REACH.differing));
    const ports = topology.ports.map(({ kind }) => (kind === 'logits' ? REACH.metric : REACH.differing));
    const held = topology.writers.map(({ kind }) => (kind === 'input' ? REACH.every : REACH.differing));
    return { compute: { writers, ports }, resident: { circuit, writers: held, ports } };
  }

  /**
   * A slot that was never used starts from what the first one holds; by way of `inputs`: no buffer is copied into
   * itself.
   */
  #copyFirstSlot(recording: Recording, slot: number): void {
    const { outputs, projections, tensors } = this.#frame;
    const room = tensors.inputs.size / 4;
    for (const tensor of [outputs, ...projections]) {
      const size = tensor.shape.slice(1).reduce((product, n) => product * n, 1);
      for (let first = 0; first < size; first += room) {
        const count = Math.min(room, size - first);
        recording.copy(sliceOf(tensor, first, count), sliceOf(tensors.inputs, 0, count));
        recording.copy(sliceOf(tensors.inputs, 0, count), sliceOf(tensor, slot * size + first, count));
      }
    }
  }

  #record(recording: Recording, bound: BoundPass, circuits: readonly CircuitWork[], taps: Taps = {}): void {
    try {
      this.#recordLayers(recording, bound, circuits, taps);
    } catch (error) {
      // What was noted as kept in a slot, or as written into the tables, was never submitted.
      this.#frame.tables.changeAll();
      this.#cutSums = new CutSums(this.#frame.topology, this.#frame.shape.cutSums);
      throw error;
    }
  }

  /**
   * Per circuit, with rows instead of all tokens where no more are needed (C circuits, ports = 3H, W writers):
   *
   *   outputs [C, W, T, d] -> inputs [ports, rows, d] -> normed [ports, rows, d] -> projections [C, T, ports, dh]
   *     -> pattern [C, H, rows, S] -> mixed [C, H, rows, dh] -> outputs of heads [C, H, T, d]
   *   outputs [C, W, T, d] -> inputs [rows, d] -> normed [rows, d] -> hidden [C, rows, F] -> output of MLP [C, T, d]
   *   outputs [C, W, T, d] -> inputs [C, N, d] -> normed [C, N, d], at the metric positions
   */
  #recordLayers(recording: Recording, bound: BoundPass, circuits: readonly CircuitWork[], taps: Taps): void {
    const { weights, tables, control, changes, portGroups } = this.#frame;
    tables.fill(circuits, bound.rows, this.#cutSums);
    for (const { at, count } of tables.takeChanges()) {
      recording.write(changes, control, 4 * at, tables.words.subarray(at, at + count));
    }
    for (const work of tables.work) weights.gpu.count(work);
    for (const { kind, layer, index } of portGroups) {
      bound.inputs[index]!.encode(recording);
      if (kind === 'heads') {
        this.#recordAttention(recording, bound, layer, taps);
      } else if (kind === 'mlp') {
        for (const name of MLP_PIECES) this.#layers[layer]!.mlp![name].encode(recording);
        taps['mlp output']?.(layer);
      } else {
        this.#finalNorm.encode(recording);
      }
    }
  }

  #recordAttention(recording: Recording, bound: BoundPass, layer: number, taps: Taps): void {
    for (const name of ATTENTION_PIECES) {
      this.#layers[layer]!.attention[name].encode(recording);
      if (name === 'repetition') this.#replaceProjections(recording, bound, layer);
      for (const place of PLACES_AFTER[name]) taps[place]?.(layer);
    }
  }

  #replaceProjections(recording: Recording, bound: BoundPass, layer: number): void {
    if (this.#frame.tables.layers[layer]!.replaced.count === 0) return;
    const replace = bound.replaceProjections[layer];
    if (!replace) {
      throw new EdgewiseError('circuit', 'direct edges', 'are cut, but this run was not set up to cut them');
    }
    replace.encode(recording);
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
