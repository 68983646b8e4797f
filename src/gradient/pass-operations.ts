import type { Arena, Tensor } from '../gpu/arena.js';
import type { Operation } from '../gpu/recording.js';
import { bindUnembedding } from '../readout/unembedding.js';
import {
  bindGradientStep,
  bindHeadsBackward,
  bindMlpBackward,
  bindNormBackward,
  type EncodeGradients,
} from './backward-operations.js';
import { bindEmbedding, bindHeads, bindMlp, bindNorm, bindStep, type EncodeOutputs } from './forward-operations.js';
import type { GradientFrame } from './gradient-frame.js';
import { matmulTransposed } from '../gpu/product/transposed.js';
import type { BackwardRules } from './rules.js';
import type { WriterGroup } from './writer-groups.js';

/** Forwards: what a writer group puts out, its subtraction from the differences, and its addition to the stream. */
interface Sublayer {
  readonly outputs: EncodeOutputs;
  readonly subtract: Operation;
  readonly step: EncodeOutputs;
}

/** Backwards: the gradients at a port group's inputs, and their addition to the stream's. */
interface SublayerBackward {
  readonly patterns?: EncodeGradients;
  readonly ports: EncodeGradients;
  readonly step: EncodeGradients;
}

export type PassOperations = Awaited<ReturnType<typeof bindPass>>;

/** Binds every operation of a pass that does not depend on the prompts' answers. */
export async function bindPass(arena: Arena, frame: GradientFrame, rules: BackwardRules) {
  const { weights, tensors, groups, shape, tokens } = frame;
  const { spec, layout } = weights;
  const subtract = (group: WriterGroup): Promise<Operation> =>
    arena.operation('subtract_outputs', {
      buffers: { x: tensors.portGradients, y: tensors.differences },
      params: { tokens, width4: layout.width4, parts: group.writers, first: group.firstWriter },
      overrides: { SAME_AT_EVERY_TOKEN: 0 },
    });
  const embedding = async (ids: Tensor) => ({
    stream: await bindEmbedding(arena, frame, ids, frame.streams[0]!, true),
    outputs: await bindEmbedding(arena, frame, ids, tensors.portGradients, frame.positionsInInput),
  });
  const sublayers = await Promise.all(
    groups.slice(1).map(async (group): Promise<Sublayer> => ({
      outputs: await (group.kind === 'heads' ? bindHeads : bindMlp)(arena, frame, group.layer),
      subtract: await subtract(group),
      step: await bindStep(arena, frame, group),
    })),
  );
  const backward = await Promise.all(
    frame.portGroups.slice(0, -1).map(async ({ kind, layer, ports: count }): Promise<SublayerBackward> => {
      const step = await bindGradientStep(arena, frame, count);
      if (kind === 'mlp') return { ports: await bindMlpBackward(arena, frame, rules, layer), step };
      return { ...(await bindHeadsBackward(arena, frame, rules, layer)), step };
    }),
  );
  return {
    embeddings: { clean: await embedding(tensors.cleanIds), corrupted: await embedding(tensors.corruptedIds) },
    input: { subtract: await subtract(groups[0]!), step: await bindStep(arena, frame, groups[0]!) },
    sublayers,
    backward,
    lastNorm: await bindNorm(arena, frame, tensors.last, weights.finalNorm, tensors.lastNormed, shape.prompts),
    logits: await bindUnembedding(arena, weights, tensors.lastNormed, tensors.logits, shape.prompts),
    logSoftmax: await arena.operation('log_softmax', {
      buffers: { values: tensors.logits },
      params: { rows: shape.prompts, vocab: spec.vocab, stride: layout.vocabStride },
      overrides: {},
    }),
    lastGradient: await matmulTransposed(arena, weights.unembed, {
      dy: tensors.seeds,
      out: tensors.lastGradient,
      rows: shape.prompts,
      dyStride: layout.vocabStride / 4,
      jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: layout.vocabStride / 4 }],
    }),
    lastNormBackward: await bindNormBackward(arena, frame, rules, {
      x: tensors.last,
      xRows: shape.prompts,
      norm: weights.finalNorm,
      gradient: tensors.lastGradient,
      rows: shape.prompts,
    }),
  };
}
