import { EdgewiseError } from '../base/errors.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { allNodesInUse, REACH, nodesInUse } from '../circuit/reachability.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import type { CircuitWork } from './input-jobs.js';
import type { JobTable } from './table-layout.js';
import { bindInputs, encodeInputs, type BoundPass, type PassInputs } from './input-operations.js';
import { bindLayer, bindNorm, type LayerOperations } from './layer-operations.js';
import { runMatmul, type MatmulOperation } from '../gpu/product/matmul.js';
import { createFrame, type PassFrame, type PassScratch } from './pass-frame.js';
import type { PassShape } from './pass-plan.js';
import { PortBases } from './port-bases.js';
import { staleNodes, type ResidentCircuit } from './stale-nodes.js';

const WORKGROUP = 64;

/** What a caller takes from a whole pass while it is recorded. */
export interface PassTaps {
  /** Receives the q/k/v projections [L, T, 3H, head]. */
  readonly projections?: Tensor;
  /** Called while `tensors.pattern` holds the attention patterns of a layer, to record copies of them. */
  readonly afterPattern?: (layer: number) => void;
}

/**
 * A forward pass in which every edge is kept or cut, as ACDC and EAP-IG define it: kept edges carry this very pass's
 * activations, cut edges the ablated ones. Computes up to `shape.circuits` circuits over the same prompts at once. With every edge
 * kept it is the plain forward pass of the model.
 *
 * The pass holds what it computed last, one circuit per slot, and computes of the next circuits only what differs: see staleNodes,
 * and rowLists for the positions. It starts from the whole model on the same tokens.
 *
 * Cost per circuit: at most a forward pass (2 FLOPs per weight and row) plus, for every distinct port input, an addition per row
 * and column for every kept writer and for the cut ones that no base holds. Dispatches: at most 13 per layer where no matrix is
 * split, plus 4.
 */
export class PatchedPass {
  readonly #arena: Arena;
  readonly #frame: PassFrame;
  readonly #layers: readonly LayerOperations[];
  readonly #finalNorm: Operation;
  #bases: PortBases;
  /** What `outputs` and `projections` hold after the last pass. */
  #resident: { readonly bound: BoundPass; readonly circuits: readonly ResidentCircuit[] } | undefined;

  static async create(scratch: PassScratch): Promise<PatchedPass> {
    const { weights, shape } = scratch;
    const arena = new Arena(weights.gpu);
    try {
      const frame = createFrame(arena, scratch);
      const layers = await Promise.all(weights.layers.map((_, layer) => bindLayer(arena, frame, layer)));
      const finalNorm = await bindNorm(arena, frame, weights.finalNorm, shape.circuits * shape.prompts);
      return new PatchedPass(arena, frame, layers, finalNorm);
    } catch (error) {
      arena.dispose();
      throw error;
    }
  }

  private constructor(arena: Arena, frame: PassFrame, layers: readonly LayerOperations[], finalNorm: Operation) {
    this.#arena = arena;
    this.#frame = frame;
    this.#layers = layers;
    this.#finalNorm = finalNorm;
    this.#bases = new PortBases(frame.topology, frame.shape.bases);
  }

  get shape(): PassShape {
    return this.#frame.shape;
  }

  get tensors(): PassScratch['tensors'] {
    return this.#frame.tensors;
  }

