import type { BosRule } from '../base/bos-rule.js';
import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import { checkAddedIds } from './tokens/added-ids.js';
import { beginningOf, type Beginning, type BosMode } from './tokens/beginning.js';
import { encoderOf, type TextWatch } from './tokens/encode-text.js';
import { readModel } from './tokens/model.js';
import { readNormalizer } from './tokens/normalizer.js';
import { readPreTokenizer } from './tokens/pre-tokenizer.js';
import { disagreements, readSideFiles } from './tokens/side-files.js';
import { specialPrefix } from './tokens/special-prefix.js';
import { shownToken, textOfToken, type TokenStrings } from './tokens/token-texts.js';
import { readTokenizerJson, type NamedText } from './tokens/tokenizer-json.js';
import type { TokenizerIdentity } from './types.js';

export type { TextWatch } from './tokens/encode-text.js';
export type { BosMode } from './tokens/beginning.js';

/** A mode, or a token by its spelling in the tokenizer's file: `<s>`. */
export type BosOption = BosMode | { readonly text: string };

/** What is to be known of a tokenizer. */
export interface TokenizerFacts {
  readonly identity: TokenizerIdentity;
  /** What is put in front of every prompt, and where that is said. */
  readonly beginning: Beginning;
  /** What the person who runs this should know: files that disagree, stages that are not exact. One sentence each. */
  readonly notes: readonly string[];
  /** File, kind of the model and number of tokens: `tokenizer.json, BPE of 50,257 tokens`. */
  readonly description: string;
  readonly strings: TokenStrings;
}

export interface TaskTokenizer extends TokenizerFacts {
  /**
   * Ids of a prompt, beginning-of-text token included as the mode says. `where` names the text in errors.
   *
   * @throws EdgewiseError of kind task: empty text, a word without a token, an id that the model does not have. Of kind
   *   config: a beginning-of-text id that no file of the tokenizer marks as special.
   */
  encodePrompt(text: string, where: string): number[];
  /**
   * Ids of any text without special tokens around it. `where` names the text in errors.
   *
   * @throws EdgewiseError of kind task: a word without a token, an id that the model does not have.
   */
  encode(text: string, where: string): number[];
  /** Ids of a text without special tokens around it, or null where a part of it has no token. */
  encodeBare(text: string): number[] | null;
  /** The token as text for display, leading space and all. */
  tokenText(id: number): string;
}

export interface TokenizerOptions {
  /** Beginning-of-text id of the model's config, or null. */
  readonly bosTokenId: number | null;
  /** What `auto` goes by where no file of the tokenizer says. Default: the config. */
  readonly bosRule?: BosRule;
  readonly bos: BosOption;
  /** SHA-256 (hex) of the tokenizer's file, for provenance. */
  readonly hash?: string;
  /** Size of the model's vocabulary: ids must be below. */
  readonly vocab: number;
  /** special_tokens_map.json, where there is one. */
  readonly specialTokensMap?: NamedText | null;
  readonly watch?: TextWatch | undefined;
}

/**
 * Builds a tokenizer from the texts of tokenizer.json and, where there is one, tokenizer_config.json. Ids are those of
 * the Rust library `tokenizers`.
 *
 * @throws EdgewiseError of kind config, naming the file and what in it is at fault or not supported.
 */
