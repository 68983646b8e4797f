import type { BosMode } from './tokens/beginning.js';

/** One prompt pair in token ids: what every evaluator consumes. */
export interface PromptPair {
  /** Prompt that shows the behaviour. */
  readonly clean: readonly number[];
  /** Counterfactual of the same length. */
  readonly corrupted: readonly number[];
  /** Index (0-based, never negative) of the token whose next-token prediction is measured. */
  readonly position: number;
  /** Ids of right answers; may be empty where the metric needs none. */
  readonly correct: readonly number[];
  readonly wrong: readonly number[];
  /**
   * The tokens of the right answer, where it has several and all are measured. `correct` then holds the first token,
   * which `position` predicts. The prompts end in all tokens of the answer but the last: each one predicts the next.
   */
  readonly answer?: readonly number[];
  /**
   * The prompt whose clean prediction the KL divergence compares with, where that is another one: for a control in
   * which predictions are shuffled among prompts. Default: this prompt.
   */
  readonly reference?: { readonly clean: readonly number[]; readonly position: number };
  /** What the prompt was made from, where its file says so: prompts of one template have the same. */
  readonly template?: string;
  /** Where it came from, for messages: `tasks/mine.jsonl, line 3`. */
  readonly origin?: string;
  /** The tokens of both prompts as texts, for display; absent without a tokenizer. */
  readonly texts?: { readonly clean: readonly string[]; readonly corrupted: readonly string[] };
}

export interface Task {
  readonly name: string;
  /** Where it came from, for messages: a path or the name of a shipped task. */
  readonly source: string;
  /** SHA-256 (hex) of the task's file. */
  readonly hash: string;
  readonly pairs: readonly PromptPair[];
  /** How many pairs of the file come before these. */
  readonly skip: number;
  /** What made ids of texts, for provenance; null where the file gives every id. */
  readonly tokenizer: TokenizerIdentity | null;
  readonly reading?: TaskReading;
  /** What the author of the file should know of it, one sentence each. */
  readonly remarks?: readonly string[];
}

/** How a task's file was read, where that was not as it stands; part of a run's identity. */
export interface TaskReading {
  /** The first token stands for an answer of several. */
  readonly answers?: 'first-token';
  /** Field -> column of the file that stood for it. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Rows that were left out because they cannot be used. */
  readonly dropped?: number;
}

export interface TokenizerIdentity {
  /** SHA-256 (hex) of its file, where known. */
  readonly hash: string | null;
  readonly bos: BosMode;
}
