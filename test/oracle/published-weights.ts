/**
 * A published checkpoint of any family to neutral tensors in float64, restated on its own: what src makes of the same
 * files is compared with it. No checks, no refusals.
 */
import type { ModelDirectory } from '../../src/checkpoint/byte-source.js';
import { readText } from '../../src/checkpoint/byte-source.js';
import { openCheckpoint } from '../../src/checkpoint/checkpoint.js';
import type { ModelSpec } from '../../src/model/spec.js';
import { weightTable, type TensorName } from '../../src/model/weight-table.js';
import { oracleOf, type InputKind, type OracleModel } from './model.js';
import { specOfConfig } from './published-config.js';

/** Where the parts of a layer lie: names without `.weight` and `.bias`. */
interface Names {
  /** Start of every name, that of layer L, and what lies outside the layers. */
  readonly layer: string;
  readonly embed: string;
  readonly positions?: string;
  readonly normf: string;
  readonly unembed: string;
  readonly parts: Readonly<Record<string, string>>;
}

const LLAMA: Names = {
  layer: 'model.layers.',
  embed: 'model.embed_tokens',
  normf: 'model.norm',
  unembed: 'lm_head',
  parts: {
    norm1: 'input_layernorm',
    norm2: 'post_attention_layernorm',
    q: 'self_attn.q_proj',
    k: 'self_attn.k_proj',
    v: 'self_attn.v_proj',
    o: 'self_attn.o_proj',
    qnorm: 'self_attn.q_norm',
    knorm: 'self_attn.k_norm',
    gate: 'mlp.gate_proj',
    in: 'mlp.up_proj',
    out: 'mlp.down_proj',
  },
};

const withParts = (names: Names, parts: Readonly<Record<string, string>>): Names => ({
  ...names,
  parts: { ...names.parts, ...parts },
});

const NORMED_AFTER = withParts(LLAMA, {
  norm2: 'pre_feedforward_layernorm',
  postnorm1: 'post_attention_layernorm',
  postnorm2: 'post_feedforward_layernorm',
});

const GPT2: Names = {
  layer: 'transformer.h.',
  embed: 'transformer.wte',
  positions: 'transformer.wpe',
  normf: 'transformer.ln_f',
  unembed: 'lm_head',
  parts: {
    norm1: 'ln_1',
    norm2: 'ln_2',
    q: 'attn.c_attn',
    k: 'attn.c_attn',
    v: 'attn.c_attn',
    o: 'attn.c_proj',
    in: 'mlp.c_fc',
    out: 'mlp.c_proj',
  },
};

const fused = 'attention.query_key_value';

const NAMES: Readonly<Record<string, Names>> = {
  gpt2: GPT2,
  gpt_neo: withParts(GPT2, {
    q: 'attn.attention.q_proj',
    k: 'attn.attention.k_proj',
    v: 'attn.attention.v_proj',
    o: 'attn.attention.out_proj',
  }),
  gpt_neox: {
    layer: 'gpt_neox.layers.',
    embed: 'gpt_neox.embed_in',
    normf: 'gpt_neox.final_layer_norm',
    unembed: 'embed_out',
    parts: {
      norm1: 'input_layernorm',
      norm2: 'post_attention_layernorm',
      q: fused,
      k: fused,
      v: fused,
      o: 'attention.dense',
      in: 'mlp.dense_h_to_4h',
      out: 'mlp.dense_4h_to_h',
    },
  },
  llama: LLAMA,
  mistral: LLAMA,
  qwen2: LLAMA,
  qwen3: LLAMA,
  gemma: LLAMA,
  gemma2: NORMED_AFTER,
  gemma3_text: NORMED_AFTER,
  olmo2: NORMED_AFTER,
  phi: {
    ...withParts(LLAMA, {
      o: 'self_attn.dense',
      in: 'mlp.fc1',
      out: 'mlp.fc2',
      qnorm: 'self_attn.q_layernorm',
      knorm: 'self_attn.k_layernorm',
    }),
    normf: 'model.final_layernorm',
  },
  phi3: withParts(LLAMA, {
    q: 'self_attn.qkv_proj',
    k: 'self_attn.qkv_proj',
    v: 'self_attn.qkv_proj',
    gate: 'mlp.gate_up_proj',
    in: 'mlp.gate_up_proj',
  }),
};

