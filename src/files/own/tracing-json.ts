import * as v from 'valibot';

import { ROLES } from '../../circuit/details.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** [position][layer] */
const byLayer = v.array(v.array(v.number()));
/** By the width of a window of layers. */
const byWindow = v.record(v.string(), byLayer);

/** Probabilities of the answer. */
const states = {
  /** In the clean run, and in the noisy one with nothing restored. */
  high: v.number(),
  low: v.number(),
  /** By position. */
  embed: v.array(v.number()),
  resid_post: byLayer,
  /** Missing where the model has no MLPs. */
  mlp_out: v.exactOptional(byWindow),
  attn_out: byWindow,
};

/** Causal tracing of one prompt: see traceCauses. */
export const causalTraceSchema = v.object({
  /** Id of the token whose probability is told. */
  answer: v.number(),
  ...states,
});

export type CausalTrace = v.InferOutput<typeof causalTraceSchema>;

/** Traces of several prompts, with roles of tokens in the place of positions. */
export const averagedTracesSchema = v.object({
  prompts: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  roles: v.array(v.picklist(ROLES)),
  ...states,
});

export type AveragedTraces = v.InferOutput<typeof averagedTracesSchema>;

/** The trace of one prompt, with what it was made of. */
export const tracedPromptSchema = v.object({
  /** Index of the prompt among those of the task. */
  row: count,
  /** Texts of the tokens; `#id` where the model has no tokenizer. */
  tokens: v.array(v.string()),
  ids: v.array(count),
  answer_token: v.string(),
  /** Positions whose embeddings got the noise. */
  noised: v.array(count),
  samples: count,
  /** Standard deviation of the noise; null for noise that was given as numbers. */
  nu: v.nullable(v.number()),
  seed: v.nullable(count),
  ...causalTraceSchema.entries,
});
