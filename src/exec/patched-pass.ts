import type { EdgeSet } from '../circuit/edge-set.js';
import type { Topology } from '../circuit/topology.js';
import { Arena, sliceOf, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/gpu.js';
import { PANEL4, type MatrixChunk, type ModelWeights, type NormWeights } from '../model/weights.js';
import { CircuitTables } from './circuit-tables.js';
import { jobWords, matmul, runMatmul, type MatmulJob, type MatmulOperation } from './matmul.js';
import { passTensors, type PassShape, type PassTensor } from './pass-plan.js';

/** What a pass reads besides the weights: tokens, and what cut edges carry. All live as long as the bound pass is used. */
export interface PassInputs {
  /** Token ids [T], prompt by prompt, padded on the right. */
  readonly ids: Tensor;
  /** Per prompt the token index (0..T-1) whose logits are wanted. */
  readonly metricRows: Tensor;
  /** Values that cut edges carry [W, T, width]. */
  readonly ablated: Tensor;
  /** Projections that cut direct edges carry [L, T, 3H, head]. */
  readonly ablatedPorts: Tensor | undefined;
}

/** Operations of a pass that depend on its inputs. */
export interface BoundPass {
  readonly inputs: PassInputs;
  readonly embed: readonly Operation[];
  readonly attentionInputs: readonly Operation[];
  readonly mlpInputs: readonly Operation[];
  /** Per layer; none where the inputs come without ablated projections. */
  readonly replacePorts: readonly Operation[];
  readonly logitsInputs: Operation;
}

interface LayerOperations {
  readonly norm1: Operation;
  readonly projections: readonly MatmulOperation[];
  readonly pattern: Operation;
  readonly mix: Operation;
  readonly attentionOut: readonly MatmulOperation[];
  readonly norm2: Operation;
  readonly mlpIn: readonly MatmulOperation[];
  readonly mlpOut: readonly MatmulOperation[];
}

/** Invocations per workgroup of the kernels that give a workgroup to each row. */
export const ROW_WORKGROUP = 16;
const WORKGROUP = 64;

/**
 * A whole forward pass in which every edge is kept or cut (SPEC 2.1): kept edges carry this very pass's activations, cut
 * edges the ablated ones. Computes up to `shape.circuits` circuits over the same prompts at once. With every edge kept it
 * is the plain forward pass of the model.
 *
 * Cost per circuit: a forward pass (2 FLOPs per weight and token) plus, for every distinct port input, one addition per
 * writer, token and column. Dispatches: 9 per layer where no matrix is split, plus 3.
 */
export class PatchedPass {
  readonly shape: PassShape;
  readonly #arena: Arena;
  readonly #weights: ModelWeights;
  readonly #topology: Topology;
  readonly #positionsInInput: boolean;
  readonly tensors: Readonly<Record<PassTensor, Tensor>>;
  readonly #tables: CircuitTables;
  readonly #control: Tensor;
  readonly #everyRow: Tensor;
  /** What the writers in `live` were last computed for. */
  #resident: { readonly bound: BoundPass; readonly circuits: readonly EdgeSet[] } | undefined;
  #layers: readonly LayerOperations[] = [];
  #finalNorm!: Operation;

  /** @param positionsInInput position embeddings belong to the writer `input`; otherwise they are a constant of every port. */
  static async create(
    weights: ModelWeights,
    topology: Topology,
    shape: PassShape,
    positionsInInput: boolean,
  ): Promise<PatchedPass> {
    const arena = new Arena(weights.gpu);
    try {
      const pass = new PatchedPass(arena, weights, topology, shape, positionsInInput);
      await pass.#bindLayers();
      return pass;
    } catch (error) {
      arena.dispose();
      throw error;
    }
  }

  private constructor(
    arena: Arena,
    weights: ModelWeights,
    topology: Topology,
    shape: PassShape,
    positionsInInput: boolean,
  ) {
    this.#arena = arena;
    this.#weights = weights;
    this.#topology = topology;
    this.shape = shape;
    this.#positionsInInput = positionsInInput;
    const table = passTensors(topology, weights.layout, shape);
    this.tensors = Object.fromEntries(
      Object.entries(table).map(([name, dimensions]) => [name, arena.tensor(name, dimensions)]),
    ) as Record<PassTensor, Tensor>;
    this.#tables = new CircuitTables(
      topology,
      weights.layout,
      weights.layers.map((layer) => layer.qkv),
      this.#tokens,
      shape.circuits,
    );
    this.#control = arena.tensor('circuit tables', [this.#tables.words.length]);
    this.#everyRow = arena.upload('every row', Uint32Array.from({ length: this.#tokens }, (_, t) => t));
  }

  get #tokens(): number {
    return this.shape.prompts * this.shape.sequence;
  }

  async #bindLayers(): Promise<void> {
    const { spec, layout } = this.#weights;
    const { tensors, shape } = this;
    const tokens = this.#tokens;
    const heads = this.#topology.heads;
    const { width4, head4, mlp4 } = layout;
    const writers = this.#topology.writers.length;
    const arena = this.#arena;

    // Jobs that never change: where each head's z and each MLP's hidden layer go among the writers.
    const jobs: number[] = [];
    const region = (list: readonly MatmulJob[]): number => {
      const at = jobs.length;
      for (const job of list) jobs.push(...jobWords(job));
      return at;
    };
    const wholeChunk = (chunk: MatrixChunk): Pick<MatmulJob, 'weight' | 'bias' | 'firstColumn4' | 'endColumn4'> => ({
      weight: 0,
      bias: chunk.firstColumn4,
      firstColumn4: 0,
      endColumn4: chunk.columns4,
    });
    const circuits = Array.from({ length: shape.circuits }, (_, c) => c);
    const writerAt = (c: number, writer: number, column4: number): number =>
      (c * writers + writer) * tokens * width4 + column4;
    const layerJobs = this.#weights.layers.map((layer, l) => ({
      attentionOut: layer.attentionOut.chunks.map((chunk) =>
        region(
          circuits.flatMap((c) =>
            Array.from({ length: heads }, (_, h) => ({
              ...wholeChunk(chunk),
              a: (c * heads + h) * tokens * head4,
              weight: h * 4 * head4 * PANEL4,
              out: writerAt(c, this.#topology.headWriter(l, h), chunk.firstColumn4),
            })),
          ),
        ),
      ),
      mlpIn: layer.mlpIn.chunks.map((chunk) =>
        region(
          circuits.map((c) => ({ ...wholeChunk(chunk), a: c * tokens * width4, out: c * tokens * mlp4 + chunk.firstColumn4 })),
        ),
      ),
      mlpOut: layer.mlpOut.chunks.map((chunk) =>
        region(
          circuits.map((c) => ({
            ...wholeChunk(chunk),
            a: c * tokens * mlp4,
            out: writerAt(c, this.#topology.mlpWriter(l), chunk.firstColumn4),
          })),
        ),
      ),
    }));
    const staticJobs = arena.upload('matmul jobs', Uint32Array.from(jobs));

    const layers: LayerOperations[] = [];
    for (const [l, layer] of this.#weights.layers.entries()) {
      const at = layerJobs[l]!;
      layers.push({
        norm1: await this.#norm(layer.norm1, shape.circuits * 3 * heads * tokens),
        projections: await Promise.all(
          layer.qkv.chunks.map((_, i) =>
            matmul(arena, layer.qkv, i, {
              a: tensors.normed,
              out: tensors.ports,
              rows: tokens,
              inner4: width4,
              outStride: 3 * heads * head4,
              jobs: this.#control,
              jobsAt: this.#tables.projections[l]![i]!.jobsAt,
              panels: 1,
              bias: layer.qkvBias,
            }),
          ),
        ),
        pattern: await arena.operation('attention_pattern', {
          buffers: { ports: tensors.ports, pattern: tensors.pattern },
          params: { tokens, sequence: shape.sequence, heads, head4, scale: spec.attention.scale[l]! },
          overrides: {},
        }),
        mix: await arena.operation('attention_mix', {
          buffers: { ports: tensors.ports, pattern: tensors.pattern, z: tensors.z },
          params: { tokens, sequence: shape.sequence, heads, head4 },
          overrides: {},
        }),
        attentionOut: await Promise.all(
          layer.attentionOut.chunks.map((_, i) =>
            matmul(arena, layer.attentionOut, i, {
              a: tensors.z,
              out: tensors.live,
              rows: tokens,
              inner4: head4,
              outStride: width4,
              jobs: staticJobs,
              jobsAt: at.attentionOut[i]!,
              bias: undefined,
            }),
          ),
        ),
        norm2: await this.#norm(layer.norm2, shape.circuits * tokens),
        mlpIn: await Promise.all(
          layer.mlpIn.chunks.map((_, i) =>
            matmul(arena, layer.mlpIn, i, {
              a: tensors.normed,
              out: tensors.hidden,
              rows: tokens,
              inner4: width4,
              outStride: mlp4,
              jobs: staticJobs,
              jobsAt: at.mlpIn[i]!,
              bias: layer.mlpInBias,
              activation: spec.mlp.activation,
            }),
          ),
        ),
        mlpOut: await Promise.all(
          layer.mlpOut.chunks.map((_, i) =>
            matmul(arena, layer.mlpOut, i, {
              a: tensors.hidden,
              out: tensors.live,
              rows: tokens,
              inner4: mlp4,
              outStride: width4,
              jobs: staticJobs,
              jobsAt: at.mlpOut[i]!,
              bias: layer.mlpOutBias,
            }),
          ),
        ),
      });
    }
    this.#layers = layers;
    this.#finalNorm = await this.#norm(this.#weights.finalNorm, shape.circuits * shape.prompts);
  }

  #norm(norm: NormWeights, rows: number): Promise<Operation> {
    const { spec, layout } = this.#weights;
    return this.#arena.operation('layer_norm', {
      buffers: { x: this.tensors.inputs, gain: norm.gain, bias: norm.bias, y: this.tensors.normed },
      params: { rows, width: spec.width, width4: layout.width4, epsilon: spec.norm.epsilon },
      overrides: { WORKGROUP: ROW_WORKGROUP },
    });
  }

  /** Binds the operations that read tokens and ablated values; their uniforms belong to `arena`. */
  async bind(arena: Arena, inputs: PassInputs): Promise<BoundPass> {
    const { layout, embed, positions, attentionBias } = this.#weights;
    const { tensors, shape } = this;
    const tokens = this.#tokens;
    const writers = this.#topology.writers.length;
    const portInputs = (port: number, jobsAt: number, bias: Tensor, rows: Tensor, outRows: number): Promise<Operation> =>
      arena.operation('port_inputs', {
        buffers: {
          control: this.#control,
          rows,
          live: tensors.live,
          ablated: inputs.ablated,
          bias,
          positions,
          x: tensors.inputs,
        },
        params: {
          tokens,
          sequence: shape.sequence,
          width4: layout.width4,
          out_rows: outRows,
          writers: this.#topology.fanIn(port),
          writer_total: writers,
          jobs_at: jobsAt,
          add_positions: this.#positionsInInput ? 0 : 1,
        },
        overrides: {},
      });
    const layers = this.#weights.layers.map((_, l) => l);
    return {
      inputs,
      embed: await Promise.all(
        embed.chunks.map((chunk) =>
          arena.operation('embed', {
            buffers: { weight: chunk.data, ids: inputs.ids, positions, live: tensors.live },
            params: {
              tokens,
              sequence: shape.sequence,
              width4: layout.width4,
              first_id: 4 * chunk.firstColumn4,
              ids_held: 4 * chunk.columns4,
              add_positions: this.#positionsInInput ? 1 : 0,
              circuit_stride: writers * tokens * layout.width4,
            },
            overrides: {},
          }),
        ),
      ),
      attentionInputs: await Promise.all(
        layers.map((l) =>
          portInputs(
            this.#topology.headPort(l, 'q', 0),
            this.#tables.attention[l]!.jobsAt,
            attentionBias[l]!,
            this.#everyRow,
            tokens,
          ),
        ),
      ),
      mlpInputs: await Promise.all(
        layers.map((l) =>
          portInputs(
            this.#topology.mlpPort(l),
            this.#tables.mlp[l]!.jobsAt,
            attentionBias[this.#topology.parallel ? l : l + 1]!,
            this.#everyRow,
            tokens,
          ),
        ),
      ),
      replacePorts: await this.#bindReplacements(arena, inputs.ablatedPorts),
      logitsInputs: await portInputs(
        this.#topology.logitsPort,
        this.#tables.logits.jobsAt,
        attentionBias[this.#topology.layers]!,
        inputs.metricRows,
        shape.prompts,
      ),
    };
  }

  /** Without ablated projections there is nothing to bind, and a circuit with a cut direct edge is a mistake that throws. */
  async #bindReplacements(arena: Arena, ablatedPorts: Tensor | undefined): Promise<Operation[]> {
    if (!ablatedPorts) return [];
    const { head4 } = this.#weights.layout;
    return Promise.all(
      this.#tables.replaced.map((table, layer) =>
        arena.operation('replace_ports', {
          buffers: { control: this.#control, ablated_ports: ablatedPorts, ports: this.tensors.ports },
          params: {
            tokens: this.#tokens,
            head_ports: 3 * this.#topology.heads,
            head4,
            layer,
            jobs_at: table.jobsAt,
          },
          overrides: {},
        }),
      ),
    );
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
    const { head4, width4 } = this.#weights.layout;
    const tokens = this.#tokens;
    const heads = this.#topology.heads;
    const count = circuits.length;
    this.#tables.fill(circuits);
    this.#weights.gpu.upload(this.#control, this.#tables.words);

    const perRow = Math.ceil((tokens * width4) / WORKGROUP);
    const first = keepPorts ? 0 : this.#firstStage(bound, circuits);
    this.#resident = { bound, circuits: [...circuits] };
    if (first === 0) for (const operation of bound.embed) recording.dispatch(operation, perRow, count);
    this.#layers.forEach((layer, l) => {
      if (first <= 2 * l) {
        const inputs = this.#tables.attention[l]!.count;
        recording.dispatch(bound.attentionInputs[l]!, perRow, inputs);
        recording.dispatchRows(layer.norm1, inputs * tokens);
        layer.projections.forEach((operation, i) => runMatmul(recording, operation, this.#tables.projections[l]![i]!.count));
        const replaced = this.#tables.replaced[l]!.count;
        if (replaced > 0) recording.dispatch(bound.replacePorts[l]!, Math.ceil((tokens * head4) / WORKGROUP), replaced);
        if (keepPorts) {
          const size = 3 * heads * tokens * 4 * head4;
          recording.copy(sliceOf(this.tensors.ports, 0, size), sliceOf(keepPorts, l * size, size));
        }
        recording.dispatch(layer.pattern, Math.ceil(tokens / WORKGROUP), count * heads);
        recording.dispatch(layer.mix, Math.ceil((tokens * head4) / WORKGROUP), count * heads);
        for (const operation of layer.attentionOut) runMatmul(recording, operation, count * heads);
      }
      if (first <= 2 * l + 1) {
        recording.dispatch(bound.mlpInputs[l]!, perRow, count);
        recording.dispatchRows(layer.norm2, count * tokens);
        for (const operation of layer.mlpIn) runMatmul(recording, operation, count);
        for (const operation of layer.mlpOut) runMatmul(recording, operation, count);
      }
    });
    recording.dispatch(bound.logitsInputs, Math.ceil((this.shape.prompts * width4) / WORKGROUP), count);
    recording.dispatchRows(this.#finalNorm, count * this.shape.prompts);
  }

  /** The first stage (2l: attention of layer l, 2l + 1: its MLP, 2L: logits) whose inputs may differ from the last pass's. */
  #firstStage(bound: BoundPass, circuits: readonly EdgeSet[]): number {
    const last = this.#resident;
    if (last?.bound !== bound || last.circuits.length !== circuits.length) return 0;
    const topology = this.#topology;
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
