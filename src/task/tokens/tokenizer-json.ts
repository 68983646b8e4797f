import { firstLine } from '../../base/text.js';
import { schemaComplaint } from '../schema-complaint.js';
import * as v from 'valibot';

import { EdgewiseError } from '../../base/errors.js';
import type { AddedToken } from './added-tokens.js';
import type { ModelFields } from './model.js';

/** Longest tokenizer.json that is read: the largest public ones (250,000 pieces) have about 35 MB. */
const MAX_CHARACTERS = 128 * 1024 * 1024;
/** Above any published vocabulary. The library keeps an array indexed by id. */
const MAX_VOCABULARY = 4_194_304;

/** Levels of stages in stages. Published files have two. */
const MOST_DEPTH = 100;

/** A file's contents, with its name for messages. */
export interface NamedText {
  readonly text: string;
  readonly where: string;
}

/** A tokenizer.json, checked. Null stands for a stage that it does not have. */
export interface TokenizerJson {
  readonly added: readonly AddedToken[];
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
  readonly postProcessor: unknown;
  readonly model: ModelFields;
  /** Token strings spell bytes with GPT-2's table of 256 printable characters. */
  readonly byteLevel: boolean;
}

const idSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_VOCABULARY));

const flag = v.exactOptional(v.boolean(), false);
const addedSchema = v.pipe(
  v.looseObject({
    id: idSchema,
    content: v.string(),
    single_word: flag,
    lstrip: flag,
    rstrip: flag,
    normalized: v.exactOptional(v.boolean()),
    special: flag,
  }),
  v.transform((token): AddedToken => ({ ...token, normalized: token.normalized ?? !token.special })),
);

const tokenizerSchema = v.looseObject({
  added_tokens: v.optional(v.nullable(v.array(addedSchema))),
  normalizer: v.optional(v.nullable(v.looseObject({}))),
  pre_tokenizer: v.optional(v.nullable(v.looseObject({}))),
  post_processor: v.optional(v.nullable(v.looseObject({}))),
  decoder: v.optional(v.nullable(v.looseObject({}))),
  model: v.looseObject({
    type: v.optional(v.string()),
    vocab: v.custom<object>(isVocabulary, 'must map tokens to ids (or list [token, score] pairs)'),
    merges: v.optional(v.union([v.array(v.string()), v.array(v.tuple([v.string(), v.string()]))])),
  }),
});

/**
 * Reads a Hugging Face tokenizer.json.
 *
 * @throws EdgewiseError of kind config, naming the file and the field at fault.
 */
export function readTokenizerJson({ text, where }: NamedText): TokenizerJson {
  const parsed = v.safeParse(tokenizerSchema, parseObject({ text, where }));
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new EdgewiseError('config', where, schemaComplaint(issue));
  }
  const { added_tokens: added, normalizer, pre_tokenizer, post_processor, decoder, model } = parsed.output;
  for (const stage of ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const) {
    if (isDeep(parsed.output[stage], MOST_DEPTH)) {
      throw new EdgewiseError(
        'config',
        where,
        `${stage}: holds stages in stages, expected at most ${MOST_DEPTH} levels`,
      );
    }
  }
  return {
    added: added ?? [],
    normalizer: normalizer ?? null,
    preTokenizer: pre_tokenizer ?? null,
    postProcessor: post_processor ?? null,
    model,
    byteLevel: hasByteLevelStage(normalizer) || hasByteLevelStage(pre_tokenizer) || hasByteLevelStage(decoder),
  };
}

/**
 * The JSON object that a file holds.
 *
 * @throws EdgewiseError of kind config, naming the file.
 */
export function parseObject({ text, where }: NamedText): Record<string, unknown> {
  if (text.length > MAX_CHARACTERS) {
    throw new EdgewiseError('config', where, `has ${text.length} characters, expected at most ${MAX_CHARACTERS}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EdgewiseError('config', where, `is not valid JSON (${firstLine(cause)})`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EdgewiseError('config', where, 'expected a JSON object');
  }
  return value as Record<string, unknown>;
}

/** Valibot's record type would drop words such as `constructor`, so the vocabulary is checked by hand. */
function isVocabulary(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    return (
      value.length <= MAX_VOCABULARY &&
      value.every((item) => Array.isArray(item) && typeof item[0] === 'string' && Number.isFinite(item[1]))
    );
  }
  return Object.values(value).every((id) => v.is(idSchema, id));
}

/** `add_prefix_space` of a byte-level pre-tokenizer; null where there is none. */
export function hasPrefixSpace(preTokenizer: unknown): boolean | null {
  const stage = stagesOf(preTokenizer).find(({ type }) => type === 'ByteLevel');
  return stage === undefined ? null : stage['add_prefix_space'] === true;
}

function hasByteLevelStage(stage: unknown): boolean {
  return stagesOf(stage).some(({ type }) => type === 'ByteLevel');
}

/** Whether lists or objects stand in each other deeper than `levels`. */
function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeep(child, levels - 1));
}

/** A stage with all that it holds: a Sequence holds others. */
function stagesOf(stage: unknown): Readonly<Record<string, unknown>>[] {
  if (typeof stage !== 'object' || stage === null) return [];
  const fields = stage as Record<string, unknown>;
  const children = ['normalizers', 'pretokenizers', 'decoders'].flatMap((key) => fields[key] ?? []);
  return [fields, ...children.flatMap(stagesOf)];
}
