import * as v from 'valibot';

const numbers = v.array(v.number());
const told = v.object({ per_prompt: numbers, mean: v.number() });

/** Path patching: see patchPath. Metrics are higher-is-better. */
export const patchedPathSchema = v.object({
  metric: v.string(),
  senders: v.array(v.string()),
  receivers: v.array(v.string()),
  mlps: v.picklist(['free', 'frozen']),
  clean: told,
  corrupted: told,
  per_prompt: numbers,
  mean: v.number(),
  /** mean - clean mean */
  effect: v.number(),
  /** (clean mean - mean) / (clean mean - corrupted mean) */
  normalised: v.number(),
});

export type PatchedPath = v.InferOutput<typeof patchedPathSchema>;
