import type { Arena, Tensor } from '../gpu/arena.js';
import type { Operation } from '../gpu/gpu.js';
import type { PassFrame } from './pass-frame.js';

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
  readonly embed: readonly Operation[];
  readonly attentionInputs: readonly Operation[];
  readonly mlpInputs: readonly Operation[];
  /** Per layer; none where the inputs come without ablated projections. */
  readonly replacePorts: readonly Operation[];
  readonly logitsInputs: Operation;
}

/** Binds the operations that read tokens and ablated values; their uniforms belong to `arena`. */
export async function bindInputs(arena: Arena, frame: PassFrame, inputs: PassInputs): Promise<BoundPass> {
  const { topology, tables, weights, tokens } = frame;
  const { attentionBias } = weights;
  const everyRow = arena.upload(
    'every row',
    Uint32Array.from({ length: tokens }, (_, t) => t),
  );
  const inputsOf = (port: number, jobsAt: number, bias: Tensor): Promise<Operation> =>
    bindPortInputs(arena, frame, inputs, { port, jobsAt, bias, rows: everyRow, outRows: tokens });
  const layers = weights.layers.map((_, l) => l);
  return {
    embed: await bindEmbedding(arena, frame, inputs.ids),
    attentionInputs: await Promise.all(
      layers.map((l) => inputsOf(topology.headPort(l, 'q', 0), tables.layers[l]!.headInputs.jobsAt, attentionBias[l]!)),
    ),
    mlpInputs: await Promise.all(
      layers.map((l) => {
        const bias = attentionBias[topology.parallel ? l : l + 1]!;
        return inputsOf(topology.mlpPort(l), tables.layers[l]!.mlpInput.jobsAt, bias);
      }),
    ),
    replacePorts: inputs.ablatedPorts ? await bindReplacements(arena, frame, inputs.ablatedPorts) : [],
    logitsInputs: await bindPortInputs(arena, frame, inputs, {
      port: topology.logitsPort,
      jobsAt: tables.logits.jobsAt,
      bias: attentionBias[topology.layers]!,
      rows: inputs.metricRows,
      outRows: frame.shape.prompts,
    }),
  };
}

/** `input` writer of every circuit, one operation per chunk of the embedding. */
function bindEmbedding(arena: Arena, frame: PassFrame, ids: Tensor): Promise<Operation[]> {
  const { embed, positions, layout } = frame.weights;
  return Promise.all(
    embed.chunks.map((chunk) =>
      arena.operation('embed', {
        buffers: { weight: chunk.data, ids, positions, live: frame.tensors.live },
        params: {
          tokens: frame.tokens,
          sequence: frame.shape.sequence,
          width4: layout.width4,
          first_id: 4 * chunk.firstColumn4,
          ids_held: 4 * chunk.columns4,
          add_positions: frame.positionsInInput ? 1 : 0,
          circuit_stride: frame.topology.writers.length * frame.tokens * layout.width4,
        },
        overrides: {},
      }),
    ),
  );
}

/** A group of ports that read the same writers: the heads of a layer, an MLP, the logits. */
interface PortGroup {
  readonly port: number;
  readonly jobsAt: number;
  readonly bias: Tensor;
  /** Tokens to compute. */
  readonly rows: Tensor;
  readonly outRows: number;
}

function bindPortInputs(arena: Arena, frame: PassFrame, inputs: PassInputs, group: PortGroup): Promise<Operation> {
  return arena.operation('port_inputs', {
    buffers: {
      control: frame.control,
      rows: group.rows,
      live: frame.tensors.live,
      ablated: inputs.ablated,
      bias: group.bias,
      positions: frame.weights.positions,
      x: frame.tensors.inputs,
    },
    params: {
      tokens: frame.tokens,
      sequence: frame.shape.sequence,
      width4: frame.weights.layout.width4,
      out_rows: group.outRows,
      writers: frame.topology.fanIn(group.port),
      writer_total: frame.topology.writers.length,
      jobs_at: group.jobsAt,
      add_positions: frame.positionsInInput ? 0 : 1,
    },
    overrides: {},
  });
}

function bindReplacements(arena: Arena, frame: PassFrame, ablatedPorts: Tensor): Promise<Operation[]> {
  return Promise.all(
    frame.tables.layers.map(({ replaced }, layer) =>
      arena.operation('replace_ports', {
        buffers: { control: frame.control, ablated_ports: ablatedPorts, ports: frame.ports[layer]! },
        params: {
          tokens: frame.tokens,
          head_ports: 3 * frame.topology.heads,
          head4: frame.weights.layout.head4,
          layer,
          jobs_at: replaced.jobsAt,
        },
        overrides: {},
      }),
    ),
  );
}