export function createTokenizer(
  file: NamedText,
  configFile: NamedText | null,
  { bosTokenId, bosRule = 'config', bos: bosOption, vocab, hash, specialTokensMap = null, watch }: TokenizerOptions,
): TaskTokenizer {
  const { where } = file;
  const json = readTokenizerJson(file);
  const side = readSideFiles(configFile, specialTokensMap);
  const model = readModel(json.model, where);
  const idNotes = checkAddedIds(json.added, model.ids, where);
  const { normalize, keepsStart, notes: normalizerNotes } = readNormalizer(json.normalizer, where);
  const preTokenize = readPreTokenizer(json.preTokenizer, keepsStart, where);
  const encodeText = encoderOf({ added: json.added, normalize, preTokenize, model }, where, watch);

  const strings: TokenStrings = {
    model: new Map([...model.ids].map(([token, id]) => [id, token])),
    added: new Map(json.added.map((token) => [token.id, token.content])),
    byteLevel: json.byteLevel,
  };
  const addedIds = new Map(json.added.map((token) => [token.content, token.id]));
  const textOf = textOfToken(strings);
  const tokenText = shownToken(strings);
  const idOf = (token: string): number | undefined => addedIds.get(token) ?? model.ids.get(token);

  const special = new Set([
    ...json.added.filter((token) => token.special).map(({ id }) => id),
    ...[...side.special].flatMap((token) => idOf(token) ?? []),
  ]);

  const encodeBare = (text: string): number[] | null => known(encodeText(text));
  const bos = typeof bosOption === 'object' ? namedToken(bosOption.text, idOf, encodeBare) : bosOption;
  const beginning = beginningOf(bos, {
    prefix: specialPrefix(json.postProcessor, where),
    where,
    configId: bosTokenId,
    rule: bosRule,
    named: side.bos,
    addBos: side.addBos,
    classAddsBos: side.classAddsBos,
    idOf,
    textOf,
    isSpecial: (id) => special.has(id),
    marksAny: special.size > 0,
  });

  const encode = (text: string, place: string): number[] => {
    const ids = encodeBare(text) ?? refuseUnknown(text, place);
    inVocabulary(ids, place);
    return ids;
  };

  const refuseUnknown = (text: string, place: string): never => {
    const words = text.match(/\s*\S+|\s+/g) ?? [];
    const word = words.find((candidate) => encodeBare(candidate) === null) ?? text;
    throw new EdgewiseError('task', place, `the tokenizer has no token for ${quote(word)}`);
  };

  const inVocabulary = (ids: readonly number[], place: string): void => {
    const id = ids.find((candidate) => candidate >= vocab);
    if (id === undefined) return;
    const what = `token ${quote(tokenText(id))} has id ${id}, but the model's vocabulary has ${vocab} entries`;
    throw new EdgewiseError('task', place, what);
  };

  return {
    identity: { hash: hash ?? null, bos },
    beginning,
    notes: [
      ...vocabularyNotes(model.ids, vocab, where),
      ...idNotes,
      ...normalizerNotes,
      ...disagreements(side, json, where),
      ...beginning.notes,
    ],
    description: `${where.split(/[\\/]/).at(-1) ?? where}, ${model.type} of ${new Set([...strings.model.keys(), ...strings.added.keys()]).size.toLocaleString('en')} tokens`,
    strings,

    encodePrompt(text, place) {
      const plain = encodeBare(text) ?? refuseUnknown(text, place);
      if (plain.length === 0) throw new EdgewiseError('task', place, 'the prompt is empty');
      if (beginning.problem !== null) throw beginning.problem;
      const ids = [...beginning.ids, ...plain];
      inVocabulary(ids, place);
      return ids;
    },

    encode,
    encodeBare,
    tokenText,
  };
}

/** The id of a token by its spelling in the tokenizer's file, or as it stands in a text. */
function namedToken(
  text: string,
  idOf: (token: string) => number | undefined,
  encodeBare: (text: string) => number[] | null,
): number {
  const named = idOf(text);
  if (named !== undefined) return named;
  const [id, ...more] = encodeBare(text) ?? [];
  if (id !== undefined && more.length === 0) return id;
  throw new EdgewiseError(
    'usage',
    '--bos',
    `${quote(text)} is no token of the model, expected auto, yes, no, an id or a token`,
  );
}

/** A model has an entry for every string of its tokenizer, save perhaps for added ones that it never reads. */
function vocabularyNotes(ids: ReadonlyMap<string, number>, vocab: number, where: string): string[] {
  const beyond = [...ids.values()].filter((id) => id >= vocab).length;
  if (beyond === 0) return [];
  const tokens = `${beyond.toLocaleString('en')} of ${ids.size.toLocaleString('en')} tokens`;
  const what = `${tokens} have ids that the model's vocabulary of ${vocab.toLocaleString('en')} entries does not have`;
  return [`${where}: ${what}; it may be the tokenizer of another model`];
}

function known(ids: readonly (number | null)[]): number[] | null {
  return ids.every((id) => id !== null) ? [...ids] : null;
}
