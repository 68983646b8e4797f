/**
 * How the nodes of a circuit behave on the task's prompts. It is measured in the whole, unpatched model on the clean
 * prompts, unless a field says otherwise. It is plain data, written as details.json beside circuit.json.
 */
export interface CircuitDetails {
  /**
   * The circuit that it belongs to: SHA-256 (hex) of weights and task, and the number of kept edges. `ignored` are the
   * keys of the model's config that the user ignored.
   */
  readonly of: {
    readonly model: string;
    readonly task: string;
    readonly keptEdges: number;
    readonly ignored?: readonly string[];
  };
  /** Metric of the run, whose values are in loss form. */
  readonly metric: string;
  readonly prompts: readonly PromptDetails[];
  /** By name: every node of the circuit but `logits`. */
  readonly nodes: Readonly<Record<string, NodeDetails>>;
  /**
   * Per prompt, the part of the logit difference that is no direct effect of a node in `nodes`. `writers` is the part
   * of the writers outside of the circuit. `constants` is the part of the biases of attention output and final norm,
   * and of the position embeddings where they are not in `input`. Null without answers.
   */
  readonly rest: { readonly writers: readonly number[]; readonly constants: readonly number[] } | null;
  /**
   * Per kept edge, by name: its effect on each prompt at its decision. The mean over prompts is the edge's effect.
   * Empty for a circuit that was not searched for.
   */
  readonly edges: Readonly<Record<string, readonly number[]>>;
  /** The same in the circuit that was found: see InCircuit. Empty where it was not measured. */
  readonly inCircuit: Readonly<Record<string, readonly number[]>>;
}

export interface PromptDetails {
  /** Texts of the tokens as the model reads them, beginning-of-text token included; both of the same length. */
  readonly clean: readonly string[];
  readonly corrupted: readonly string[];
  /** Index of the token whose prediction is measured. */
  readonly position: number;
  /** Texts of right and of wrong answers; may be empty. */
  readonly correct: readonly string[];
  readonly wrong: readonly string[];
  /** Metric of the whole model, of the circuit and of the empty circuit on this prompt; null where not finite. */
  readonly metrics: { readonly whole: number | null; readonly circuit: number | null; readonly empty: number | null };
  /** Mean logit of the right answers minus mean logit of the wrong ones; null without both. */
  readonly logitDifference: number | null;
}

export interface NodeDetails {
  /** Heads only: per prompt the attention pattern, n x n row-major, n = number of clean tokens; row = query. */
  readonly attention: readonly Float32Array[] | null;
  /** Per prompt: direct effect on the logit difference, through the final norm of that run; null without answers. */
  readonly direct: readonly number[] | null;
  /**
   * Strongest tokens of the node's own output at the measured position through the final norm, averaged over prompts.
   */
  readonly promotes: readonly TokenLogit[];
  readonly suppresses: readonly TokenLogit[];
  /** Heads only: how like known kinds of heads it attends, mean over prompts; null where it was not measured. */
  readonly detectors: HeadDetectors | null;
  /** Heads only: what it writes for the tokens of the prompts; null where it was not measured. */
  readonly ov: HeadTokens | null;
}

/** Kinds of heads that are told by where they attend to. */
export const DETECTORS = ['previous_token', 'duplicate_token', 'induction'] as const;
export type DetectorName = (typeof DETECTORS)[number];

/** How much attention and a template agree: see detectorScores. NaN where no prompt has attention to judge by. */
export interface DetectorScore {
  /** Share of the attention that is where the template is. */
  readonly mul: number;
  /** 1 - mean over queries of the distance between attention and template: at most 1, and may be below 0. */
  readonly abs: number;
}

export type HeadDetectors = Readonly<
  Record<
    DetectorName,
    DetectorScore & {
      /** Without the first token and the query's own. */
      readonly excludeBosAndCurrent: DetectorScore;
    }
  >
>;

/** What a head writes to the logits where it attends to a token, by its weights alone: see ovTokens. */
export interface HeadTokens {
  /** How many tokens of the prompts were looked at. */
  readonly words: number;
  readonly copying: HeadCopying;
  /** Of those that promote some token most, at most 16, strongest first: what they promote. */
  readonly tokens: readonly { readonly token: string; readonly promotes: readonly TokenLogit[] }[];
}

/** Whether a head promotes the very tokens that it attends to. */
export interface HeadCopying {
  /** Mean logit of a word's own token, and of any word's token. */
  readonly diagonalMean: number;
  readonly mean: number;
  /** Share of the words that promote themselves most of all tokens, and that are among the five they promote most. */
  readonly top1IsSelf: number;
  readonly top5HasSelf: number;
}

/** A token's text and what is added to its logit; for a node's own output, relative to the mean over the vocabulary. */
export interface TokenLogit {
  readonly token: string;
  readonly logit: number;
}
