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
  /** A norm before each sublayer, on the stream that it reads. OLMo 2 has none. */
  readonly preNorms: boolean;
  /**
   * A norm after each sublayer, on the sum of the heads (with the output bias) and on the MLP's output: Gemma 2 and 3,
   * OLMo 2. Single heads then do not add to the stream.
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
  /** Rotated dimensions per head, even, at most headWidth. Dimension i turns with i + dims / 2. */
  readonly dims: number;
  /** Of the layers that see every token before a query. */
  readonly global: RotaryFrequencies;
  /** Of the layers with a window. The same as `global` but for Gemma 3. */
  readonly local: RotaryFrequencies;
}

/** Pair i turns by position * base ** (-2 i / dims), scaled. */
export interface RotaryFrequencies {
  readonly base: number;
  readonly scaling: RotaryScaling | null;
}

/**
 * `linear`: every frequency is divided by the factor. `llama3`: frequencies of wavelengths above originalPositions /
 * low are divided by the factor, those of wavelengths below originalPositions / high stay, those between are blended.
 */
export type RotaryScaling =
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly low: number;
      readonly high: number;
      readonly originalPositions: number;
    };

export interface AttentionSpec {
  /** Factor on q.k of layer l. */
  readonly scale: readonly number[];
  readonly softcap: number | null;
  /** Per layer: keys i - window < j <= i are visible, or null for all j <= i. */
  readonly window: readonly (number | null)[];
  /**
   * A norm of queries and keys, before rotary positions: of each head by itself with one gain [dh] for all heads, or of
   * all heads together with a gain [H dh] (OLMo 2). Its epsilon, and whether its gain is stored as 1 + w, are those of
   * `norm`.
   */
  readonly qkNorm: null | { readonly kind: 'rms' | 'layer'; readonly over: 'head' | 'projection' };
  readonly biases: { readonly qkv: boolean; readonly out: boolean };
}

/** gelu = x/2 (1 + erf(x / sqrt 2)); gelu-tanh = x/2 (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3))); silu = x sigmoid(x). */
export type Activation = 'gelu' | 'gelu-tanh' | 'relu' | 'silu';

export interface MlpSpec {
  readonly kind: 'plain' | 'gated';
  readonly activation: Activation;
  readonly biases: boolean;
}
