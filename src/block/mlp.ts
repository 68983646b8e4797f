import type { BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { Matrix } from '../gpu/product/matrix.js';
import type { Layout } from '../model/layout.js';
import type { MlpWeights } from '../model/weights.js';
import { ACTIVATIONS } from './activation.js';
import { inTurn, type Jobs, type Piece, type PieceContext } from './piece.js';
import { everyColumn, product, transposedProduct } from './product.js';
import type { BackwardRules } from './rules.js';

// The flow of one layer: normed [rows, d] -> hidden [rows, F] -> activated [rows, F] -> outputs [T, d]

/** The MLP between its two products, for one circuit. */
export function hiddenShape({ mlp4 }: Layout, tokens: number) {
  return [tokens, 4 * mlp4] as const;
}

/** The same beside the gate of a gated MLP; none without one. */
export function gateShape({ gate4 }: Layout, tokens: number) {
  return [gate4 > 0 ? tokens : 0, 4 * gate4] as const;
}

/** What the products into the hidden layer read and make. */
interface HiddenTensors {
  /** Normed inputs [rows, d]. */
  readonly normed: BufferSlice;
  readonly hidden: BufferSlice;
}

/**
 * normed [rows, d] -> hidden [rows, F], with its bias and activated. The activation is applied within the product. A
 * gated MLP takes two products: the second, activated, multiplies what the first one left.
 */
export async function mlpHidden(
  context: PieceContext,
  mlp: MlpWeights,
  jobs: readonly Jobs[],
  { normed, hidden }: HiddenTensors,
): Promise<Piece> {
  const use = hiddenUse(context, { normed, hidden });
  const activation = ACTIVATIONS[mlp.activation];
  const { gate } = mlp;
  if (!gate) return product(context, mlp.in, jobs, { ...use, bias: mlp.inBias, activation });
  return inTurn([
    await product(context, mlp.in, jobs, { ...use, bias: mlp.inBias }),
    await product(context, gate.matrix, jobs, { ...use, bias: gate.bias, activation, multiplies: true }),
  ]);
}

/**
 * The same where the way back needs what the activation read: normed [rows, d] -> before [rows, F] and, of a gated MLP,
 * what the activated gate multiplies, beside [rows, F].
 */
export async function mlpIn(
  context: PieceContext,
  mlp: MlpWeights,
  jobs: readonly Jobs[],
  { normed, before, beside }: { readonly normed: BufferSlice } & Preactivations,
): Promise<Piece> {
  const into = (hidden: BufferSlice) => hiddenUse(context, { normed, hidden });
  const { gate } = mlp;
  if (!gate) return product(context, mlp.in, jobs, { ...into(before), bias: mlp.inBias });
  return inTurn([
    await product(context, mlp.in, jobs, { ...into(beside), bias: mlp.inBias }),
    await product(context, gate.matrix, jobs, { ...into(before), bias: gate.bias }),
  ]);
}

function hiddenUse({ tokens, weights: { layout } }: PieceContext, { normed, hidden }: HiddenTensors) {
  return { a: normed, out: hidden, rows: tokens, inner4: layout.width4, outStride: layout.mlp4 };
}

/** A hidden layer before its activation [T, F]. */
export interface Preactivations {
  /** What the activation reads. */
  readonly before: BufferSlice;
  /** Of a gated MLP, what the activated gate multiplies. */
  readonly beside: BufferSlice;
}

/** before [T, F] -> activated [T, F], of a gated MLP times what is beside the gate. */
export async function mlpActivation(
  { arena, weights: { layout }, tokens }: PieceContext,
  { activation, gate }: MlpWeights,
  { before, beside, activated }: Preactivations & { readonly activated: BufferSlice },
): Promise<Piece> {
  const use = { params: { count4: tokens * layout.mlp4 }, overrides: { ACTIVATION: ACTIVATIONS[activation] } };
  const operation = gate
    ? await arena.operation('gated_rows', { buffers: { gate: before, up: beside, y: activated }, ...use })
    : await arena.operation('activate_rows', { buffers: { x: before, y: activated }, ...use });
  return { encode: (recording) => recording.dispatchRows(operation, groupsOf64(use.params.count4)) };
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

/** Gradients at a hidden layer [T, F]. */
export interface HiddenGradients {
  /** After the activation; then before it, or of a gated MLP beside the gate. */
  readonly hiddenGradient: BufferSlice;
  /** Of a gated MLP, before the gate's activation. */
  readonly gateGradient: BufferSlice;
}

/**
 * Takes a gradient [T, F] from after the activation to before it, in place: the derivative, or the rules of `rules`. Of
 * a gated MLP to both factors of the product.
 */
export async function mlpActivationBackward(
  { arena, weights: { layout }, tokens }: PieceContext,
  { activation, gate }: MlpWeights,
  { identityRule, gateShare }: BackwardRules,
  { before, beside, hiddenGradient, gateGradient }: Preactivations & HiddenGradients,
): Promise<Piece> {
  const count4 = tokens * layout.mlp4;
  const overrides = { ACTIVATION: ACTIVATIONS[activation], IDENTITY_RULE: identityRule ? 1 : 0 };
  const operation = gate
    ? await arena.operation('gated_backward', {
        buffers: { gate_rows: before, up: beside, gradient: hiddenGradient, gate_gradient: gateGradient },
        params: { count4, factor: gateShare },
        overrides,
      })
    : await arena.operation('activation_backward', {
        buffers: { x: before, gradient: hiddenGradient },
        params: { count4 },
        overrides,
      });
  return { encode: (recording) => recording.dispatchRows(operation, groupsOf64(count4)) };
}

/** The gradients before the activation [T, F] -> the gradient at the normed input [T, d]. */
export async function mlpInBackward(
  context: PieceContext,
  mlp: MlpWeights,
  at: HiddenGradients & { readonly inputGradients: BufferSlice },
): Promise<Piece> {
  const back = (matrix: Matrix, dy: BufferSlice, adds: boolean): Promise<Piece> =>
    transposedProduct(context, matrix, {
      dy,
      out: at.inputGradients,
      rows: context.tokens,
      dyStride: context.weights.layout.mlp4,
      jobs: everyColumn(matrix),
      adds,
    });
  const straight = await back(mlp.in, at.hiddenGradient, false);
  return mlp.gate ? inTurn([straight, await back(mlp.gate.matrix, at.gateGradient, true)]) : straight;
}
