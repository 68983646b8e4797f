import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { familyOf } from '../../../src/model/families/index.js';
import { assertSupported } from '../../../src/model/support.js';
import type { ModelSpec } from '../../../src/model/spec.js';
import { fixture, fixtureJson } from '../../support/fixtures.js';

const base = await fixtureJson<Record<string, unknown>>('families/gpt2/config.json');

function parse(changes: Record<string, unknown> = {}, remove: readonly string[] = []): ModelSpec {
  const config: Record<string, unknown> = { ...base, ...changes };
  for (const key of remove) delete config[key];
  return familyOf(config, 'config.json').parseConfig(config, 'config.json');
}

test('the neutral description', () => {
  expect(parse()).toEqual({
    family: 'gpt2',
    layers: 3,
    heads: 5,
    kvHeads: 5,
    width: 30,
    headWidth: 6,
    mlpWidth: 120,
    vocab: 67,
    maxPositions: 16,
    norm: { kind: 'layer', epsilon: 1e-5, onePlusGain: false },
    positions: { kind: 'learned' },
    block: 'sequential',
    attention: {
      scale: [6 ** -0.5, 6 ** -0.5, 6 ** -0.5].map((x) => expect.closeTo(x, 15) as number),
      softcap: null,
      window: [null, null, null],
      qkNorm: null,
      biases: { qkv: true, out: true },
    },
    mlp: { kind: 'plain', activation: 'gelu-tanh', biases: true },
    embeddingScale: 1,
    tied: true,
    logitBias: false,
    logitSoftcap: null,
    preNorms: true,
    postNorms: false,
    bosTokenId: 66,
  });
});

test.each(['gpt2', 'gpt2_f16', 'gpt2_hub', 'gpt2_invlayer', 'gpt2_pad'])(
  '%s: older and newer wordings describe the same model',
  async (name) => {
    const specs: ModelSpec[] = [];
    for (const file of ['config.json', 'config.old.json', 'config.v5.json']) {
      if (!existsSync(fixture(`families/${name}/${file}`))) continue;
      const json = await fixtureJson(`families/${name}/${file}`);
      specs.push(familyOf(json, file).parseConfig(json, file));
    }
    expect(specs.length).toBe(['gpt2_f16', 'gpt2_hub'].includes(name) ? 1 : 3);
    for (const spec of specs) expect(spec).toEqual(specs[0]);
  },
);

describe('values', () => {
  test.each<[string, Record<string, unknown>, Partial<Record<keyof ModelSpec, unknown>>]>([
    ['n_inner', { n_inner: 77 }, { mlpWidth: 77 }],
    ['untied', { tie_word_embeddings: false }, { tied: false }],
    ['no beginning-of-text token', { bos_token_id: null }, { bosTokenId: null }],
    ['exact gelu', { activation_function: 'gelu' }, { mlp: { kind: 'plain', activation: 'gelu', biases: true } }],
    ['swish', { activation_function: 'swish' }, { mlp: { kind: 'plain', activation: 'silu', biases: true } }],
    ['epsilon', { layer_norm_epsilon: 1e-3 }, { norm: { kind: 'layer', epsilon: 1e-3, onePlusGain: false } }],
  ])('%s', (_, changes, expected) => {
    expect(parse(changes)).toMatchObject(expected);
  });

  test('attention scales', () => {
    expect(parse({ scale_attn_weights: false }).attention.scale).toEqual([1, 1, 1]);
    const inverse = parse({ scale_attn_by_inverse_layer_idx: true }).attention.scale;
    inverse.forEach((scale, layer) => expect(scale * (layer + 1) * Math.sqrt(6)).toBeCloseTo(1, 14));
  });

  test('defaults of absent keys', () => {
    const spec = parse({}, [
      'n_inner',
      'layer_norm_epsilon',
      'activation_function',
      'architectures',
      'bos_token_id',
      'scale_attn_weights',
    ]);
    expect({ ...spec, bosTokenId: 66 }).toEqual(parse());
  });
});

describe('refused, naming the key', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ n_layer: 0 }, 'n_layer: got 0, expected an integer from 1'],
    [{ n_layer: 1e9 }, 'n_layer: got 1000000000, expected an integer from 1'],
    [{ n_head: '5' }, 'n_head: got "5", expected an integer from 1'],
    [{ n_head: 4 }, 'n_embd: got 30, expected a multiple of n_head = 4'],
    [{ vocab_size: 2.5 }, 'vocab_size: got 2.5'],
    [{ n_positions: -1 }, 'n_positions: got -1'],
    [{ n_ctx: 8 }, 'n_ctx: got 8, expected the same as n_positions = 16'],
    [{ layer_norm_epsilon: -1 }, 'layer_norm_epsilon: got -1, expected a finite number above 0'],
    [{ layer_norm_epsilon: 'small' }, 'layer_norm_epsilon: got "small"'],
    [{ activation_function: 'quick_gelu' }, 'activation_function: got "quick_gelu", expected one of gelu_new'],
    [{ activation_function: 'toString' }, 'activation_function: got "toString"'],
    [{ scale_attn_weights: 1 }, 'scale_attn_weights: got 1, expected true or false'],
    [{ tie_word_embeddings: 'yes' }, 'tie_word_embeddings: got "yes"'],
    [{ add_cross_attention: true }, 'add_cross_attention: got true, expected false'],
    [{ is_encoder_decoder: true }, 'is_encoder_decoder: got true, expected false'],
    [{ pruned_heads: { 0: [1] } }, 'pruned_heads: got an object, expected an empty object'],
    [{ bos_token_id: -1 }, 'bos_token_id: got -1'],
    [
      { architectures: ['GPT2ForSequenceClassification'] },
      'architectures: got ["GPT2ForSequenceClassification"], expected a list of GPT2LMHeadModel',
    ],
    [{ architectures: 'GPT2LMHeadModel' }, 'architectures: got "GPT2LMHeadModel"'],
    [{ rope_theta: 1e4 }, 'unknown key "rope_theta"'],
    [{ quantization_config: {}, auto_map: {} }, 'unknown keys "quantization_config", "auto_map"'],
    [{ model_type: 'bert' }, 'model_type: got "bert", expected one of the supported families: gpt2'],
  ])('%j', (changes, message) => {
    expect(() => parse(changes)).toThrow(`config.json: ${message}`);
  });

  test.each(['n_layer', 'n_head', 'n_embd', 'n_positions', 'vocab_size', 'model_type'])('%s absent', (key) => {
    expect(() => parse({}, [key])).toThrow(`config.json: ${key}: got nothing, expected`);
  });

  test.each([null, [], 'gpt2', 3])('a config that is %j', (json) => {
    expect(() => familyOf(json, 'config.json')).toThrow('config.json: model_type: got nothing');
  });
});

test('what the kernels lack is refused by name, all of it at once', () => {
  const spec = parse();
  expect(() => assertSupported(spec, 'm')).not.toThrow();
  const other: ModelSpec = {
    ...spec,
    postNorms: true,
    attention: { ...spec.attention, qkNorm: { kind: 'layer', over: 'projection' } },
  };
  expect(() => assertSupported(other, 'm')).toThrow(
    'm: this gpt2 model needs what is not built yet: layer norms after the sublayers, layer norms of queries and keys',
  );
});
