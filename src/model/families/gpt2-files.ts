import type { WeightReader } from '../load-model.js';
import type { ModelSpec } from '../spec.js';
import type { TensorName } from '../weight-table.js';
import { gpt2 } from './gpt2.js';

/** The config.json of a GPT-2 model with plain attention scores, for models that are made here. */
export function gpt2Config(spec: ModelSpec): string {
  const config = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    activation_function: 'gelu_new',
    layer_norm_epsilon: spec.norm.epsilon,
    n_embd: spec.width,
    n_head: spec.heads,
    n_inner: spec.mlpWidth,
    n_layer: spec.layers,
    n_positions: spec.maxPositions,
    vocab_size: spec.vocab,
    tie_word_embeddings: spec.tied,
  };
  return `${JSON.stringify(config, null, 1)}\n`;
}

const NAMING = { prefix: 'transformer.', unembed: 'lm_head.weight' };

/** The model.safetensors beside it, in pieces: f32, 4 bytes per weight. One tensor at a time is in memory. */
export async function* gpt2Safetensors(spec: ModelSpec, weights: WeightReader): AsyncGenerator<Uint8Array> {
  // Tensors of the file, each with the model's tensors that make it up: c_attn holds q, k and v side by side.
  const parts = new Map<string, { readonly shape: readonly number[]; readonly of: TensorName[] }>();
  for (const [name, { tensor, shape }] of gpt2.places(spec, NAMING)) {
    parts.set(tensor, { shape, of: [...(parts.get(tensor)?.of ?? []), name] });
  }
  if (!spec.tied) parts.set(NAMING.unembed, { shape: [spec.vocab, spec.width], of: ['unembed'] });
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const [tensor, { shape }] of parts) {
    const start = end;
    end += 4 * shape.reduce((product, n) => product * n, 1);
    header[tensor] = { dtype: 'F32', shape, data_offsets: [start, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  yield length;
  yield text;
  for (const { shape, of } of parts.values()) {
    const columns = shape.at(-1)! / of.length;
    const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
    for (const [i, name] of of.entries()) {
      const part = await weights.read(name);
      for (let row = 0; row < part.length / columns; row++) {
        values.set(part.subarray(row * columns, (row + 1) * columns), (row * of.length + i) * columns);
      }
    }
    yield new Uint8Array(values.buffer);
  }
}