  /** Outputs of all writers of the circuit in the first slot [W, T, width]. */
  get writers(): Tensor {
    const [, writers, tokens, width] = this.#frame.outputs.shape as [number, number, number, number];
    return { ...sliceOf(this.#frame.outputs, 0, writers * tokens * width), shape: [writers, tokens, width] };
  }

  /** Binds the operations that read tokens and ablated values; what they need belongs to `arena`. */
  bind(arena: Arena, inputs: PassInputs): Promise<BoundPass> {
    return bindInputs(arena, this.#frame, inputs);
  }

  /**
   * Records the pass for up to `shape.circuits` circuits. Afterwards `tensors.normed` holds the final norm's output at the
   * metric positions [circuits, prompts, width], and `tensors.inputs` its input. Submit before encoding another pass: the
   * circuit tables are rewritten by each.
   *
   * @param whole compute every node anew rather than what differs from the slots' circuits: the same bits at full cost.
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

  /** Records one circuit in the first slot with every node at every position, and lets the caller take from it. */
  encodeWhole(recording: Recording, bound: BoundPass, circuit: EdgeSet, taps: PassTaps = {}): void {
    const { topology, tokens, weights } = this.#frame;
    this.#resident = undefined;
    const perRow = Math.ceil((tokens * weights.layout.width4) / WORKGROUP);
    for (const operation of bound.embed) recording.dispatch(operation, perRow);
    const all = allNodesInUse(topology);
    this.#record(recording, bound, [{ circuit, compute: all }], taps);
    // Positions before the first difference are those of the whole model in every circuit: to the bit, if they come from it.
    if (circuit.size < topology.edgeCount) return;
    this.#resident = { bound, circuits: [{ circuit, ...all }] };
  }

  #everyNode(circuit: EdgeSet): Pick<CircuitWork, 'compute'> & { readonly resident: ResidentCircuit } {
    const { topology } = circuit;
    const writers = topology.writers.map(({ kind }) => (kind === 'input' ? REACH.none : REACH.differing));
    const ports = topology.ports.map(({ kind }) => (kind === 'logits' ? REACH.metric : REACH.differing));
    const held = topology.writers.map(({ kind }) => (kind === 'input' ? REACH.every : REACH.differing));
    return { compute: { writers, ports }, resident: { circuit, writers: held, ports } };
  }

  /** A slot that was never used starts from what the first one holds; by way of `inputs`: no buffer is copied into itself. */
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

  #record(recording: Recording, bound: BoundPass, slots: readonly CircuitWork[], taps: PassTaps = {}): void {
    try {
      this.#recordLayers(recording, bound, slots, taps);
    } catch (error) {
      // What was noted as kept in a slab was never submitted.
      this.#bases = new PortBases(this.#frame.topology, this.#frame.shape.bases);
      throw error;
    }
  }

  #recordLayers(recording: Recording, bound: BoundPass, slots: readonly CircuitWork[], taps: PassTaps): void {
    const { weights, topology, tables, control, tokens, shape } = this.#frame;
    const { head4, width4 } = weights.layout;
    tables.fill(slots, bound.rows, this.#bases);
    weights.gpu.upload(control, tables.written);
    weights.gpu.count(tables.work);

    const perHeadRow = (rows: number): number => Math.ceil((rows * head4) / WORKGROUP);
    const product = (operations: readonly MatmulOperation[], jobs: readonly JobTable[]): void =>
      operations.forEach((operation, i) => runMatmul(recording, operation, jobs[i]!.count, jobs[i]!.rows));
    this.#layers.forEach((layer, l) => {
      const jobs = tables.layers[l]!;
      encodeInputs(recording, bound.attentionInputs[l]!, jobs.headInputs, width4);
      recording.dispatchRows(layer.norm1, jobs.headInputs.totalRows);
      product(layer.projections, jobs.projections);
      if (jobs.replaced.count > 0) {
        const replace = bound.replaceProjections[l];
        if (!replace) {
          throw new EdgewiseError('circuit', 'direct edges', 'are cut, but this run was not set up to cut them');
        }
        recording.dispatch(replace, perHeadRow(jobs.replaced.rows), jobs.replaced.count);
      }
      if (taps.projections) {
        const size = 3 * topology.heads * tokens * 4 * head4;
        recording.copy(sliceOf(this.#frame.projections[l]!, 0, size), sliceOf(taps.projections, l * size, size));
      }
      recording.dispatch(layer.pattern, Math.ceil(jobs.heads.rows / WORKGROUP), jobs.heads.count);
      taps.afterPattern?.(l);
      recording.dispatch(layer.mix, perHeadRow(jobs.heads.rows), jobs.heads.count);
      product(layer.attentionOut, jobs.attentionOut);
      encodeInputs(recording, bound.mlpInputs[l]!, jobs.mlpInput, width4);
      recording.dispatchRows(layer.norm2, jobs.mlpInput.totalRows);
      product(layer.mlpIn, jobs.mlpIn);
      product(layer.mlpOut, jobs.mlpOut);
    });
    encodeInputs(recording, bound.logitsInputs, tables.logits, width4);
    recording.dispatchRows(this.#finalNorm, slots.length * shape.prompts);
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
