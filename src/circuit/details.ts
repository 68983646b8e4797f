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
  /**
   * By name of a kept query or key edge into a head: where its reader attends in the circuit, with the edge and with it
   * cut. Per prompt the rows of each reader, from the measured position and from where the reader stands, if that is
   * another one. Only the first prompt's where the file would be too large. Empty where it was not measured.
   */
  readonly reads: Readonly<Record<string, readonly (readonly AttentionRow[])[]>>;
  /**
   * By name of a kept value edge into a head: tokens that the sender's output promotes through the reader's values and
   * output, taken at the position that the reader attends to most: see writtenTokens. Strongest first, mean over
   * prompts. Empty where it was not measured.
   */
  readonly writtenThrough: Readonly<Record<string, readonly TokenLogit[]>>;
  /**
   * The connected circuits of the strongest edges (see connectedLevels), smallest first, the whole circuit last: how
   * much of the behaviour each restores. The edges go by |effect in the circuit| where `inCircuit` is not empty,
   * otherwise by |effect| at their decision. Null where it was not measured.
   */
  readonly curve: readonly CurvePoint[] | null;
}

/** A row of a head's attention on one prompt, [tokens up to the query], with an edge into the head and without it. */
export interface AttentionRow {
  /** Name of the head that attends: a key may be read by several. */
  readonly head: string;
  /** Position of the query. */
  readonly query: number;
  readonly kept: Float32Array;
  readonly cut: Float32Array;
}

/** A connected circuit and what it restores. */
export interface CurvePoint {
  /** Candidate edges of the circuit: direct edges count where they were decided on. */
  readonly edges: number;
  /** In loss form; null where not finite. */
  readonly metric: number | null;
  /** Null where the denominator is too small: see Provenance. */
  readonly faithfulness: number | null;
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
  /** Likeliest next tokens at the measured position, at most ten, likeliest first. Empty where it was not measured. */
  readonly top: readonly TokenChance[];
  /** Probability of all right answers together, and of all wrong ones. Null where it was not measured. */
  readonly probability: { readonly correct: number; readonly wrong: number } | null;
}

/** A next token, with its logit and its probability. */
export interface TokenChance extends TokenLogit {
  readonly probability: number;
}

export interface NodeDetails {
  /** Heads only: per prompt the attention pattern, n x n row-major, n = number of clean tokens; row = query. */
  readonly attention: readonly Float32Array[] | null;
  /**
   * Heads only: the same on the corrupted prompts; only the first prompt's where the file would be too large. Null
   * where it was not measured.
   */
  readonly corruptedAttention: readonly Float32Array[] | null;
  /**
   * Per prompt the position at which the node's output is used: see standingPositions. Null where it was not measured.
   */
  readonly at: readonly number[] | null;
  /** Strongest tokens of the node's own output at `at` through the final norm, mean over prompts. */
  readonly writes: readonly TokenLogit[];
  /**
   * Per prompt the place of the best right answer among all tokens by the node's own output at the measured position;
   * 1 = it promotes no token more. Null without answers, or where it was not measured.
   */
  readonly answerRank: readonly number[] | null;
  /**
   * Per prompt: metric of the circuit without the node's outgoing edges - metric of the circuit, in loss form. NaN
   * where not finite. Null where it was not measured.
   */
  readonly inCircuit: readonly number[] | null;
  /** Heads only: where it looks, by the roles of tokens, most attended first, at most three. */
  readonly looks: readonly Look[];
  /** What the head was found to be, by thresholds: see earnedVerdicts. Empty for none, and for what is no head. */
  readonly verdicts: readonly Verdict[];
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

/** What a token is to its prompt: see rolesOf. A token has the first role of this list that fits. */
export const ROLES = ['answer', 'wrong-first', 'wrong-later', 'changed', 'measured', 'first', 'other'] as const;
export type Role = (typeof ROLES)[number];

/** Where a head looks from the token at which its output is used. */
export interface Look {
  readonly from: Role;
  /** `self`: the query's own token. `previous`: the one before it. Both only where the token has no better role. */
  readonly at: Role | 'self' | 'previous';
  /** Share of the head's attention, mean over the prompts that have this pair. */
  readonly share: number;
  /** Number of prompts that have this pair. */
  readonly prompts: number;
}

export const VERDICTS = ['previous-token', 'duplicate-token', 'induction', 'name-mover'] as const;

/** A kind of head that a head was found to be. */
export interface Verdict {
  readonly kind: (typeof VERDICTS)[number];
  /** What the threshold is on: share of attention, 0..1. */
  readonly share: number;
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
