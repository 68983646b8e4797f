import { describe, expect, test } from 'vitest';
import { familyOf } from '../../../src/model/families/index.js';
import type { ModelSpec } from '../../../src/model/spec.js';
import { fixtureJson } from '../../support/fixtures.js';

const base = await fixtureJson<Record<string, unknown>>('families/gpt2/config.json');
const plain = parse();

function parse(
  changes: Record<string, unknown> = {},
  remove: readonly string[] = [],
  ignored: readonly string[] = [],
): ModelSpec {
  const config: Record<string, unknown> = { ...base, ...changes };
  for (const key of remove) delete config[key];
  return familyOf(config, 'config.json').parseConfig(config, 'config.json', ignored);
}

test.each(['alias', 'about'])('a published config: %s', async (name) => {
  const json = await fixtureJson(`field/config-inert-keys/${name}.json`);
  expect(familyOf(json, name).parseConfig(json, name)).toMatchObject({ layers: 4, heads: 8, width: 128 });
});

describe('other names of sizes', () => {
  const sizes = { hidden_size: 30, num_hidden_layers: 3, num_attention_heads: 5, max_position_embeddings: 16 };
  const own = ['n_embd', 'n_layer', 'n_head', 'n_positions', 'n_ctx'];

  test('agree with the own ones, or stand for them', () => {
    expect(parse(sizes)).toEqual(plain);
    expect(parse(sizes, own)).toEqual(plain);
  });

  test.each<[Record<string, unknown>, string]>([
    [{ hidden_size: 64 }, 'hidden_size: got 64, expected the same as n_embd = 30'],
    [{ num_hidden_layers: 2 }, 'num_hidden_layers: got 2, expected the same as n_layer = 3'],
    [{ num_attention_heads: '5' }, 'num_attention_heads: got "5", expected the same as n_head = 5'],
    [{ max_position_embeddings: 1024 }, 'max_position_embeddings: got 1024, expected the same as n_positions = 16'],
  ])('%j disagrees', (changes, message) => {
    expect(() => parse(changes)).toThrow(message);
  });

  test('a value that stands for another is named by its own name', () => {
    expect(() => parse({ hidden_size: 31 }, ['n_embd'])).toThrow(
      'hidden_size: got 31, expected a multiple of n_head = 5',
    );
  });

  test('what other programs call the same value is compared', () => {
    const same = { d_model: 30, num_heads: 5, num_key_value_heads: 5, head_dim: 6, intermediate_size: 120 };
    const more = { block_size: 16, layer_norm_eps: 1e-5, hidden_act: 'gelu_pytorch_tanh', n_layers: null };
    expect(parse({ ...same, ...more })).toEqual(plain);
    expect(() => parse({ intermediate_size: 64 })).toThrow(
      'intermediate_size: got 64, expected the same as n_inner = 120',
    );
    expect(() => parse({ hidden_act: 'relu' })).toThrow(
      'hidden_act: got "relu", expected the same as activation_function',
    );
    expect(() => parse({ num_key_value_heads: 1 })).toThrow(
      'num_key_value_heads: got 1, expected the same as n_head = 5',
    );
    // The family's own code does not read such a key, so that a user may know better.
    expect(parse({ seq_length: 1024 }, [], ['seq_length'])).toEqual(plain);
    expect(() => parse({ seq_length: 1024 })).toThrow('seq_length: got 1024, expected the same as n_positions = 16');
  });
});

test.each<Record<string, unknown>>([
  { author: 'someone', created_date: '2021-01-01', license: 'MIT' },
  { _anything: { at: ['all'] } },
  { hidden_dropout_prob: 0.1, attention_dropout: 0.1, learning_rate: 1e-4, batch_size: 8 },
  { model_max_length: 1e30, unk_token_id: 3, max_new_tokens: 20 },
  { use_bias: true, rotary: false, causal: null },
])('%j changes no number', (changes) => {
  expect(parse(changes)).toEqual(plain);
});

test('keys that make it another model are refused, whatever the user ignores', () => {
  expect(() => parse({ use_bias: false })).toThrow('use_bias: got false, expected true: models with it');
  expect(() => parse({ rotary: true }, [], ['rotary'])).toThrow('rotary: got true, expected false');
});

describe('unknown keys', () => {
  test('all come in one message, with the way out and what may have been meant', () => {
    expect(() => parse({ rope_thing: 1, layer_norm_epsilom: 2 })).toThrow(
      `config.json: unknown keys "rope_thing", "layer_norm_epsilom" (layer_norm_epsilon?): not known to leave the model's ` +
        'numbers unchanged; if they change nothing, --ignore-config rope_thing,layer_norm_epsilom (ignoreConfig of ' +
        'the library) goes on without them',
    );
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`strange_${i}`, i]));
    expect(() => parse(many)).toThrow(/"strange_3" and 4996 more: .*--ignore-config key,key/);
  });

  test('can be ignored, all of them', () => {
    expect(parse({ rope_thing: 1, other: [] }, [], ['other', 'rope_thing'])).toEqual(plain);
    expect(() => parse({ rope_thing: 1, other: [] }, [], ['other'])).toThrow('unknown key "rope_thing":');
  });

  test('a key that is read, or is not there, cannot be ignored', () => {
    expect(() => parse({}, [], ['n_head'])).toThrow('"n_head" cannot be ignored (--ignore-config): it says what the');
    expect(() => parse({ hidden_size: 30 }, [], ['hidden_size'])).toThrow('"hidden_size" cannot be ignored');
    expect(() => parse({ rope_thing: 1 }, [], ['rope_think'])).toThrow('no such key; "rope_thing" is there');
  });

  test('a missing key that is there misspelt', () => {
    expect(() => parse({ n_layr: 3 }, ['n_layer'])).toThrow(
      'n_layer: got nothing, expected an integer from 1 to 1000; did "n_layr" mean n_layer?',
    );
  });
});
