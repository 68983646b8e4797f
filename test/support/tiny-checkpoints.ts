/** Tiny random checkpoints of the families that have no reference outside: folders as Hugging Face writes them. */
import { memoryDirectory, type ModelDirectory } from '../../src/checkpoint/byte-source.js';
import { randomNumbers } from './random.js';
import { f32, writeSafetensors } from './safetensors-writer.js';

export interface TinyCheckpoint {
  readonly config: Readonly<Record<string, unknown>>;
  /** By name, row-major as stored: matrices [out, in]. */
  readonly tensors: Readonly<Record<string, Float32Array>>;
  readonly directory: ModelDirectory;
}

function checkpointOf(
  name: string,
  config: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, readonly number[]>>,
  seed: number,
): TinyCheckpoint {
  const random = randomNumbers(seed);
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([tensor, shape]) => {
      const count = shape.reduce((product, n) => product * n, 1);
      const isGain = shape.length === 1 && /(norm|ln_\w)\.weight$/.test(tensor);
      return [tensor, random.normals(count, 0.3, isGain ? 1 : 0)];
    }),
  );
  const file = writeSafetensors(
    Object.fromEntries(Object.entries(shapes).map(([tensor, shape]) => [tensor, f32(shape, tensors[tensor]!)])),
  );
  const files = new Map([
    ['config.json', new TextEncoder().encode(JSON.stringify(config))],
    ['model.safetensors', file],
  ]);
  return { config, tensors, directory: memoryDirectory(name, files) };
}

/** OLMo 2: 2 layers, 4 query heads on 2 key/value heads of width 6, a stream of 24. */
export function tinyOlmo2(seed: number): TinyCheckpoint {
  const [layers, width, heads, kvHeads, headWidth, inner, vocab] = [2, 24, 4, 2, 6, 20, 41];
  const config = {
    architectures: ['Olmo2ForCausalLM'],
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: null,
    eos_token_id: 1,
    hidden_act: 'silu',
    hidden_size: width,
    initializer_range: 0.02,
    intermediate_size: inner,
    max_position_embeddings: 32,
    model_type: 'olmo2',
    num_attention_heads: heads,
    num_hidden_layers: layers,
    num_key_value_heads: kvHeads,
    pad_token_id: 0,
    rms_norm_eps: 1e-6,
    rope_scaling: null,
    rope_theta: 500_000,
    tie_word_embeddings: false,
    torch_dtype: 'float32',
    use_cache: true,
    vocab_size: vocab,
  };
  const shapes: Record<string, readonly number[]> = { 'model.embed_tokens.weight': [vocab, width] };
  for (let layer = 0; layer < layers; layer++) {
    const at = (tensor: string, ...shape: number[]): void => {
      shapes[`model.layers.${layer}.${tensor}.weight`] = shape;
    };
    at('self_attn.q_proj', heads * headWidth, width);
    at('self_attn.k_proj', kvHeads * headWidth, width);
    at('self_attn.v_proj', kvHeads * headWidth, width);
    at('self_attn.o_proj', width, heads * headWidth);
    at('self_attn.q_norm', heads * headWidth);
    at('self_attn.k_norm', kvHeads * headWidth);
    at('mlp.gate_proj', inner, width);
    at('mlp.up_proj', inner, width);
    at('mlp.down_proj', width, inner);
    at('post_attention_layernorm', width);
    at('post_feedforward_layernorm', width);
  }
  shapes['model.norm.weight'] = [width];
  shapes['lm_head.weight'] = [vocab, width];
  return checkpointOf('tiny-olmo2', config, shapes, seed);
}

/** GPT-Neo: 2 layers, of global and local attention, 3 heads of width 7. */
export function tinyGptNeo(seed: number): TinyCheckpoint {
  const [layers, width, heads, vocab] = [2, 21, 3, 37];
  const config = {
    activation_function: 'gelu_new',
    architectures: ['GPTNeoForCausalLM'],
    attention_dropout: 0,
    attention_layers: ['global', 'local'],
    attention_types: [[['global', 'local'], 1]],
    bos_token_id: 36,
    classifier_dropout: 0.1,
    embed_dropout: 0,
    eos_token_id: 36,
    hidden_size: width,
    initializer_range: 0.02,
    intermediate_size: null,
    layer_norm_epsilon: 1e-5,
    max_position_embeddings: 16,
    model_type: 'gpt_neo',
    num_heads: heads,
    num_layers: layers,
    resid_dropout: 0,
    torch_dtype: 'float32',
    use_cache: true,
    vocab_size: vocab,
    window_size: 3,
  };
  const shapes: Record<string, readonly number[]> = {
    'transformer.wte.weight': [vocab, width],
    'transformer.wpe.weight': [16, width],
  };
  for (let layer = 0; layer < layers; layer++) {
    const at = (tensor: string, ...shape: number[]): void => {
      shapes[`transformer.h.${layer}.${tensor}`] = shape;
    };
    for (const norm of ['ln_1', 'ln_2']) {
      at(`${norm}.weight`, width);
      at(`${norm}.bias`, width);
    }
    for (const branch of ['q', 'k', 'v', 'out']) at(`attn.attention.${branch}_proj.weight`, width, width);
    at('attn.attention.out_proj.bias', width);
    at('mlp.c_fc.weight', 4 * width, width);
    at('mlp.c_fc.bias', 4 * width);
    at('mlp.c_proj.weight', width, 4 * width);
    at('mlp.c_proj.bias', width);
  }
  shapes['transformer.ln_f.weight'] = [width];
  shapes['transformer.ln_f.bias'] = [width];
  return checkpointOf('tiny-gpt-neo', config, shapes, seed);
}
