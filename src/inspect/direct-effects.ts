import { normOfParts } from '../block/norm.js';
import { inTurn, type Piece, type PieceContext } from '../block/piece.js';
import type { InputKind } from '../circuit/run-identity.js';
import { sliceOf, type Arena, type Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import { portConstants } from '../pass/port-inputs.js';
import { bindAnswerDirections, bindLogitDifferences } from '../readout/answer-directions.js';
import type { PromptPair } from '../task/types.js';
import { inspectionTensors } from './inspection-plan.js';
import { bindThroughPostNorms, type PostNormTensors } from './through-post-norms.js';

/**
 * What every writer of a whole, unpatched pass adds to the logits of its micro-batch: its output at the metric
 * position through the final norm, whose scale is that of the whole stream, and the product of that with the
 * direction of the logit difference. What is no writer (attention output biases, the norm's bias, positions where
 * they are a constant) is one part more, so that all products of a prompt add up to its logit difference, less that of
 * the logits' own biases. Where logits are capped, it is the difference before the cap.
 */
export interface DirectEffects extends Piece {
  /** Outputs through the norm [W, N, d]. */
  readonly parts: Tensor;
  /** Products [W, N], and those of the constants [N]. */
  readonly dots: Tensor;
  readonly constantDots: Tensor;
}

/** A pass whose writers are looked at, and its prompts. */
export interface DirectEffectsUse {
  readonly pass: PatchedPass;
  readonly weights: ModelWeights;
  readonly input: InputKind;
  /** The token of every prompt at which it is measured [N]. */
  readonly metricTokens: Uint32Array<ArrayBuffer>;
  readonly pairs: readonly PromptPair[];
}

/**
 * Binds direct effects, to be recorded after a whole pass:
 *
 *   outputs [W, T, d] -> parts [W, N, d] -> dots [W, N]
 *   constants [N, d] -> constant parts [N, d] -> constant dots [N]
 */
export async function bindDirectEffects(arena: Arena, use: DirectEffectsUse): Promise<DirectEffects> {
  const { pass, weights, pairs } = use;
  const { prompts, sequence } = pass.shape;
  const context = { arena, weights, tokens: prompts * sequence, sequence };
  const shapes = inspectionTensors(pass.topology, weights.layout, pass.shape);
  const tensors = {
    parts: arena.tensor('direct parts', shapes.parts),
    constants: arena.tensor('constants', shapes.constants),
    constantParts: arena.tensor('constant parts', shapes.constantParts),
    dots: arena.tensor('direct effects', shapes.dots),
    constantDots: arena.tensor('direct effects of the constants', shapes.constantDots),
  };
  const { parts, constants, constantParts, dots, constantDots } = tensors;
  const postNorms = weights.spec.postNorms ? postNormTensors(arena, shapes, constants) : undefined;
  const norms = await bindNorms(context, use, {
    parts,
    constants,
    constantParts,
    throughNorms: postNorms?.throughNorms,
  });
  const directions = arena.tensor('answer directions', shapes.directions);
  const encodeDirections = await bindAnswerDirections(arena, weights, directions, pairs);
  const writers = pass.topology.writers.length;
  const all = inTurn([
    await bindConstants(context, use, constants),
    ...(postNorms ? [await bindThroughPostNorms(context, pass, use.metricTokens, postNorms)] : []),
    norms,
    { encode: encodeDirections },
    await bindLogitDifferences(arena, weights, { normed: parts, directions, dots }, writers * prompts),
    await bindLogitDifferences(arena, weights, { normed: constantParts, directions, dots: constantDots }, prompts),
  ]);
  return { parts, dots, constantDots, encode: (recording) => all.encode(recording) };
}

/** What the final norm reads, and where its parts go. */
interface NormTensors extends Readonly<Record<'parts' | 'constants' | 'constantParts', Tensor>> {
  /** Outputs of writers through the norms after the heads [W, N, d], where there are such norms. */
  readonly throughNorms: Tensor | undefined;
}

function postNormTensors(
  arena: Arena,
  shapes: ReturnType<typeof inspectionTensors>,
  constants: Tensor,
): PostNormTensors {
  return {
    throughNorms: arena.tensor('outputs through their norms', shapes.throughNorms),
    layerOutputs: arena.tensor('outputs of a layer', shapes.layerOutputs),
    layerSum: arena.tensor('sum of a layer', shapes.layerSum),
    layerSumRows: arena.tensor('its rows', shapes.layerSumRows),
    headsThroughNorm: arena.tensor('heads through their norm', shapes.headsThroughNorm),
    biasThroughNorm: arena.tensor('bias through the norm', shapes.biasThroughNorm),
    constants,
  };
}

/** What the logits read beside the writers [N, d]. */
function bindConstants(
  context: PieceContext,
  { pass, weights, input, metricTokens }: DirectEffectsUse,
  constants: Tensor,
): Promise<Piece> {
  const bias = weights.attentionBias.at(-1)!;
  return portConstants(context, { anyWriters: pass.writers, bias, input }, metricTokens, constants);
}

/** Writers' outputs and constants through the final norm, at the scale of the whole stream. */
async function bindNorms(
  context: PieceContext,
  { pass, weights, metricTokens }: DirectEffectsUse,
  { parts, constants, constantParts, throughNorms }: NormTensors,
): Promise<Piece> {
  const { arena } = context;
  const { finalNorm, layout } = weights;
  const { prompts } = pass.shape;
  const width = 4 * layout.width4;
  const whole = { stream: sliceOf(pass.tensors.inputs, 0, prompts * width), streams: prompts };
  const prompt = arena.upload(
    'every prompt',
    Uint32Array.from({ length: prompts }, (_, n) => n),
  );
  return inTurn([
    await normOfParts(context, finalNorm, {
      ...whole,
      x: throughNorms ?? pass.writers,
      parts: pass.topology.writers.length,
      tokens: throughNorms ? prompts : context.tokens,
      rows: throughNorms ? prompt : arena.upload('metric rows', metricTokens),
      bias: arena.tensor('no bias', [width]),
      y: parts,
    }),
    await normOfParts(context, finalNorm, {
      ...whole,
      x: constants,
      parts: 1,
      tokens: prompts,
      rows: prompt,
      bias: finalNorm.bias,
      y: constantParts,
    }),
  ]);
}
