import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LoadedModel } from '../../src/model/load-model.js';
import type { TensorName } from '../../src/model/weight-table.js';
import { gpt2 } from '../../src/model/families/gpt2.js';
import type { Task } from '../../src/task/types.js';

/**
 * Writes a model as a Hugging Face GPT-2 folder, with the task beside it: what other programs read. f32, about 4 bytes
 * per weight.
 */
export async function writeModelFolder(folder: string, model: LoadedModel, task: Task): Promise<void> {
  const { spec } = model;
  await mkdir(folder, { recursive: true });
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
    tie_word_embeddings: true,
  };
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(config, null, 1)}\n`);
  const lines = task.pairs.map(({ clean, corrupted, correct, wrong }) =>
    JSON.stringify({ clean_ids: clean, corrupted_ids: corrupted, correct_ids: correct, wrong_ids: wrong }),
  );
  await writeFile(join(folder, `${task.name}.jsonl`), `${lines.join('\n')}\n`);

  // Tensors of the file, each with the model's tensors that make it up: c_attn holds q, k and v side by side.
  const parts = new Map<string, { readonly shape: readonly number[]; readonly of: TensorName[] }>();
  for (const [name, { tensor, shape }] of gpt2.places(spec, 'transformer.')) {
    parts.set(tensor, { shape, of: [...(parts.get(tensor)?.of ?? []), name] });
  }
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
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield length;
    yield text;
    for (const { shape, of } of parts.values()) {
      const columns = shape.at(-1)! / of.length;
      const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
      for (const [i, name] of of.entries()) {
        const part = await model.weights.read(name);
        for (let row = 0; row < part.length / columns; row++) {
          values.set(part.subarray(row * columns, (row + 1) * columns), (row * of.length + i) * columns);
        }
      }
      yield new Uint8Array(values.buffer);
    }
  }
  await pipeline(Readable.from(bytes()), createWriteStream(join(folder, 'model.safetensors')));
}
