/** What a cut edge carries: the output on the corrupted prompt, zero, or a mean over prompts (and positions). */
export type Ablation = (typeof ABLATIONS)[number];
export const ABLATIONS = ['resample', 'zero', 'mean', 'mean-positional'] as const;

/** Whether position embeddings belong to the writer `input` (ACDC) or are a constant of every port (EAP-IG). */
export type InputWriter = (typeof INPUT_WRITERS)[number];
export const INPUT_WRITERS = ['token', 'token+position'] as const;

/** Order of the heads of one layer as senders; results depend on it (the reference's command line: descending). */
export type SenderHeads = (typeof SENDER_HEADS)[number];
export const SENDER_HEADS = ['descending', 'ascending'] as const;

/** Beginning-of-text token in front of texts: where the config has one, always, or never. */
export const BOS_MODES = ['auto', 'yes', 'no'] as const;

/** What was asked for: two runs with equal identities are the same run, on whatever machine. */
export interface RunIdentity {
  /** `acdc`, `eap`, ... */
  readonly method: string;
  /** `hash` is the SHA-256 (hex) of the weights. */
  readonly model: { readonly name: string; readonly hash: string; readonly family: string };
  /** SHA-256 (hex) of the tokenizer's file; null where the task gave every id. */
  readonly tokenizer: string | null;
  readonly task: { readonly name: string; readonly hash: string };
  /** Rows of the task that were used: `count` of them after the first `skip`. */
  readonly prompts: { readonly count: number; readonly skip: number };
  readonly bos: (typeof BOS_MODES)[number];
  readonly ablation: Ablation;
  /** What a mean was taken over: `clean`, `corrupted` or the SHA-256 (hex) of a file; null for other ablations. */
  readonly meanOver: string | null;
  readonly input: InputWriter;
  readonly metric: string;
  /** Null for methods without one. */
  readonly threshold: number | null;
  /** |effect| was compared with the threshold, not the signed effect. */
  readonly absolute: boolean;
  readonly directEdges: boolean;
  readonly senderHeads: SenderHeads;
  readonly seed: number | null;
}
