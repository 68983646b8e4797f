import * as v from 'valibot';

const table = v.array(v.array(v.number()));

export const PATCH_DIRECTIONS = ['denoising', 'noising'] as const;
export type PatchDirection = (typeof PATCH_DIRECTIONS)[number];

/** Activation patching: see patchActivations. Metrics are higher-is-better. */
export const patchingSchema = v.object({
  direction: v.picklist(PATCH_DIRECTIONS),
  metric: v.string(),
  /** Means over the prompts. */
  clean: v.number(),
  corrupted: v.number(),
  normalised: v.object({
    /** [layer][position] */
    resid_pre: table,
    attn_out: table,
    /** Missing where the model has no MLPs. */
    mlp_out: v.exactOptional(table),
    /** [layer][position][head] */
    z: v.array(table),
    /** [layer][head] */
    z_all_positions: table,
    q_all_positions: table,
    k_all_positions: table,
    v_all_positions: table,
    pattern_all_positions: table,
  }),
});

export type Patching = v.InferOutput<typeof patchingSchema>;

const told = v.object({ metric: v.number(), metric_per_prompt: v.array(v.number()), p: v.number() });

/** A vector added at a place: see steer. Metrics are higher-is-better, p the probability of the right answers. */
export const steeringSchema = v.object({
  metric: v.string(),
  place: v.string(),
  layer: v.number(),
  scale: v.number(),
  base: told,
  steered: told,
});

export type Steering = v.InferOutput<typeof steeringSchema>;
