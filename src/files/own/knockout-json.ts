import * as v from 'valibot';

import { ROLES } from '../../circuit/details.js';

const numbers = v.array(v.number());

const told = {
  /** Probability of the right answers, mean over the prompts. */
  p: v.number(),
  p_per_prompt: numbers,
  /** Higher is better, mean over the prompts. */
  metric: v.number(),
  metric_per_prompt: numbers,
};

const knockoutLayer = v.object({
  ...told,
  /** Mean over the prompts of (p - base p) / base p; null where a base p is 0. */
  p_relative: v.nullable(v.number()),
  metric_change: v.number(),
});

/** Attention knockout: see knockOut. */
export const knockoutSchema = v.object({
  metric: v.string(),
  window: v.union([v.pipe(v.number(), v.safeInteger(), v.minValue(1)), v.literal('all')]),
  base: v.object(told),
  /** One a window's centre; one in all for `all`. */
  layers: v.array(knockoutLayer),
});

/** What was blocked: one list of positions for every prompt, or one for every role that tokens have. */
export const knockoutFileSchema = v.object({
  ...knockoutSchema.entries,
  /** Index of the head of every layer that was blocked; null: all of them. */
  head: v.nullable(v.number()),
  /** Missing where roles stand in `roles`. */
  blocked: v.exactOptional(v.array(v.array(v.number()))),
  /** By role as many layers as in `layers`, which then is what blocking them all does. */
  roles: v.exactOptional(v.array(v.object({ role: v.picklist(ROLES), layers: v.array(knockoutLayer) }))),
});

export type Knockout = v.InferOutput<typeof knockoutSchema>;
export type KnockoutLayer = v.InferOutput<typeof knockoutLayer>;

const ablated = { metric: v.number(), metric_per_prompt: numbers };

/** Nodes that are ablated one by one: see ablateNodes. */
export const ablatedNodesSchema = v.object({
  metric: v.string(),
  ablated: v.picklist(['heads', 'mlps', 'neurons']),
  value: v.picklist(['zero', 'mean']),
  base: v.object(ablated),
  /** By layer. */
  rows: v.array(v.object({ node: v.string(), ...ablated, metric_change: v.number() })),
});

export type AblatedNodes = v.InferOutput<typeof ablatedNodesSchema>;
