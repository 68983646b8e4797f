import * as v from 'valibot';

import { EdgewiseError } from '../base/errors.js';

/** Longest tokenizer.json that is read: the largest public ones (250,000 pieces) have about 35 MB. */
const MAX_CHARACTERS = 128 * 1024 * 1024;
/** Above any published vocabulary; the library keeps an array indexed by id. */
const MAX_VOCABULARY = 4_194_304;

/** What the library gives for text without a token. Not in any vocabulary, so it can be told from every real token. */
const UNKNOWN_TOKEN = '\u0000unknown';

/** The two files of a tokenizer, checked, in the form that the library takes. */
export interface TokenizerDescription {
  readonly json: object;
  readonly config: object;
  /** Token strings spell bytes with GPT-2's table of 256 printable characters. */
  readonly byteLevel: boolean;
}

const idSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_VOCABULARY));

const tokenizerSchema = v.looseObject({
  added_tokens: v.optional(v.nullable(v.array(v.looseObject({ id: idSchema, content: v.string() })))),
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
 * Reads a Hugging Face tokenizer.json (and tokenizer_config.json, or null) and takes its unknown token away: many
 * tokenizers give it the id of another token, and byte-pair models without one drop unknown text in silence.
 *
 * @throws EdgewiseError of kind config, naming the file and the field at fault.
 */
export function readTokenizerFiles(
  file: { readonly text: string; readonly where: string },
  configFile: { readonly text: string; readonly where: string } | null,
): TokenizerDescription {
  const parsed = v.safeParse(tokenizerSchema, parseObject(file.text, file.where));
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new EdgewiseError('config', file.where, `${v.getDotPath(issue) ?? 'top level'}: ${issue.message}`);
  }
  const { added_tokens: added, model, ...rest } = parsed.output;
  const config = configFile === null ? {} : parseObject(configFile.text, configFile.where);
  return {
    json: {
      ...rest,
      // The library asks for every stage; null means that there is none.
      normalizer: rest.normalizer ?? null,
      pre_tokenizer: rest.pre_tokenizer ?? null,
      post_processor: rest.post_processor ?? null,
      decoder: rest.decoder ?? null,
      added_tokens: added ?? [],
      model: { ...model, unk_token: UNKNOWN_TOKEN },
    },
    config: { ...config, unk_token: UNKNOWN_TOKEN },
    byteLevel: hasByteLevelStage(rest.pre_tokenizer) || hasByteLevelStage(rest.decoder),
  };
}

function parseObject(text: string, where: string): Record<string, unknown> {
  if (text.length > MAX_CHARACTERS) {
    throw new EdgewiseError('config', where, `has ${text.length} characters, expected at most ${MAX_CHARACTERS}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EdgewiseError('config', where, `is not valid JSON (${(cause as Error).message})`, { cause });
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
      value.every((item) => Array.isArray(item) && typeof item[0] === 'string' && typeof item[1] === 'number')
    );
  }
  return Object.values(value).every((id) => v.is(idSchema, id));
}

/** Stages nest: a Sequence holds others. */
function hasByteLevelStage(stage: unknown): boolean {
  if (typeof stage !== 'object' || stage === null) return false;
  if ('type' in stage && stage.type === 'ByteLevel') return true;
  const children: unknown[] = ['pretokenizers', 'decoders'].flatMap(
    (key) => (stage as Record<string, unknown>)[key] ?? [],
  );
  return children.some(hasByteLevelStage);
}
