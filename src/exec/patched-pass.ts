import { EdgewiseError } from '../base/errors.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/gpu.js';
import type { ModelWeights } from '../model/weights.js';
import { bindInputs, type BoundPass, type PassInputs } from './input-operations.js';
import { bindLayer, bindNorm, type LayerOperations } from './layer-operations.js';
import { runMatmul, runProduct } from './matmul.js';
import { createFrame, type PassFrame } from './pass-frame.js';
import type { PassShape, PassTensor } from './pass-plan.js';

const WORKGROUP = 64;

/**
 * A whole forward pass in which every edge is kept or cut, as ACDC and EAP-IG define it: kept edges carry this very pass's activations, cut
 * edges the ablated ones. Computes up to `shape.circuits` circuits over the same prompts at once. With every edge kept it
 * is the plain forward pass of the model.
 *
 * Cost per circuit: a forward pass (2 FLOPs per weight and token) plus, for every distinct port input, one addition per
 * writer, token and column. Dispatches: 9 per layer where no matrix is split, plus 3.
 */
export class PatchedPass {
  readonly #arena: Arena;
  readonly #frame: PassFrame;
  readonly #layers: readonly LayerOperations[];
  readonly #finalNorm: Operation;
  /** What the writers in `live` were last computed for. */
  #resident: { readonly bound: BoundPass; readonly circuits: readonly EdgeSet[] } | undefined;

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
   * Records the pass for up to `shape.circuits` circuits. Afterwards `tensors.live` holds every writer's output and
   * `tensors.normed` the final norm's output at the metric positions [circuits, prompts, width]. Submit before encoding
   * another pass: the circuit tables are rewritten by each. Where the last pass differed only from some layer on, the
   * writers before it are still there and the pass starts at that layer: the same numbers for less work.
   *
   * @param keepPorts receives the q/k/v projections of the first circuit [L, T, 3H, head].
   */
  encode(recording: Recording, bound: BoundPass, circuits: readonly EdgeSet[], keepPorts?: Tensor): void {
    const { weights, tables, control, tokens } = this.#frame;
    const { head4, width4 } = weights.layout;
    const { heads } = this.#frame.topology;
    const count = circuits.length;
    tables.fill(circuits);
    weights.gpu.upload(control, tables.words);

    const perRow = Math.ceil((tokens * width4) / WORKGROUP);
    const first = keepPorts ? 0 : this.#firstStage(bound, circuits);
    this.#resident = { bound, circuits: [...circuits] };
    if (first === 0) for (const operation of bound.embed) recording.dispatch(operation, perRow, count);
    this.#layers.forEach((layer, l) => {
      if (first <= 2 * l) {
        const inputs = tables.attention[l]!.count;
        recording.dispatch(bound.attentionInputs[l]!, perRow, inputs);
        recording.dispatchRows(layer.norm1, inputs * tokens);
        layer.projections.forEach((operation, i) => runMatmul(recording, operation, tables.projections[l]![i]!.count));
        const replaced = tables.replaced[l]!.count;
        if (replaced > 0) {
          const replace = bound.replacePorts[l];
          if (!replace)
            throw new EdgewiseError('circuit', 'direct edges', 'are cut, but this run was not set up to cut them');
          recording.dispatch(replace, Math.ceil((tokens * head4) / WORKGROUP), replaced);
        }
        if (keepPorts) {
          const size = 3 * heads * tokens * 4 * head4;
          recording.copy(sliceOf(this.tensors.ports, 0, size), sliceOf(keepPorts, l * size, size));
        }
        recording.dispatch(layer.pattern, Math.ceil(tokens / WORKGROUP), count * heads);
        recording.dispatch(layer.mix, Math.ceil((tokens * head4) / WORKGROUP), count * heads);
        runProduct(recording, layer.attentionOut, count * heads);
      }
      if (first <= 2 * l + 1) {
        recording.dispatch(bound.mlpInputs[l]!, perRow, count);
        recording.dispatchRows(layer.norm2, count * tokens);
        runProduct(recording, layer.mlpIn, count);
        runProduct(recording, layer.mlpOut, count);
      }
    });
    recording.dispatch(bound.logitsInputs, Math.ceil((this.shape.prompts * width4) / WORKGROUP), count);
    recording.dispatchRows(this.#finalNorm, count * this.shape.prompts);
  }

  /** The first stage (2l: attention of layer l, 2l + 1: its MLP, 2L: logits) whose inputs may differ from the last pass's. */
  #firstStage(bound: BoundPass, circuits: readonly EdgeSet[]): number {
    const last = this.#resident;
    if (last?.bound !== bound || last.circuits.length !== circuits.length) return 0;
    const { topology } = this.#frame;
    const agree = (first: number, count: number): boolean =>
      circuits.every((circuit, c) => circuit.agreesOn(last.circuits[c]!, first, count));
    for (let l = 0; l < topology.layers; l++) {
      const attention = topology.firstEdge(topology.headPort(l, 'q', 0));
      const mlp = topology.firstEdge(topology.mlpPort(l));
      const direct = topology.directEdge(topology.headPort(l, 'q', 0));
      if (!agree(attention, mlp - attention) || !agree(direct, 3 * topology.heads)) return 2 * l;
      if (!agree(mlp, topology.fanIn(topology.mlpPort(l)))) return 2 * l + 1;
    }
    return 2 * topology.layers;
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
