/**
 * The neutral description that every model family maps to: what the engine must compute, never how a checkpoint
 * spells it. A family file (families/*.ts) turns a config into a ModelSpec and says where each weight lives in the
 * checkpoint. Values that the kernels do not cover yet are part of the type, so that they are refused by name (see
 * support.ts) and never ignored.
 */
export interface ModelSpec {
  /** `model_type` of the config, for messages and provenance. */
  readonly family: string;
  readonly layers: number;
  /** Query heads per layer (H). */
  readonly heads: number;
  /** Key/value heads per layer (G); query head h reads key/value head floor(h * G / H). */
  readonly kvHeads: number;
  /** Width of the residual stream (d). */
  readonly width: number;
  /** Width of one head (dh); not always width / heads. */
  readonly headWidth: number;
  /** Hidden width of the MLP (F); 0 without MLPs. */
  readonly mlpWidth: number;
  readonly vocab: number;
  /** Longest prompt in tokens that the positions allow. */
  readonly maxPositions: number;
  readonly norm: NormSpec;
  readonly positions: { readonly kind: 'learned' } | RotarySpec;
  /**
   * `sequential`: the MLP reads the attention's output; `parallel`: both read the same stream, with own or shared
   * norm.
   */
  readonly block: 'sequential' | 'parallel' | 'parallel-shared-norm';
  readonly attention: AttentionSpec;
  /** Null for an attention-only model: no layer has an MLP, nor a norm before one. */
  readonly mlp: MlpSpec | null;
  /** Factor on the token embedding (Gemma: sqrt(d)). */
  readonly embeddingScale: number;
  /** Unembedding is the transposed token embedding. */
  readonly tied: boolean;
  readonly logitBias: boolean;
  /** c in c * tanh(logit / c), or null. */
  readonly logitSoftcap: number | null;
  /**
   * Gemma 2 and 3: a norm on the sum of the heads and on the MLP output. Single heads then do not add to the stream.
   */
  readonly postNorms: boolean;
  /** Beginning-of-text id of the config, or null. */
  readonly bosTokenId: number | null;
}

export interface NormSpec {
  readonly kind: 'layer' | 'rms';
  readonly epsilon: number;
  /** The stored gain is w and the norm multiplies by 1 + w (Gemma). */
  readonly onePlusGain: boolean;
}

export interface RotarySpec {
  readonly kind: 'rotary';
  /** Rotated dimensions per head, at most headWidth. */
  readonly dims: number;
  readonly base: number;
  /** Base of the sliding-window layers where it differs (Gemma 3). */
  readonly localBase: number | null;
  readonly scaling: Readonly<Record<string, unknown>> | null;
}

export interface AttentionSpec {
  /** Factor on q.k of layer l. */
  readonly scale: readonly number[];
  readonly softcap: number | null;
  /** Per layer: keys i - window < j <= i are visible, or null for all j <= i. */
  readonly window: readonly (number | null)[];
  readonly qkNorm: 'none' | 'rms' | 'layer';
  readonly biases: { readonly qkv: boolean; readonly out: boolean };
}

/** gelu = x/2 (1 + erf(x / sqrt 2)); gelu-tanh = x/2 (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3))); silu = x sigmoid(x). */
export type Activation = 'gelu' | 'gelu-tanh' | 'relu' | 'silu';

export interface MlpSpec {
  readonly kind: 'plain' | 'gated';
  readonly activation: Activation;
  readonly biases: boolean;
}
