import * as v from 'valibot';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const number = v.pipe(v.number(), v.finite());
const numbers = v.array(number);
/** A token's text and its number. */
const tokenNumber = v.tuple([v.string(), number]);
/** Source token, target token, value. */
const pair = v.tuple([count, count, number]);
const rows = v.tuple([count, count]);

const logitLens = v.object({
  prompts: v.array(
    v.object({
      /** Of the task. */
      row: count,
      /** Token id. The right answer; where prompts have several or none, the token that the model predicts. */
      answer: count,
      answer_token: v.string(),
      /** By layer: the stream before it, and last the stream after the last one. */
      layers: v.array(
        v.object({
          layer: count,
          p_answer: number,
          /** How many tokens have a strictly larger logit. */
          rank: count,
          logit_answer: number,
          /** Summed over the right answers; null where the task has none. */
          p_correct_set: v.nullable(number),
          /** By probability, of equal ones the lower id first. */
          top5: v.array(tokenNumber),
        }),
      ),
    }),
  ),
});

const directAttribution = v.object({
  target: v.string(),
  components: v.array(v.string()),
  /** [prompt][component] */
  values: v.array(numbers),
  /** The logit difference, before a softcap: [prompt]. */
  total: numbers,
  /** What the final norm divides by: [prompt]. */
  ln_f_denominator: numbers,
  /** What each MLP's neurons add: [prompt][layer][neuron]. The rest of an MLP is its output bias. */
  neurons: v.exactOptional(v.array(v.array(numbers))),
});

const ovQk = v.object({
  word_ids: v.array(count),
  /** How many tokens before the query the key stands. Rotary positions alone depend on it. */
  distance: count,
  heads: v.record(
    v.string(),
    v.object({
      ov_top: v.array(pair),
      ov_top_among_words: v.array(pair),
      qk_top: v.array(pair),
      ov_copying: v.object({ diagonal_mean: number, mean: number, top1_is_self: number, top5_has_self: number }),
      qk_diagonal: v.object({ diagonal_mean: number, mean: number }),
      /** From -1 to 1; 0 where the matrix is zero, null where eigenvalues were not found. */
      ov_eigenvalue_copying: v.nullable(number),
    }),
  ),
});

const ffnValues = v.object({
  /** First row of the task, and the one after the last. */
  rows,
  /** [layer], strongest neuron first. */
  layers: v.array(
    v.array(
      v.object({
        neuron: count,
        /** Means over the prompts. */
        effect: number,
        coefficient_mean: number,
        effect_per_prompt: numbers,
        /** Tokens of the value vector, to be read with the coefficient's sign. */
        top10: v.array(tokenNumber),
        bottom3: v.array(tokenNumber),
      }),
    ),
  ),
});

/** By layer and head; null where no attention is left. */
const perHead = v.array(v.array(v.nullable(number)));
const headDetectors = v.object({
  rows,
  scores: v.record(
    v.string(),
    v.object({ mul_mean: perHead, abs_mean: perHead, mul_row0: perHead, abs_row0: perHead }),
  ),
});

/** Of answers, by the best right one. */
const hits = v.object({
  /** Shares of the prompts, in the order of `k`. */
  hit: numbers,
  /** [prompt] */
  ranks: v.array(count),
});
const hitAtK = v.object({
  k: v.array(count),
  model: hits,
  /** Present where a circuit was given. */
  circuit: v.exactOptional(hits),
});

const triggers = v.array(
  v.object({
    layer: count,
    neuron: count,
    /** By falling size of the coefficient, at most one of each text. */
    examples: v.array(
      v.object({
        /** Line of the text file, from 1. */
        line: count,
        position: count,
        token: v.string(),
        coefficient: number,
        /** The text up to the token, or its end. */
        context: v.string(),
      }),
    ),
  }),
);

const neuronIncrease = v.object({
  /** Heads that the second run was without. */
  without: v.array(v.string()),
  /** Log-probability of the answer in nats: [prompt]. */
  log_p: numbers,
  log_p_without: v.exactOptional(numbers),
  neurons: v.array(
    v.object({
      layer: count,
      neuron: count,
      /** Means over the prompts, in nats. */
      increase: number,
      increase_without: v.exactOptional(number),
      increase_per_prompt: numbers,
      coefficient_mean: number,
      top10: v.array(tokenNumber),
    }),
  ),
});

const PARTS = {
  logit_lens: logitLens,
  direct_attribution: directAttribution,
  ov_qk: ovQk,
  ffn_values: ffnValues,
  head_detectors: headDetectors,
  hit_at_k: hitAtK,
  triggers,
  neuron_increase: neuronIncrease,
} as const;

export type LensPart = keyof typeof PARTS;
/** In the order in which they are computed and told. */
export const LENS_PARTS = Object.keys(PARTS) as readonly LensPart[];

/** What was found, by part: those that were asked for. */
export type LensReport = { readonly [Part in LensPart]?: v.InferOutput<(typeof PARTS)[Part]> };
export type LensFiles = NonNullable<v.InferOutput<typeof lensSchema>['files']>;

const fileIdentity = v.object({ name: v.string(), sha256: v.string() });

/** A lens run: what was found, by part, and of which files beside the task. */
export const lensSchema = v.object({
  files: v.exactOptional(v.object({ circuit: v.nullable(fileIdentity), text: v.nullable(fileIdentity) })),
  ...(Object.fromEntries(Object.entries(PARTS).map(([name, part]) => [name, v.exactOptional(part)])) as {
    readonly [Part in LensPart]: v.ExactOptionalSchema<(typeof PARTS)[Part], undefined>;
  }),
});
