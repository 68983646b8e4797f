import type { Arena, Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import type { InputTables } from './table-layout.js';
import type { PassFrame } from './pass-frame.js';
import type { RowLists } from './row-lists.js';

/** What a pass reads besides the weights: tokens, and what cut edges carry. All live as long as the bound pass is used. */
export interface PassInputs {
  /** Token ids [T], prompt by prompt, padded on the right. */
  readonly ids: Tensor;
  /** Which rows (0..T-1) matter. */
  readonly rows: RowLists;
  /** Values that cut edges carry [W, T, width]. */
  readonly ablated: Tensor;
  /** Projections that cut direct edges carry [L, T, 3H, head]. */
  readonly ablatedProjections: Tensor | undefined;
}

/** Operations of a pass that depend on its inputs. */
export interface BoundPass {
  readonly rows: RowLists;
  readonly embed: readonly Operation[];
  readonly attentionInputs: readonly InputOperations[];
  readonly mlpInputs: readonly InputOperations[];
  /** Per layer; none where the inputs come without ablated projections. */
  readonly replaceProjections: readonly Operation[];
  readonly logitsInputs: InputOperations;
}

/** What forms the inputs of a group of ports that read the same writers: the heads of a layer, an MLP, the logits. */
export interface InputOperations {
  readonly bases: Operation;
  readonly inputs: Operation;
}

const WORKGROUP = 64;

/** Binds the operations that read tokens and ablated values; their uniforms belong to `arena`. */
export async function bindInputs(arena: Arena, frame: PassFrame, inputs: PassInputs): Promise<BoundPass> {
  const { topology, tables, weights } = frame;
  const { attentionBias } = weights;
  const bind = (group: InputTables, bias: Tensor): Promise<InputOperations> =>
    bindPortInputs(arena, frame, inputs, group, bias);
  return {
    rows: inputs.rows,
    embed: await bindEmbedding(arena, frame, inputs.ids),
    attentionInputs: await Promise.all(tables.layers.map(({ headInputs }, l) => bind(headInputs, attentionBias[l]!))),
    mlpInputs: await Promise.all(
      tables.layers.map(({ mlpInput }, l) => bind(mlpInput, attentionBias[topology.parallel ? l : l + 1]!)),
    ),
    replaceProjections: inputs.ablatedProjections
      ? await bindReplacements(arena, frame, inputs.ablatedProjections)
      : [],
    logitsInputs: await bind(tables.logits, attentionBias[topology.layers]!),
  };
}

/** Records the inputs of a group of ports, as its tables say. */
export function encodeInputs(
  recording: Recording,
  { bases, inputs }: InputOperations,
  tables: InputTables,
  width4: number,
): void {
  const groups = (rows: number): number => Math.ceil((rows * width4) / WORKGROUP);
  recording.dispatch(bases, groups(tables.bases.rows), tables.bases.count);
  recording.dispatch(inputs, groups(tables.inputs.rows), tables.inputs.count);
}

/** `input` writer of the first circuit, one operation per chunk of the embedding. */
function bindEmbedding(arena: Arena, frame: PassFrame, ids: Tensor): Promise<Operation[]> {
  const { embed, positions, layout } = frame.weights;
  return Promise.all(
    embed.chunks.map((chunk) =>
      arena.operation('embed', {
        buffers: { weight: chunk.data, ids, positions, outputs: frame.outputs },
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

async function bindPortInputs(
  arena: Arena,
  frame: PassFrame,
  { ablated }: PassInputs,
  { bases, inputs }: InputTables,
  bias: Tensor,
): Promise<InputOperations> {
  const { positions, layout } = frame.weights;
  const buffers = { control: frame.control, ablated, bias, positions, bases: frame.bases };
  const params = {
    tokens: frame.tokens,
    sequence: frame.shape.sequence,
    width4: layout.width4,
    add_positions: frame.positionsInInput ? 0 : 1,
  };
  return {
    bases: await arena.operation('port_bases', {
      buffers,
      params: { ...params, jobs_at: bases.jobsAt },
      overrides: {},
    }),
    inputs: await arena.operation('port_inputs', {
      buffers: { ...buffers, outputs: frame.outputs, x: frame.tensors.inputs },
      params: { ...params, jobs_at: inputs.jobsAt, writer_total: frame.topology.writers.length },
      overrides: {},
    }),
  };
}

function bindReplacements(arena: Arena, frame: PassFrame, ablatedProjections: Tensor): Promise<Operation[]> {
  return Promise.all(
    frame.tables.layers.map(({ replaced }, layer) =>
      arena.operation('replace_projections', {
        buffers: {
          control: frame.control,
          ablated_projections: ablatedProjections,
          projections: frame.projections[layer]!,
        },
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
