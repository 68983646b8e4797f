import type { Topology } from '../circuit/topology.js';
import { FROM_CONSTANT } from '../pass/input-jobs.js';
import { bindAnswerDirections } from '../readout/answer-directions.js';
import type { PatchedPass } from '../pass/patched-pass.js';
import { sliceOf, type Arena, type Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import { jobSize, packJob, type BufferSlice } from '../gpu/kernel.js';
import type { ModelWeights } from '../model/weights.js';
import type { PromptPair } from '../task/types.js';
import { inspectionTensors } from './inspection-plan.js';

/**
 * What every writer of a whole, unpatched pass adds to the logits of its micro-batch: its output at the metric position through
 * the final norm, whose scale is that of the whole stream, and the product of that with the direction of the logit difference.
 * What is no writer (attention output biases, the norm's bias, positions where they are a constant) is one part more, so that all
 * products of a prompt add up to its logit difference.
 */
export interface DirectEffects {
  /** Outputs through the norm [W, prompts, width]. */
  readonly parts: Tensor;
  /** Products [W, prompts], and of the constants [prompts]. */
  readonly dots: Tensor;
  readonly constantDots: Tensor;
  /** Records all of it, after the pass. */
  encode(recording: Recording): void;
}

export async function bindDirectEffects(
  arena: Arena,
  pass: PatchedPass,
  weights: ModelWeights,
  topology: Topology,
  positionsInInput: boolean,
  metricTokens: Uint32Array<ArrayBuffer>,
  pairs: readonly PromptPair[],
): Promise<DirectEffects> {
  const { spec, layout, finalNorm, attentionBias } = weights;
  const { prompts, sequence } = pass.shape;
  const { width4 } = layout;
  const writers = topology.writers.length;
  const tokens = prompts * sequence;
  const shapes = inspectionTensors(topology, layout, pass.shape);
  const parts = arena.tensor('direct parts', shapes.parts);
  const constants = arena.tensor('constants', shapes.constants);
  const constantParts = arena.tensor('constant parts', shapes.constantParts);
  const dots = arena.tensor('direct effects', shapes.dots);
  const constantDots = arena.tensor('direct effects of the constants', shapes.constantDots);
  const metricRows = arena.upload('metric rows', metricTokens);
  const everyPrompt = arena.upload(
    'every prompt',
    Uint32Array.from({ length: prompts }, (_, n) => n),
  );

  // One job: no base, no cut writer, no kept one; its rows follow.
  const noWriter = packJob('port_inputs', {
    circuit: 0,
    rows_at: jobSize('port_inputs'),
    rows: prompts,
    first_row: 0,
    slab: FROM_CONSTANT,
    cut_at: 0,
    cut: 0,
    kept_at: 0,
    kept: 0,
  });
  /** The sum over no writer: what a port reads beside them. */
  const constantStream = await arena.operation('port_inputs', {
    buffers: {
      control: arena.upload('no writer', Uint32Array.of(...noWriter, ...metricTokens)),
      outputs: pass.writers,
      ablated: pass.writers,
      bases: pass.writers,
      bias: attentionBias[topology.layers]!,
      positions: weights.positions,
      x: constants,
    },
    params: {
      tokens,
      sequence,
      width4,
      writer_total: writers,
      jobs_at: 0,
      add_positions: positionsInInput ? 0 : 1,
    },
    overrides: {},
  });
  const norm = (x: BufferSlice, count: number, rows: Tensor, perPart: number, bias: BufferSlice, y: Tensor) =>
    arena.operation('frozen_norm', {
      buffers: {
        x,
        rows,
        stream: sliceOf(pass.tensors.inputs, 0, prompts * 4 * width4),
        gain: finalNorm.gain,
        bias,
        y,
      },
      params: {
        parts: count,
        tokens: perPart,
        streams: prompts,
        width: spec.width,
        width4,
        epsilon: spec.norm.epsilon,
      },
      overrides: { CENTRED: spec.norm.kind === 'layer' ? 1 : 0 },
    });
  const noBias = arena.tensor('no bias', [4 * width4]);
  const writerNorm = await norm(pass.writers, writers, metricRows, tokens, noBias, parts);
  const constantNorm = await norm(constants, 1, everyPrompt, prompts, finalNorm.bias, constantParts);

  const directions = arena.tensor('answer directions', shapes.directions);
  const encodeDirections = await bindAnswerDirections(arena, weights, directions, pairs);
  const product = (a: Tensor, rows: number, out: Tensor): Promise<Operation> =>
    arena.operation('row_dots', {
      buffers: { a, b: directions, dots: out },
      params: { rows, b_rows: prompts, width4 },
      overrides: {},
    });
  const writerProducts = await product(parts, writers * prompts, dots);
  const constantProducts = await product(constantParts, prompts, constantDots);

  const perRow = Math.ceil((prompts * width4) / 64);
  return {
    parts,
    dots,
    constantDots,
    encode(recording) {
      recording.dispatch(constantStream, perRow);
      recording.dispatchRows(writerNorm, writers * prompts);
      recording.dispatchRows(constantNorm, prompts);
      encodeDirections(recording);
      recording.dispatchRows(writerProducts, writers * prompts);
      recording.dispatchRows(constantProducts, prompts);
    },
  };
}
