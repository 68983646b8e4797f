// Writes the ids that the tokenizers of test/golden/tokenizers give to the texts of test/golden/tokenizer-references.
// The ids come from the Rust library behind most published tokenizers, through its npm package `tokenizers`. The
// project does not depend on that package: it is only wanted here, in a folder of its own. stages.json has the ids of
// one tokenizer with one stage put in the place of its own.
//
//   npm install --prefix DIR tokenizers@0.23.2
//   node scripts/make-tokenizer-references.mjs DIR
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Stands for text without a token in the copies that look for such text. No text holds this string. */
const UNKNOWN = '\u0000unknown';

const [folder] = process.argv.slice(2);
if (folder === undefined) fail('usage: node scripts/make-tokenizer-references.mjs DIR (the folder of the npm package)');
const { Tokenizer } = createRequire(join(resolve(folder), 'package.json'))('tokenizers');

const golden = fileURLToPath(new URL('../test/golden', import.meta.url));
const texts = JSON.parse(readFileSync(join(golden, 'tokenizer-references/texts.json'), 'utf8'));

const entries = [];
for (const file of readdirSync(join(golden, 'tokenizers')).sort()) {
  const description = JSON.parse(readFileSync(join(golden, 'tokenizers', file), 'utf8'));
  entries.push(`${JSON.stringify(file)}: ${show(await references(file, description))}`);
}
writeFileSync(join(golden, 'tokenizer-references/ids.json'), `{\n${entries.join(',\n')}\n}\n`);

/** Texts for the single stages, by number. */
const STAGE_TEXTS = [1, 3, 9, 10, 11, 13, 15, 18, 20, 22, 25, 31, 36, 38];
const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const split = (pattern, behavior, invert) => ({ type: 'Split', pattern, behavior, invert });
const metaspace = (prepend_scheme, cut) => ({ type: 'Metaspace', replacement: '\u2581', prepend_scheme, split: cut });
const replace = (pattern, content) => ({ type: 'Replace', pattern, content });
const bert = (clean_text, handle_chinese_chars, lowercase, strip_accents) => {
  return { type: 'BertNormalizer', clean_text, handle_chinese_chars, lowercase, strip_accents };
};
const PRE_TOKENIZERS = [
  ...BEHAVIORS.flatMap((behavior) => [
    split({ Regex: '(\\w)e|o+' }, behavior, false),
    split({ Regex: '[aeiou]\\s*' }, behavior, true),
    { type: 'Punctuation', behavior },
  ]),
  split({ String: 'e.' }, 'Removed', false),
  { type: 'Digits', individual_digits: true },
  { type: 'Digits', individual_digits: false },
  { type: 'Whitespace' },
  { type: 'WhitespaceSplit' },
  { type: 'BertPreTokenizer' },
  { type: 'CharDelimiterSplit', delimiter: 'e' },
  { type: 'FixedLength', length: 3 },
  ...['always', 'never', 'first'].flatMap((scheme) => [metaspace(scheme, true), metaspace(scheme, false)]),
  { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, metaspace('first', true)] },
  { ...bytes, add_prefix_space: true },
];
const NORMALIZERS = [
  ...['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents'].map((type) => ({ type })),
  { type: 'Strip', strip_left: true, strip_right: false },
  { type: 'Strip', strip_left: false, strip_right: true },
  { type: 'Prepend', prepend: '$x' },
  replace({ Regex: 'e(.)' }, '$1$&'),
  replace({ String: '.' }, '$&'),
  bert(true, true, true, null),
  bert(true, false, false, true),
  bert(false, true, true, false),
];

const base = JSON.parse(readFileSync(join(golden, 'tokenizers/gpt2.json'), 'utf8'));
const stages = [];
for (const stage of PRE_TOKENIZERS) stages.push(await stageReferences('pre_tokenizer', stage));
for (const stage of NORMALIZERS) stages.push(await stageReferences('normalizer', stage));
writeFileSync(join(golden, 'tokenizer-references/stages.json'), `[\n${stages.join(',\n')}\n]\n`);

async function stageReferences(key, stage) {
  const value = key === 'pre_tokenizer' ? { type: 'Sequence', pretokenizers: [stage, bytes] } : stage;
  const tokenizer = Tokenizer.fromString(JSON.stringify({ ...base, [key]: value }));
  const lines = [];
  for (const text of STAGE_TEXTS)
    lines.push(`    "${text}": ${JSON.stringify(await encode(tokenizer, texts[text], false))}`);
  return `{\n  "${key}": ${JSON.stringify(value)},\n  "ids": {\n${lines.join(',\n')}\n  }\n}`;
}

/**
 * `before` and `behind`: the special tokens that the tokenizer puts around every text. `ids`: one list for each text,
 * without them, or null where the tokenizer has no token for a part of the text.
 */
async function references(file, description) {
  const tokenizer = Tokenizer.fromString(JSON.stringify(description));
  checkAddedIds(file, tokenizer, description.added_tokens);
  const marked = Tokenizer.fromString(JSON.stringify(markUnknown(description)));
  const { before, behind } = await surroundings(tokenizer, texts[1]);
  const ids = [];
  for (const text of texts) {
    const plain = await encode(tokenizer, text, false);
    const whole = await encode(tokenizer, text, true);
    if (String(whole) !== String([...before, ...plain, ...behind]))
      fail(`${file}: ${JSON.stringify(text)}: odd specials`);
    const hasUnknown = (await encode(marked, text, false)).includes(marked.tokenToId(UNKNOWN));
    ids.push(hasUnknown ? null : plain);
  }
  return { before, behind, ids };
}

/** The Rust library numbers added tokens itself, whatever the file says. A file that says otherwise proves nothing. */
function checkAddedIds(file, tokenizer, added) {
  const odd = added.find(({ id, content }) => tokenizer.tokenToId(content) !== id);
  if (odd !== undefined) fail(`${file}: ${JSON.stringify(odd.content)} is given ${tokenizer.tokenToId(odd.content)}`);
}

/** The same tokenizer with an unknown token that is nothing else: models without one drop unknown text. */
function markUnknown({ model, ...rest }) {
  if (model.type !== 'Unigram') {
    const id = Object.keys(model.vocab).length;
    return { ...rest, model: { ...model, unk_token: UNKNOWN, vocab: { ...model.vocab, [UNKNOWN]: id } } };
  }
  const lowest = Math.min(...model.vocab.map(([, score]) => score));
  return { ...rest, model: { ...model, unk_id: model.vocab.length, vocab: [...model.vocab, [UNKNOWN, lowest]] } };
}

async function surroundings(tokenizer, text) {
  const encoding = await tokenizer.encode(text, null, { addSpecialTokens: true });
  const ids = encoding.getIds();
  const mask = encoding.getSpecialTokensMask();
  return { before: ids.slice(0, mask.indexOf(0)), behind: ids.slice(mask.lastIndexOf(0) + 1) };
}

async function encode(tokenizer, text, addSpecialTokens) {
  return (await tokenizer.encode(text, null, { addSpecialTokens })).getIds();
}

/** One line for each text. */
function show({ before, behind, ids }) {
  const lines = ids.map((list) => `    ${JSON.stringify(list)}`);
  return `{\n  "before": ${JSON.stringify(before)}, "behind": ${JSON.stringify(behind)},\n  "ids": [\n${lines.join(',\n')}\n  ]\n}`;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