/** Description and neutral tensors of a model's folder. @param config which of its spellings is read. */
export async function readPublished(
  directory: ModelDirectory,
  config = 'config.json',
): Promise<{ readonly spec: ModelSpec; readonly tensors: ReadonlyMap<TensorName, Float64Array> }> {
  const json = JSON.parse(await readText((await directory.open(config))!)) as Record<string, unknown>;
  const checkpoint = await openCheckpoint(directory);
  const names = NAMES[json['model_type'] as string]!;
  const spec = specOfConfig(json, !checkpoint.has(`${names.unembed}.weight`));
  const stored = (name: string): string => (checkpoint.has(name) ? name : name.replace('transformer.', ''));
  const tensors = new Map<TensorName, Float64Array>();
  for (const [name, shape] of weightTable(spec)) {
    const place = placeOf(names, name);
    const values = await checkpoint.read(stored(place.tensor));
    tensors.set(name, neutral(values, spec, place, shape));
  }
  return { spec, tensors };
}

export async function publishedOracle(directory: ModelDirectory, input: InputKind = 'token'): Promise<OracleModel> {
  const { spec, tensors } = await readPublished(directory);
  return oracleOf(spec, tensors, input);
}

interface Place {
  readonly tensor: string;
  /** The part of a layer that it belongs to; undefined outside layers and for norms, which are stored as they are. */
  readonly part?: string;
}

function placeOf(names: Names, name: TensorName): Place {
  if (name === 'embed') return { tensor: `${names.embed}.weight` };
  if (name === 'positions') return { tensor: `${names.positions}.weight` };
  if (name === 'unembed') return { tensor: `${names.unembed}.weight` };
  if (name === 'bu') return { tensor: `${names.unembed}.bias` };
  const ending = (kind: string): string => (kind === 'gain' ? 'weight' : 'bias');
  if (name.startsWith('normf')) return { tensor: `${names.normf}.${ending(name.slice(6))}` };
  const [, layer, own] = /^layers\.(\d+)\.(.+)$/.exec(name)!;
  const [norm, kind] = own!.split('.');
  const stem = (part: string): string => `${names.layer}${layer}.${names.parts[part]}`;
  if (kind !== undefined) return { tensor: `${stem(norm!)}.${ending(kind)}` };
  const part = own!.slice(1);
  return { tensor: `${stem(part)}.${own!.startsWith('w') ? 'weight' : 'bias'}`, part };
}

/** The outputs that belong to `part`, of a matrix as [in, out]. */
function neutral(
  values: Float32Array,
  spec: ModelSpec,
  { part }: Place,
  shape: readonly number[],
): Float64Array<ArrayBufferLike> {
  if (part === undefined) return Float64Array.from(values);
  const outputs = shape.at(-1)!;
  const inputs = shape.length === 2 ? shape[0]! : 1;
  const stored = values.length / inputs;
  // Hugging Face's GPT-2 alone stores [in, out].
  const at = (input: number, output: number): number =>
    values[spec.family === 'gpt2' ? input * stored + output : output * inputs + input]!;
  const from = (output: number): number => (stored === outputs ? output : fusedOutput(spec, part, output));
  const y = new Float64Array(inputs * outputs);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) y[input * outputs + output] = at(input, from(output));
  }
  return y;
}

/** Where an output of a part lies among those of a tensor that holds several. */
function fusedOutput({ family, headWidth, heads, kvHeads, mlpWidth }: ModelSpec, part: string, output: number): number {
  if (part === 'gate') return output;
  if (part === 'in') return mlpWidth + output;
  if (family === 'gpt_neox') {
    const [head, column] = [Math.floor(output / headWidth), output % headWidth];
    return (3 * head + 'qkv'.indexOf(part)) * headWidth + column;
  }
  const before = { q: 0, k: heads, v: heads + kvHeads }[part]!;
  return before * headWidth + output;
}
