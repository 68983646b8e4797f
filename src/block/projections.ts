import type { Tensor } from '../gpu/arena.js';
import type { BufferSlice } from '../gpu/kernel.js';
import { BRANCHES } from '../circuit/nodes.js';
import type { Topology } from '../circuit/topology.js';
import { projectionColumn4, type Layout } from '../model/layout.js';
import type { LayerWeights } from '../model/weights.js';
import type { Jobs, Piece, PieceContext } from './piece.js';
import { product, transposedProduct, wholeProducts } from './product.js';

/** Queries, keys and values of a layer [T, ports, dh]: q of all heads, then k, then v. */
export function projectionShape({ attentionPorts }: Topology, { head4 }: Layout, tokens: number) {
  return [tokens, attentionPorts, 4 * head4] as const;
}

/** What the projections read and make. */
export interface ProjectionTensors {
  /** Normed inputs [rows, d]. */
  readonly normed: BufferSlice;
  /** [T, ports, dh] */
  readonly projections: BufferSlice;
}

/**
 * normed [rows, d] -> projections [T, ports, dh], with their biases. Cost: 2 d dh FLOPs per row and port.
 *
 * @param jobs of each chunk of the matrix; a job covers at most one panel, so that every port can read rows of its own.
 */
export function projections(
  context: PieceContext,
  topology: Topology,
  { qkv, qkvBias }: LayerWeights,
  jobs: readonly Jobs[],
  { normed, projections: out }: ProjectionTensors,
): Promise<Piece> {
  const { width4, head4 } = context.weights.layout;
  return product(context, qkv, jobs, {
    a: normed,
    out,
    rows: context.tokens,
    inner4: width4,
    outStride: topology.attentionPorts * head4,
    panels: 1,
    bias: qkvBias,
  });
}

/** The same where all ports of a layer read one input [T, d]. */
export function sharedProjections(
  context: PieceContext,
  topology: Topology,
  { qkv, qkvBias }: LayerWeights,
  { normed, projections: out }: ProjectionTensors,
): Promise<Piece> {
  const { tokens, weights } = context;
  const { width4, head4 } = weights.layout;
  const jobs = wholeProducts(context, qkv, [{ a: 0, out: 0 }], { rows: tokens, inner4: width4 });
  return product(context, qkv, jobs, {
    a: normed,
    out,
    rows: tokens,
    inner4: width4,
    outStride: topology.attentionPorts * head4,
    bias: qkvBias,
  });
}

/** The gradient at the projections [ports, T, dh] -> the gradient at the normed input of every port [ports, T, d]. */
export function projectionsBackward(
  context: PieceContext,
  topology: Topology,
  { qkv }: LayerWeights,
  at: { readonly projectionGradients: Tensor; readonly inputGradients: Tensor },
): Promise<Piece> {
  const { tokens, weights } = context;
  const { width4, head4 } = weights.layout;
  const jobs = BRANCHES.flatMap((branch) =>
    Array.from({ length: topology.heads }, (_, head) => {
      const port = topology.attentionPort(branch, head);
      const firstColumn4 = projectionColumn4(weights.layout, branch, head);
      return {
        dy: port * tokens * head4,
        out: port * tokens * width4,
        firstColumn4,
        endColumn4: firstColumn4 + head4,
      };
    }),
  );
  return transposedProduct(context, qkv, {
    dy: at.projectionGradients,
    out: at.inputGradients,
    rows: tokens,
    dyStride: head4,
    jobs,
  });
}
