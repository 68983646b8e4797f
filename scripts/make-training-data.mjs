// Makes the tokenizer and the training data of models/tasks-4l from the shipped tasks' templates (after `npm run
// build`): node scripts/make-training-data.mjs [FOLDER]     (default: runs/tasks-4l-data)
//
// Writes models/tasks-4l/tokenizer.json and, per task, FOLDER/<task>.{train,heldout,shipped}.bin: int32 numbers, one
// prompt after the other as (number of tokens, number of right answers, token ids, answer ids). `shipped` are the
// prompts of the task itself, `heldout` others; no clean prompt of either is in `train`.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Tokenizer } from '@huggingface/tokenizers';

import { builtinTasks } from '../dist/task/builtin/index.js';
import { toPromptPair } from '../dist/task/row.js';
import { expandTemplate } from '../dist/task/template-expand.js';
import { createTokenizer } from '../dist/task/tokenizer.js';

const MODEL = 'models/tasks-4l';
const BOS = '<|endoftext|>';
const UNKNOWN = '[UNK]';
const MAX_POSITIONS = 64;
const HELDOUT = { seed: 1000, count: 500 };
/** Each chunk is an own draw, so that templates with few prompts do not run out. */
const TRAIN = { firstSeed: 2000, chunks: 15, perChunk: 2000 };

/** GPT-2's rule for words, their leading space included, but numbers go by two digits: " 1732" -> " 17", "32". */
const WORDS = String.raw`'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\n+| +(?!\S)|\s`;

function tokenizerJson(words) {
  const special = (id, content) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const tokens = [BOS, UNKNOWN, ...words];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(0, BOS), special(1, UNKNOWN)],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Isolated', invert: false },
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      unk_token: UNKNOWN,
    },
  };
}

const textsOf = (row) => [row.clean, row.corrupted, row.correct ?? [], row.wrong ?? []].flat();

const sets = new Map();
for (const [name, template] of builtinTasks) {
  const shipped = expandTemplate(template, name);
  const heldout = expandTemplate(template, name, HELDOUT);
  const kept = new Set([...shipped, ...heldout].map((row) => row.clean));
  const chunks = Array.from({ length: TRAIN.chunks }, (_, i) =>
    expandTemplate(template, name, { seed: TRAIN.firstSeed + i, count: TRAIN.perChunk }),
  );
  sets.set(name, { shipped, heldout, train: chunks.flat().filter((row) => !kept.has(row.clean)) });
}

// With an empty vocabulary the library returns the words as they are cut.
const cutter = new Tokenizer(tokenizerJson([]), {});
const words = new Set();
for (const { train } of sets.values()) {
  for (const text of train.flatMap(textsOf)) for (const word of cutter.tokenize(text)) words.add(word);
}
const json = tokenizerJson([...words].sort((a, b) => (a < b ? -1 : 1)));
const text = `${JSON.stringify(json, null, 1)}\n`;
await mkdir(MODEL, { recursive: true });
await writeFile(join(MODEL, 'tokenizer.json'), text);

const folder = process.argv[2] ?? 'runs/tasks-4l-data';
await mkdir(folder, { recursive: true });
const vocab = words.size + 2;
const tokenizer = createTokenizer({ text, where: 'tokenizer.json' }, null, { bosTokenId: 0, bos: 'auto', vocab });
const context = { tokenizer, vocab, maxPositions: MAX_POSITIONS };
for (const [name, splits] of sets) {
  for (const [split, rows] of Object.entries(splits)) {
    const numbers = rows.flatMap((row, i) => {
      const { clean, correct } = toPromptPair(row, `${name}, ${split} ${i + 1}`, context);
      return [clean.length, correct.length, ...clean, ...correct];
    });
    await writeFile(join(folder, `${name}.${split}.bin`), Int32Array.from(numbers));
  }
  console.log(
    `${name}: ${Object.entries(splits)
      .map(([split, rows]) => `${rows.length} ${split}`)
      .join(', ')}`,
  );
}
await writeFile(
  join(folder, 'meta.json'),
  JSON.stringify({ tasks: [...sets.keys()], vocab, maxPositions: MAX_POSITIONS }),
);
console.log(`${vocab} tokens`);
