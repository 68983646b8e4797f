import type { BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { Layout } from '../model/layout.js';
import type { MlpWeights } from '../model/weights.js';
import { ACTIVATIONS } from './activation.js';
import type { Jobs, Piece, PieceContext } from './piece.js';
import { everyColumn, product, transposedProduct } from './product.js';

// The flow of one layer: normed [rows, d] -> hidden [rows, F] -> activated [rows, F] -> outputs [T, d]

/** The MLP between its two products, for one circuit. */
export function hiddenShape({ mlp4 }: Layout, tokens: number) {
  return [tokens, 4 * mlp4] as const;
}

/**
 * normed [rows, d] -> hidden [rows, F], with its bias.
 *
 * @param activated whether the activation is applied within the product; the hidden layer before it is then kept
 * nowhere.
 */
export function mlpIn(
  context: PieceContext,
  mlp: MlpWeights,
  jobs: readonly Jobs[],
  { normed, hidden }: { readonly normed: BufferSlice; readonly hidden: BufferSlice },
  activated: boolean,
): Promise<Piece> {
  const { layout } = context.weights;
  return product(context, mlp.in, jobs, {
    a: normed,
    out: hidden,
    rows: context.tokens,
    inner4: layout.width4,
    outStride: layout.mlp4,
    bias: mlp.inBias,
    activation: activated ? ACTIVATIONS[mlp.activation] : ACTIVATIONS.none,
  });
}

/** before [T, F] -> activated [T, F]. */
export async function mlpActivation(
  { arena, weights: { layout }, tokens }: PieceContext,
  { activation }: MlpWeights,
  { before, activated }: { readonly before: BufferSlice; readonly activated: BufferSlice },
): Promise<Piece> {
  const count4 = tokens * layout.mlp4;
  const operation = await arena.operation('activate_rows', {
    buffers: { x: before, y: activated },
    params: { count4 },
    overrides: { ACTIVATION: ACTIVATIONS[activation] },
  });
  return { encode: (recording) => recording.dispatchRows(operation, groupsOf64(count4)) };
}

/** activated [rows, F] -> outputs [T, d], with the bias. */
export function mlpOut(
  context: PieceContext,
  mlp: MlpWeights,
  jobs: readonly Jobs[],
  { activated, outputs }: { readonly activated: BufferSlice; readonly outputs: BufferSlice },
): Promise<Piece> {
  const { width4, mlp4 } = context.weights.layout;
  return product(context, mlp.out, jobs, {
    a: activated,
    out: outputs,
    rows: context.tokens,
    inner4: mlp4,
    outStride: width4,
    bias: mlp.outBias,
  });
}

/** The gradient at the stream [T, d] -> the gradient after the activation [T, F]. */
export function mlpOutBackward(
  context: PieceContext,
  mlp: MlpWeights,
  at: { readonly streamGradient: BufferSlice; readonly hiddenGradient: BufferSlice },
): Promise<Piece> {
  return transposedProduct(context, mlp.out, {
    dy: at.streamGradient,
    out: at.hiddenGradient,
    rows: context.tokens,
    dyStride: context.weights.layout.width4,
    jobs: everyColumn(mlp.out),
  });
}

/** Takes a gradient [T, F] from after the activation to before it, in place: the derivative, or the identity rule. */
export async function mlpActivationBackward(
  { arena, weights: { layout }, tokens }: PieceContext,
  { activation }: MlpWeights,
  identityRule: boolean,
  { before, hiddenGradient }: { readonly before: BufferSlice; readonly hiddenGradient: BufferSlice },
): Promise<Piece> {
  const count4 = tokens * layout.mlp4;
  const operation = await arena.operation('activation_backward', {
    buffers: { x: before, gradient: hiddenGradient },
    params: { count4 },
    overrides: { ACTIVATION: ACTIVATIONS[activation], IDENTITY_RULE: identityRule ? 1 : 0 },
  });
  return { encode: (recording) => recording.dispatchRows(operation, groupsOf64(count4)) };
}

/** The gradient before the activation [T, F] -> the gradient at the normed input [T, d]. */
export function mlpInBackward(
  context: PieceContext,
  mlp: MlpWeights,
  at: { readonly hiddenGradient: BufferSlice; readonly inputGradients: BufferSlice },
): Promise<Piece> {
  return transposedProduct(context, mlp.in, {
    dy: at.hiddenGradient,
    out: at.inputGradients,
    rows: context.tokens,
    dyStride: context.weights.layout.mlp4,
    jobs: everyColumn(mlp.in),
  });
}
