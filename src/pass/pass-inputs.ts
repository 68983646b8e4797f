import type { Arena, Tensor } from '../gpu/arena.js';
import { embedding } from '../block/embedding.js';
import { inTurn, type Piece, type PieceContext } from '../block/piece.js';
import type { InputTables } from './tables/table-layout.js';
import type { PassFrame } from './pass-frame.js';
import { normedPortInputs, portCutSums, portInputs } from './port-inputs.js';
import { replaceProjections } from './replace-projections.js';
import type { RowLists } from './row-lists.js';

/**
 * What a pass reads besides the weights: tokens, and what cut edges carry. All live as long as the bound pass is
 * used.
 */
export interface PassInputs {
  /** Token ids [T], prompt by prompt, padded on the right. */
  readonly ids: Tensor;
  /** Which rows (0..T-1) matter. */
  readonly rows: RowLists;
  /** Values that cut edges carry [W, T, d]. */
  readonly ablated: Tensor;
  /** Projections that cut direct edges carry [L, T, ports, dh]. */
  readonly ablatedProjections: Tensor | undefined;
}

/** Pieces of a pass that depend on its inputs. */
export interface BoundPass {
  readonly rows: RowLists;
  /** The writer `input` of the first circuit. */
  readonly embed: Piece;
  /** By port group: the inputs of its ports. */
  readonly inputs: readonly Piece[];
  /** By layer; none where the inputs come without ablated projections. */
  readonly replaceProjections: readonly Piece[];
}

/** Binds the pieces that read tokens and ablated values. Their uniforms belong to `arena`. */
export async function bindInputs(arena: Arena, frame: PassFrame, inputs: PassInputs): Promise<BoundPass> {
  const { weights, tables, portGroups, outputs, input, tokens, shape } = frame;
  const context = { arena, weights, tokens, sequence: shape.sequence };
  const tablesOf = ({ kind, layer }: (typeof portGroups)[number]): InputTables => {
    if (kind === 'logits') return tables.logits;
    return kind === 'heads' ? tables.layers[layer]!.headInputs : tables.layers[layer]!.mlpInput;
  };
  const { ablatedProjections } = inputs;
  return {
    rows: inputs.rows,
    embed: await embedding(context, { ids: inputs.ids, outputs }, input),
    inputs: await Promise.all(
      portGroups.map((group) => bindPortGroup(context, frame, inputs, tablesOf(group), group.biases)),
    ),
    replaceProjections: ablatedProjections
      ? await Promise.all(weights.layers.map((_, l) => replaceProjections(context, frame, l, ablatedProjections)))
      : [],
  };
}

/** The inputs of ports that read the same writers. @param biases attention output biases among their constants. */
async function bindPortGroup(
  context: PieceContext,
  frame: PassFrame,
  { ablated }: PassInputs,
  tables: InputTables,
  biases: number,
): Promise<Piece> {
  const sources = {
    words: frame.control,
    outputs: frame.outputs,
    ablated,
    cutSums: frame.cutSums,
    bias: frame.weights.attentionBias[biases]!,
    writers: frame.topology.writers.length,
    input: frame.input,
  };
  const { postNormGains, postNormBiases, inputs } = frame.tensors;
  if (frame.weights.spec.postNorms) {
    const norms = { gains: postNormGains, biases: postNormBiases };
    return normedPortInputs(context, sources, norms, tables.inputs, inputs);
  }
  return inTurn([
    await portCutSums(context, sources, tables.cutSums),
    await portInputs(context, sources, tables.inputs, inputs),
  ]);
}
