import { EdgewiseError } from '../base/errors.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import { allNodesInUse, nodesInUse } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/gpu.js';
import type { ModelWeights } from '../model/weights.js';
import type { JobTable } from './circuit-tables.js';
import { bindInputs, type BoundPass, type PassInputs } from './input-operations.js';
import { bindLayer, bindNorm, type LayerOperations } from './layer-operations.js';
import { runMatmul, type MatmulOperation } from './matmul.js';
import { createFrame, type PassFrame } from './pass-frame.js';
import { staleNodes, type ResidentCircuit } from './stale-nodes.js';
import type { PassShape, PassTensor } from './pass-plan.js';

const WORKGROUP = 64;

/** What a caller takes from a pass while it is recorded; every node is then computed. */
export interface PassTaps {
  /** Receives the q/k/v projections of the first circuit [L, T, 3H, head]. */
  readonly ports?: Tensor;
  /** Called while `tensors.pattern` holds the attention patterns of a layer, to record copies of them. */
  readonly afterPattern?: (layer: number) => void;
}

/**
 * A whole forward pass in which every edge is kept or cut, as ACDC and EAP-IG define it: kept edges carry this very pass's
 * activations, cut edges the ablated ones. Computes up to `shape.circuits` circuits over the same prompts at once. With every edge kept it
 * is the plain forward pass of the model.
 *
 * Cost per circuit: at most a forward pass (2 FLOPs per weight and token) plus, for every distinct port input, one addition
 * per writer, token and column. Dispatches: at most 11 per layer where no matrix is split, plus 3.
 */
export class PatchedPass {
  readonly #arena: Arena;
  readonly #frame: PassFrame;
  readonly #layers: readonly LayerOperations[];
  readonly #finalNorm: Operation;
  /** What `live` and the ports hold after the last pass. */
  #resident: { readonly bound: BoundPass; readonly circuits: readonly ResidentCircuit[] } | undefined;

  /** @param positionsInInput position embeddings belong to the writer `input`; otherwise they are a constant of every port. */
  static async create(
    weights: ModelWeights,
    topology: Topology,
    shape: PassShape,
    positionsInInput: boolean,
  ): Promise<PatchedPass> {
    const arena = new Arena(weights.gpu);
    try {
      const frame = createFrame(arena, weights, topology, shape, positionsInInput);
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
  }

  get shape(): PassShape {
    return this.#frame.shape;
  }

  get tensors(): Readonly<Record<PassTensor, Tensor>> {
    return this.#frame.tensors;
  }

  /** Binds the operations that read tokens and ablated values; what they need belongs to `arena`. */
  bind(arena: Arena, inputs: PassInputs): Promise<BoundPass> {
    return bindInputs(arena, this.#frame, inputs);
  }

  /**
   * Records the pass for up to `shape.circuits` circuits. Afterwards `tensors.normed` holds the final norm's output at the
   * metric positions [circuits, prompts, width], and `tensors.inputs` its input. Submit before encoding another pass: the
   * circuit tables are rewritten by each. What cannot change the result is not computed: nodes that nothing leads from to the
   * logits, and nodes that the slot of this circuit still holds from the pass before, see staleNodes.
   */
  encode(recording: Recording, bound: BoundPass, circuits: readonly EdgeSet[], taps?: PassTaps): void {
    const { weights, topology, tables, control, tokens } = this.#frame;
    const { head4, width4 } = weights.layout;
    const held = this.#resident?.bound === bound && !taps ? this.#resident.circuits : [];
    this.#resident = undefined; // until all of it is recorded
    const slots = circuits.map((circuit, c) => {
      const use = taps ? allNodesInUse(topology) : nodesInUse(circuit);
      return { circuit, ...staleNodes(circuit, use, held[c]) };
    });
    tables.fill(slots.map(({ circuit, compute }) => ({ circuit, use: compute })));
    weights.gpu.upload(control, tables.words);

    const perRow = Math.ceil((tokens * width4) / WORKGROUP);
    const perHeadRow = Math.ceil((tokens * head4) / WORKGROUP);
    const product = (operations: readonly MatmulOperation[], jobs: readonly JobTable[]): void =>
      operations.forEach((operation, i) => runMatmul(recording, operation, jobs[i]!.count));
    if (held.length < circuits.length)
      for (const operation of bound.embed) recording.dispatch(operation, perRow, circuits.length);
    this.#layers.forEach((layer, l) => {
      const jobs = tables.layers[l]!;
      recording.dispatch(bound.attentionInputs[l]!, perRow, jobs.headInputs.count);
      recording.dispatchRows(layer.norm1, jobs.headInputs.count * tokens);
      product(layer.projections, jobs.projections);
      if (jobs.replaced.count > 0) {
        const replace = bound.replacePorts[l];
        if (!replace) {
          throw new EdgewiseError('circuit', 'direct edges', 'are cut, but this run was not set up to cut them');
        }
        recording.dispatch(replace, perHeadRow, jobs.replaced.count);
      }
      if (taps?.ports) {
        const size = 3 * topology.heads * tokens * 4 * head4;
        recording.copy(sliceOf(this.#frame.ports[l]!, 0, size), sliceOf(taps.ports, l * size, size));
      }
      recording.dispatch(layer.pattern, Math.ceil(tokens / WORKGROUP), jobs.heads.count);
      taps?.afterPattern?.(l);
      recording.dispatch(layer.mix, perHeadRow, jobs.heads.count);
      product(layer.attentionOut, jobs.attentionOut);
      recording.dispatch(bound.mlpInputs[l]!, perRow, jobs.mlpInput.count);
      recording.dispatchRows(layer.norm2, jobs.mlpInput.count * tokens);
      product(layer.mlpIn, jobs.mlpIn);
      product(layer.mlpOut, jobs.mlpOut);
    });
    recording.dispatch(bound.logitsInputs, Math.ceil((this.shape.prompts * width4) / WORKGROUP), circuits.length);
    recording.dispatchRows(this.#finalNorm, circuits.length * this.shape.prompts);
    this.#resident = { bound, circuits: [...slots.map(({ resident }) => resident), ...held.slice(circuits.length)] };
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
