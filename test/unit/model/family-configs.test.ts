/** Configs of every family but GPT-2, in the wordings of three versions of the library that writes them. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { familyOf } from '../../../src/model/families/index.js';
import type { ModelSpec } from '../../../src/model/spec.js';
import { fixture, fixtureJson } from '../../support/fixtures.js';
import { EXPECTED } from '../../support/family-configs.js';

type Json = Record<string, unknown>;

function parse(config: Json, ignored: readonly string[] = []): ModelSpec {
  return familyOf(config, 'config.json').parseConfig(config, 'config.json', ignored);
}

test.each(Object.keys(EXPECTED))('%s: older and newer wordings describe the same model', async (name) => {
  const specs: ModelSpec[] = [];
  for (const file of ['config.json', 'config.old.json', 'config.v5.json']) {
    if (existsSync(fixture(`families/${name}/${file}`))) {
      specs.push(parse(await fixtureJson<Json>(`families/${name}/${file}`)));
    }
  }
  expect(specs.length).toBe(/hub|bf16|sharded/.test(name) ? 1 : 3);
  for (const spec of specs) expect(spec).toEqual(specs[0]);
  expect(specs[0]).toMatchObject(EXPECTED[name]!);
});

const configs: Readonly<Record<string, Json>> = Object.fromEntries(
  await Promise.all(
    Object.keys(EXPECTED).map(async (name) => [name, await fixtureJson<Json>(`families/${name}/config.json`)] as const),
  ),
);

describe('values', () => {
  test.each<[string, Json, object]>([
    ['llama', { head_dim: null }, { headWidth: 6 }],
    ['llama', { num_key_value_heads: null }, { kvHeads: 6 }],
    ['llama', { rope_scaling: { type: 'linear', factor: 4 } }, { positions: { global: { scaling: { factor: 4 } } } }],
    ['llama', { rope_scaling: { rope_type: 'default' } }, { positions: { global: { scaling: null } } }],
    ['llama', { hidden_act: 'gelu', torch_dtype: 'float16' }, { mlp: { activation: 'gelu' } }],
    ['llama', { rope_theta: undefined }, { positions: { global: { base: 10_000 } } }],
    ['llama', { layer_types: ['full_attention', 'full_attention', 'full_attention'] }, { layers: 3 }],
    ['mistral', { sliding_window: null }, { attention: { window: [null, null] } }],
    ['mistral', { sliding_window: undefined }, { attention: { window: [4096, 4096] } }],
    ['qwen2', { use_sliding_window: false, sliding_window: 4 }, { attention: { window: [null, null, null] } }],
    ['qwen2_swa', { layer_types: undefined, max_window_layers: 0 }, { attention: { window: [3, 3] } }],
    ['qwen2_swa', { layer_types: null, max_window_layers: 7 }, { attention: { window: [null, null] } }],
    ['qwen3', { attention_bias: true }, { attention: { biases: { qkv: true, out: true } } }],
    ['qwen3', { head_dim: undefined }, { headWidth: 128 }],
    ['gemma', { hidden_act: 'gelu' }, { mlp: { activation: 'gelu' } }],
    ['gemma', { hidden_act: 'gelu', hidden_activation: null }, { mlp: { activation: 'gelu' } }],
    ['gemma', { hidden_activation: 'gelu_new' }, { mlp: { activation: 'gelu-tanh' } }],
    ['gemma', { hidden_act: null }, { mlp: { activation: 'gelu-tanh' } }],
    ['gemma2', { layer_types: undefined, num_hidden_layers: 4 }, { attention: { window: [4, null, 4, null] } }],
    ['gemma2', { final_logit_softcapping: null }, { logitSoftcap: null }],
    [
      'gemma2',
      { attn_logit_softcapping: undefined, final_logit_softcapping: undefined },
      { attention: { softcap: 50 }, logitSoftcap: 30 },
    ],
    ['gemma3_text', { attn_logit_softcapping: 50 }, { attention: { softcap: null } }],
    ['gemma3_text', { final_logit_softcapping: 30 }, { logitSoftcap: 30 }],
    [
      'gemma3_text',
      { layer_types: undefined, num_hidden_layers: 7 },
      { attention: { window: [4, 4, 4, 4, 4, null, 4] } },
    ],
    ['gpt_neox', { attention_bias: false }, { attention: { biases: { qkv: false, out: false } } }],
    ['gpt_neox', { hidden_act: 'gelu_fast' }, { mlp: { activation: 'gelu-tanh' } }],
    ['gpt_neox', { partial_rotary_factor: undefined, rotary_pct: 1 }, { positions: { dims: 16 } }],
    ['phi', { num_key_value_heads: null, auto_map: { AutoConfig: 'configuration_phi.PhiConfig' } }, { kvHeads: 3 }],
  ])('%s with %j', (name, changes, expected) => {
    // A value of undefined takes the key away.
    const config = Object.entries({ ...configs[name], ...changes }).filter(([, value]) => value !== undefined);
    expect(parse(Object.fromEntries(config))).toMatchObject(expected);
  });

  test('what the user ignores', () => {
    const contradiction = { ...configs['gemma'], hidden_act: 'gelu', hidden_activation: 'gelu_pytorch_tanh' };
    expect(parse(contradiction, ['hidden_act']).mlp?.activation).toBe('gelu-tanh');
  });
});

describe('refused, naming the key', () => {
  test.each<[string, Json, string]>([
    ['llama', { num_key_value_heads: 4 }, 'num_key_value_heads: got 4, expected a divisor of num_attention_heads = 6'],
    ['llama', { num_key_value_heads: 0 }, 'num_key_value_heads: got 0, expected an integer from 1'],
    ['llama', { num_key_value_heads: 7 }, 'num_key_value_heads: got 7, expected a divisor of num_attention_heads = 6'],
    ['llama', { num_attention_heads: 0 }, 'num_attention_heads: got 0, expected an integer from 1'],
    ['llama', { num_attention_heads: 7, head_dim: null }, 'hidden_size: got 36, expected a multiple of num_attention'],
    ['llama', { head_dim: 7 }, 'rotary positions turn 7 of 7 dimensions of a head, expected an even number'],
    ['llama', { head_dim: 0 }, 'head_dim: got 0, expected an integer from 1'],
    ['llama', { rms_norm_eps: 0 }, 'rms_norm_eps: got 0, expected a finite number above 0'],
    ['llama', { rope_theta: -1 }, 'rope_theta: got -1, expected a finite number above 0'],
    ['llama', { hidden_act: 'quick_gelu' }, 'hidden_act: got "quick_gelu", expected one of'],
    ['llama', { architectures: ['LlamaForSequenceClassification'] }, 'architectures: got ["LlamaForSequenceClass'],
    ['llama', { num_local_experts: 8 }, 'unknown key "num_local_experts"'],
    ['llama', { quantization_config: {} }, 'unknown key "quantization_config"'],
    ['llama', { sliding_window: 4 }, 'sliding_window: got 4, expected null: models with it are not supported'],
    ['llama', { partial_rotary_factor: 0.5 }, 'partial_rotary_factor: got 0.5, expected 1: this family rotates whole'],
    ['llama', { layer_types: ['full_attention'] }, 'layer_types: got ["full_attention"], expected a list of full_att'],
    [
      'llama',
      { layer_types: ['chunked_attention', 'full_attention', 'full_attention'] },
      'layer_types: got ["chunked_attention", "full_attention", "full_attention"], expected a list of full_attention',
    ],
    [
      'llama',
      { layer_types: ['sliding_attention', 'full_attention', 'full_attention'] },
      'layer_types: got ["sliding_attention", "full_attention", "full_attention"], expected sliding_attention in layers none',
    ],
    ...['longrope', 'yarn', 'dynamic', 'su', 'mrope'].map((kind): [string, Json, string] => [
      'llama',
      { rope_scaling: { rope_type: kind, factor: 2 } },
      `rope_scaling: rope_type: got "${kind}", expected one of default, linear, llama3`,
    ]),
    [
      'phi3',
      { rope_scaling: { type: 'longrope', long_factor: [1], short_factor: [1] } },
      'rope_scaling: type: got "longrope", expected one of default, linear, llama3',
    ],
    [
      'llama',
      { rope_scaling: { type: 'linear' } },
      'rope_scaling: factor: got nothing, expected a finite number above',
    ],
    ['llama', { rope_scaling: { type: 'linear', factor: 2, beta_fast: 1 } }, 'rope_scaling: unknown key "beta_fast"'],
    ['llama', { rope_scaling: 2 }, 'rope_scaling: got 2, expected an object or null'],
    ['llama', { rope_parameters: { full_attention: {} } }, 'rope_parameters: unknown key "full_attention"'],
    ['llama', { rope_parameters: { rope_theta: 5 } }, 'rope_theta: got 10000, expected the same as in the object with'],
    [
      'llama',
      { rope_scaling: { type: 'linear', factor: 2 }, rope_parameters: { rope_theta: 10_000 } },
      'rope_scaling: got an object, expected the same as rope_parameters says',
    ],
    [
      'llama3',
      { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 4 } },
      'rope_scaling: high_freq_factor: got 4, expected a number above low_freq_factor = 4',
    ],
    ['mistral', { sliding_window: 0 }, 'sliding_window: got 0, expected an integer from 1'],
    ['mistral', { attention_bias: true }, 'attention_bias: got true, expected false: models with it are not supported'],
    [
      'qwen2',
      { layer_types: ['full_attention', 'full_attention', 'sliding_attention'] },
      'layer_types: got ["full_attention", "full_attention", "sliding_attention"], expected sliding_attention in layers none',
    ],
    [
      'qwen2_swa',
      { sliding_window: null },
      'sliding_window: got null, expected an integer from 1, for layer_types has',
    ],
    [
      'gemma',
      { hidden_act: 'gelu', hidden_activation: 'gelu_pytorch_tanh' },
      'hidden_act: got "gelu", expected the same as the activation = "gelu-tanh"',
    ],
    ['gemma', { use_bidirectional_attention: true }, 'use_bidirectional_attention: got true, expected false'],
    ['gemma2', { query_pre_attn_scalar: 0 }, 'query_pre_attn_scalar: got 0, expected a finite number above 0'],
    ['gemma2', { attn_logit_softcapping: -5 }, 'attn_logit_softcapping: got -5, expected a finite number above 0'],
    ['gemma3_text', { sliding_window: '4' }, 'sliding_window: got "4", expected an integer from 1'],
    ['gemma3_text', { rope_parameters: { rope_theta: 1 } }, 'rope_parameters: unknown key "rope_theta"'],
    ['gemma3_text', { rope_local_base_freq: 0 }, 'rope_local_base_freq: got 0, expected a finite number above 0'],
    ['gpt_neox', { rotary_pct: 0.5 }, 'rotary_pct: got 0.5, expected the same as partial_rotary_factor = 0.25'],
    ['gpt_neox', { rotary_pct: 0.2, partial_rotary_factor: 0.2 }, 'rotary positions turn 3 of 16 dimensions of a head'],
    ['gpt_neox', { rotary_pct: 0, partial_rotary_factor: 0 }, 'partial_rotary_factor: got 0, expected a finite'],
    ['gpt_neox', { rotary_pct: 2, partial_rotary_factor: 2 }, 'rotary positions turn 32 of 16 dimensions of a head'],
    [
      'gpt_neox',
      { num_key_value_heads: 1 },
      'num_key_value_heads: got 1, expected 3: models with it are not supported',
    ],
    ['gpt_neox', { hidden_size: 49 }, 'hidden_size: got 49, expected a multiple of num_attention_heads = 3'],
    ['phi', { qk_layernorm: 'yes' }, 'qk_layernorm: got "yes", expected true or false'],
  ])('%s with %j', (name, changes, message) => {
    expect(() => parse({ ...configs[name], ...changes })).toThrow(`config.json: ${message}`);
  });

  test.each(['mixtral', 'qwen3_moe', 'gptj', 'mistral3', 'bert', '__proto__'])('the family %s', (family) => {
    const experts = /mixtral|moe/.test(family) ? ' (a mixture of experts)' : '';
    expect(() => parse({ ...configs['llama'], model_type: family })).toThrow(
      `config.json: model_type: got "${family}"${experts}, expected one of the supported families: gpt2, gpt_neo, `,
    );
  });
});
