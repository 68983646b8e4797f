import { EdgewiseError } from '../../base/errors.js';
import { oneLine, quote } from '../../base/text.js';
import { isByteLevel } from './byte-level.js';
import { namedTokens } from './side-files.js';
import { parseObject, type NamedText } from './tokenizer-json.js';

/** The files of a tokenizer in GPT-2's own form, before there was tokenizer.json. */
export interface BytePairFiles {
  /** vocab.json: token -> id. */
  readonly vocab: NamedText;
  /** merges.txt: one merge a line, the two tokens with a space between them. */
  readonly merges: NamedText;
  readonly config: NamedText | null;
  readonly specialTokensMap: NamedText | null;
  /** added_tokens.json: token -> id. */
  readonly added: NamedText | null;
}

/** Classes of the transformers library that read these files as byte-level BPE with GPT-2's words. */
const CLASSES = /^(GPT2|CodeGen)Tokenizer(Fast)?$|^PreTrainedTokenizerFast$/;
/** What that library takes for GPT-2's special token where no file names one. */
const DEFAULT_SPECIAL = '<|endoftext|>';

/**
 * The tokenizer.json that stands for GPT-2's own files.
 *
 * @throws EdgewiseError of kind config that names the file: a vocabulary or a class of another kind of tokenizer, a
 * line that is no merge.
 */
export function tokenizerJsonOf({ vocab, merges, config, specialTokensMap, added }: BytePairFiles): object {
  const ids = vocabularyOf(vocab);
  const settings = config === null ? {} : parseObject(config);
  const { tokenizer_class: tokenizerClass, add_prefix_space: prefixSpace } = settings;
  if (typeof tokenizerClass === 'string' && !CLASSES.test(tokenizerClass)) {
    const what = `tokenizer_class ${oneLine(tokenizerClass)} makes other tokens of vocab.json and merges.txt than GPT-2's`;
    throw new EdgewiseError('config', config!.where, `${what}, expected GPT2Tokenizer or a tokenizer.json`);
  }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: prefixSpace === true, trim_offsets: true, use_regex: true };
  return {
    added_tokens: addedTokens(ids, [config, specialTokensMap], added),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: 'BPE', vocab: ids, merges: mergesOf(merges, ids) },
  };
}

function vocabularyOf(file: NamedText): Readonly<Record<string, number>> {
  const ids = idsOf(file);
  const ended = Object.keys(ids).find((token) => token.endsWith('</w>'));
  if (ended === undefined) return ids;
  const what = `holds ${quote(ended)}: a vocabulary with ends of words, as of the first GPT`;
  throw new EdgewiseError('config', file.where, `${what}, expected GPT-2's or a tokenizer.json`);
}

function mergesOf({ text, where }: NamedText, ids: Readonly<Record<string, number>>): string[][] {
  const lines = text.replaceAll('\r', '').split('\n');
  const first = lines[0]?.startsWith('#version') === true ? 1 : 0;
  while (lines.length > first && lines.at(-1) === '') lines.pop();
  const is = (i: number): string => `line ${first + i + 1} is ${quote(lines[first + i]!.slice(0, 60))}`;
  const pairs = lines.slice(first).map((line, i) => {
    const pair = line.split(' ');
    if (pair.length === 2 && pair.every((token) => token !== '' && isByteLevel(token))) return pair;
    throw new EdgewiseError('config', where, `${is(i)}, expected two tokens of GPT-2's byte characters`);
  });
  pairs.forEach((pair, i) => {
    const absent = [...pair, pair.join('')].find((token) => !Object.hasOwn(ids, token));
    if (absent === undefined) return;
    throw new EdgewiseError('config', where, `${is(i)}, but vocab.json has no ${quote(absent)}`);
  });
  return pairs;
}

/** Tokens that the side files name, with the vocabulary's ids or the next free ones. */
function addedTokens(
  ids: Readonly<Record<string, number>>,
  named: readonly (NamedText | null)[],
  addedFile: NamedText | null,
): object[] {
  const special = new Set(named.flatMap((file) => (file === null ? [] : namedTokens(parseObject(file)))));
  if (special.size === 0 && Object.hasOwn(ids, DEFAULT_SPECIAL)) special.add(DEFAULT_SPECIAL);
  const numbered = Object.entries(addedFile === null ? {} : idsOf(addedFile)).sort(([, a], [, b]) => a - b);
  const known = new Map<string, number>([...Object.entries(ids), ...numbered]);
  let next = known.size;
  for (const token of special) if (!known.has(token)) known.set(token, next++);
  const contents = new Set([...numbered.map(([token]) => token), ...special]);
  return [...contents].map((content) => ({
    id: known.get(content),
    content,
    normalized: false,
    special: special.has(content),
  }));
}

/** A file of tokens with their ids. */
function idsOf(file: NamedText): Readonly<Record<string, number>> {
  const ids = parseObject(file);
  for (const [token, id] of Object.entries(ids)) {
    if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0) continue;
    throw new EdgewiseError('config', file.where, `${quote(token)}: got ${quote(id)}, expected an id`);
  }
  return ids as Readonly<Record<string, number>>;
}
