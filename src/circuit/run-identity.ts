/**
 * What a cut edge carries: the writer's output on the corrupted prompt, zero, or its mean over prompts (and positions).
 */
export type Ablation = (typeof ABLATIONS)[number];
export const ABLATIONS = ['resample', 'zero', 'mean', 'mean-positional'] as const;

/** Whether position embeddings belong to the writer `input` (ACDC) or are a constant of every port (EAP-IG). */
export type InputKind = (typeof INPUT_KINDS)[number];
export const INPUT_KINDS = ['token', 'token+position'] as const;

/** Whether every query head has its own key and value port, or every key/value head one that its group shares. */
export type KvPorts = (typeof KV_PORTS)[number];
export const KV_PORTS = ['per-head', 'grouped'] as const;

/** Order of the heads of one layer as senders; results depend on it (the reference's command line: descending). */
export type SenderHeads = (typeof SENDER_HEADS)[number];
export const SENDER_HEADS = ['descending', 'ascending'] as const;

/**
 * Beginning-of-text token in front of texts: where the tokenizer or the config has one, always, or never. A number is
 * the id of the token that stands there instead.
 */
export type BosMode = (typeof BOS_MODES)[number] | number;
export const BOS_MODES = ['auto', 'yes', 'no'] as const;

/** Points between the corrupted and the clean input at which gradients are taken (EAP-IG's own edge code: `left`). */
export type StepRule = (typeof STEP_RULES)[number];
export const STEP_RULES = ['left', 'right', 'midpoint', 'trapezoid'] as const;

/** What an attribution scores beside edges. */
export type Granularity = (typeof GRANULARITIES)[number];
export const GRANULARITIES = ['edge', 'node', 'neuron'] as const;

/** How scores were computed, beyond what every run has. */
export interface AttributionSettings {
  /** Interpolation steps; null for methods that do not interpolate. */
  readonly steps: number | null;
  readonly stepRule: StepRule | null;
  /** `gradient`, or the name of a rule that replaces some derivatives; null for methods without gradients. */
  readonly backwardRule: string | null;
  readonly granularity: Granularity;
  /** In words: `sum over prompts divided by their number`. */
  readonly normalisation: string;
}

/** How a circuit was chosen from scores, or (`circuit`) from the curve of a larger circuit. */
export interface SelectionRecord {
  readonly rule: 'threshold' | 'top' | 'greedy' | 'top-nodes' | 'circuit';
  /** The smallest score kept for `threshold`, else how many edges (or nodes) were asked for. */
  readonly limit: number;
  /** By |score|, not by score. */
  readonly absolute: boolean;
  /** Nodes that nothing reaches, or that reach nothing, were removed with their edges. */
  readonly pruned: boolean;
  /** Edges chosen, before pruning; for `circuit` after it. */
  readonly chosen: number;
  /** How faithful the circuit was to be, where `limit` is the fewest that are. */
  readonly faithfulness?: number;
}

/** How a search's circuit was made smaller: by what its edges are worth in it. */
export interface TrimRecord {
  /** How faithful the circuit was to stay. */
  readonly faithfulness: number;
  /** Edges that the search kept. */
  readonly found: number;
}

/** How the circuit that a search started from was chosen. */
export interface ScreeningRecord {
  /** Edges with at least this |score| were in it, or near it with at least this measured |effect|. */
  readonly cutoff: number;
  /** Largest number of edges that could be measured; null in files of versions that did not say. */
  readonly limit: number | null;
  /** Edges whose effect was measured. */
  readonly retested: number;
  /** Number of measured edges whose score was on the wrong side of the cutoff. */
  readonly disagreed: number;
  /** Edges that the search started from. */
  readonly started: number;
}

/** How a task's file was read, where that was not as it stands. */
export interface TaskReading {
  /** The first token stands for an answer of several. */
  readonly answers?: 'first-token';
  /** Field -> column of the file that stood for it. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Rows that were left out because they cannot be used. */
  readonly dropped?: number;
}

/** A model that a run was on. */
export interface ModelIdentity {
  readonly name: string;
  /** SHA-256 (hex) of config and weights. */
  readonly hash: string;
  readonly family: string;
  /** Unknown keys of the config that the user ignored. */
  readonly ignored?: readonly string[] | undefined;
}

/** The settings of a run. Two runs with equal identities are the same run, on whatever machine. */
export interface RunIdentity {
  /** `acdc`, `eap`, ... */
  readonly method: string;
  readonly model: ModelIdentity;
  /** SHA-256 (hex) of the tokenizer's file; null where the task gave every id. */
  readonly tokenizer: string | null;
  readonly task: { readonly name: string; readonly hash: string };
  /** How the task's file was read, where that was not as it stands. */
  readonly reading?: TaskReading | undefined;
  /** Rows of the task that were used: `count` of them after the first `skip`. */
  readonly prompts: { readonly count: number; readonly skip: number };
  readonly bos: BosMode;
  readonly ablation: Ablation;
  /** What a mean was taken over: `clean`, `corrupted` or the SHA-256 (hex) of a file; null for other ablations. */
  readonly meanOver: string | null;
  readonly input: InputKind;
  /** Key/value heads had ports of their own. Absent: every head had its own key and value port. */
  readonly kvPorts?: 'grouped' | undefined;
  readonly metric: string;
  /** Null for methods without one. */
  readonly threshold: number | null;
  /** |effect| was compared with the threshold, not the signed effect. */
  readonly absolute: boolean;
  readonly directEdges: boolean;
  /** Null for methods that do not go through senders. */
  readonly senderHeads: SenderHeads | null;
  readonly seed: number | null;
}

/** What a circuit was measured with. */
export type MeasuredWith = Pick<
  RunIdentity,
  'model' | 'task' | 'prompts' | 'ablation' | 'meanOver' | 'input' | 'metric'
>;
