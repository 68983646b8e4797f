import { isObject } from '../../base/json/strict-json.js';
import { ConfigReader, type ConfigReaderOptions, type InertKeys } from '../../checkpoint/config-reader.js';
import type { Activation, ModelSpec } from '../spec.js';
import { ACTIVATIONS } from './activations.js';
import type { ModelFamily } from './family.js';
import { INERT_KEYS } from './inert-keys.js';
import { linearPlaces, type ModuleNames } from './linear-places.js';
import { readSpellings, type OwnNames } from './spellings.js';

/** Far above every real model, and small enough that tables of names and sizes stay harmless. */
export const MAX_LAYERS = 1000;
export const MAX_HEADS = 1000;
export const MAX_SIZE = 2 ** 24;

/** What all families but GPT-2 call the values that others spell differently. */
const OWN_NAMES: OwnNames = {
  width: 'hidden_size',
  layers: 'num_hidden_layers',
  heads: 'num_attention_heads',
  kvHeads: 'num_key_value_heads',
  headWidth: 'the width of a head',
  mlpWidth: 'intermediate_size',
  positions: 'max_position_embeddings',
  vocabulary: 'vocab_size',
  epsilon: "the norms' epsilon",
  activation: 'the activation',
};

/** The model before its family says more: no biases, no windows, norms before the sublayers, one after the other. */
export interface PlainDecoder extends Omit<ModelSpec, 'positions' | 'mlp'> {
  readonly activation: Activation;
}

/** A family whose config words sizes as Llama's does, and whose linear layers are stored as [out, in]. */
export interface Dialect extends Pick<ModelFamily, 'modelType' | 'bos' | 'namings' | 'embed' | 'remarks'> {
  /** Classes of the bare model and of the language model. */
  readonly architectures: readonly string[];
  readonly aliases?: ConfigReaderOptions['aliases'];
  readonly inert?: readonly InertKeys[];
  readonly norm: { readonly kind: ModelSpec['norm']['kind']; readonly key: string; readonly absent: number };
  /** The first of the keys that is not null names the activation; `absent` does where all are. */
  readonly activation: { readonly keys: readonly string[]; readonly absent: string };
  /** What the config class takes where a key is absent. Null stands for as many as query heads, and for d / H. */
  readonly absent?: { readonly kvHeads?: number; readonly headWidth?: number };
  /** Hidden width of the MLP as a multiple of d, where intermediate_size is null. */
  readonly mlpFactor?: number;
  /** The rest of the description: `plain` holds for what it does not change. */
  describe(config: ConfigReader, plain: PlainDecoder): Partial<ModelSpec> & Pick<ModelSpec, 'positions' | 'mlp'>;
  names(spec: ModelSpec): ModuleNames;
  readonly isBeside?: RegExp;
}

const MLP_WIDTH = 'intermediate_size';

/** Angles of rotary positions, which older checkpoints store. */
const INVERSE_FREQUENCIES = /(^|\.)rotary_emb\.inv_freq$/;

export function decoderFamily(dialect: Dialect): ModelFamily {
  return {
    modelType: dialect.modelType,
    bos: dialect.bos,
    namings: dialect.namings,
    embed: dialect.embed,
    parseConfig(json, where, ignored = []) {
      const inert = [...INERT_KEYS, ...(dialect.inert ?? [])];
      const config = new ConfigReader(json, where, { aliases: dialect.aliases ?? {}, inert, ignored });
      const plain = readPlain(config, dialect);
      const { activation, ...spec } = { ...plain, ...dialect.describe(config, plain) };
      readSpellings(config, spec, activation, OWN_NAMES);
      config.finish();
      return spec;
    },
    remarks: (spec) => dialect.remarks?.(spec) ?? [],
    places: (spec, naming) => linearPlaces(spec, naming, dialect.embed, dialect.names(spec)),
    isBeside: (tensor) => INVERSE_FREQUENCIES.test(tensor) || (dialect.isBeside?.test(tensor) ?? false),
  };
}

function readPlain(config: ConfigReader, dialect: Dialect): PlainDecoder {
  config.choice('model_type', '', { [dialect.modelType]: true });
  readArchitectures(config, dialect.architectures);
  refuseOtherThanDecoders(config);
  const layers = config.size('num_hidden_layers', MAX_LAYERS);
  const heads = config.size('num_attention_heads', MAX_HEADS);
  const width = config.size('hidden_size', MAX_SIZE);
  const headWidth = readHeadWidth(config, width, heads, dialect.absent?.headWidth);
  const { mlpFactor, norm, activation } = dialect;
  return {
    family: dialect.modelType,
    layers,
    heads,
    kvHeads: readKvHeads(config, heads, dialect.absent?.kvHeads),
    width,
    headWidth,
    mlpWidth:
      mlpFactor === undefined
        ? config.size(MLP_WIDTH, MAX_SIZE)
        : (config.optionalSize(MLP_WIDTH, MAX_SIZE) ?? mlpFactor * width),
    vocab: config.size('vocab_size', MAX_SIZE),
    maxPositions: config.size('max_position_embeddings', MAX_SIZE),
    norm: { kind: norm.kind, epsilon: config.positive(norm.key, norm.absent), onePlusGain: false },
    block: 'sequential',
    attention: {
      scale: new Array<number>(layers).fill(1 / Math.sqrt(headWidth)),
      softcap: null,
      window: new Array<null>(layers).fill(null),
      qkNorm: null,
      biases: { qkv: false, out: false },
    },
    embeddingScale: 1,
    tied: config.flag('tie_word_embeddings', true),
    logitBias: false,
    logitSoftcap: null,
    preNorms: true,
    postNorms: false,
    bosTokenId: config.tokenId('bos_token_id'),
    activation: config.choice(
      activation.keys.find((key) => config.isStated(key)) ?? activation.keys[0]!,
      activation.absent,
      ACTIVATIONS,
    ),
  };
}

function readHeadWidth(config: ConfigReader, width: number, heads: number, absent?: number): number {
  if (absent !== undefined && config.value('head_dim') === undefined) return absent;
  const own = config.optionalSize('head_dim', MAX_SIZE);
  if (own !== undefined) return own;
  if (width % heads !== 0) config.fail('hidden_size', `a multiple of num_attention_heads = ${heads}`);
  return width / heads;
}

function readKvHeads(config: ConfigReader, heads: number, absent = heads): number {
  const key = 'num_key_value_heads';
  const stated = config.value(key) === undefined ? absent : config.optionalSize(key, MAX_HEADS);
  const kvHeads = stated ?? heads;
  if (heads % kvHeads !== 0) config.fail(key, `a divisor of num_attention_heads = ${heads}`);
  return kvHeads;
}

export function readArchitectures(config: ConfigReader, known: readonly string[]): void {
  const names = config.value('architectures') ?? [];
  if (Array.isArray(names) && names.every((name) => known.includes(name as string))) return;
  config.fail('architectures', `a list of ${known.join(' or ')}`);
}

export function refuseOtherThanDecoders(config: ConfigReader): void {
  for (const key of ['add_cross_attention', 'is_encoder_decoder']) {
    if (config.flag(key, false)) config.fail(key, 'false: only decoders are supported');
  }
  const pruned = config.value('pruned_heads') ?? {};
  if (!isObject(pruned) || Object.keys(pruned).length > 0)
    config.fail('pruned_heads', 'an empty object: pruned heads are not supported');
}
