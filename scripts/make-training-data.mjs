// Makes the tokenizer and the training data of a shipped model from the shipped tasks' templates (after `npm run
// build`): node scripts/make-training-data.mjs MODEL [FOLDER]     (default: runs/<MODEL>-data)
//
// Writes models/<MODEL>/tokenizer.json and, per task, FOLDER/<task>.{train,heldout,shipped}.bin: int32 numbers, one
// prompt after the other as (number of tokens, measured position, number of right answers, token ids, answer ids). The
// tokens of an answer of several follow the prompt; its first one is the right answer. `shipped` are the prompts of the
// task itself, `heldout` others; no clean prompt of either is in `train`. For a model that knows long names, task files
// of them as well: models/<MODEL>/long-names/<task>.jsonl.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { builtinTasks } from '../dist/task/builtin/index.js';
import { expandTemplate, templateRows } from '../dist/task/template-expand.js';
import { createTokenizer } from '../dist/task/tokenizer.js';
import { byteLevelTokenizer, countPieces } from './training/byte-level-bpe.mjs';
import { longNames, longNamesOnly, withLongNames } from './training/long-names.mjs';
import { withVariedDocstrings } from './training/varied-docstrings.mjs';
import { wordLevelTokenizer } from './training/word-level.mjs';

const HELDOUT = { seed: 1000, count: 500 };
/** Each chunk is an own draw, so that templates with few prompts do not run out. */
const TRAIN = { firstSeed: 2000, chunks: 15, perChunk: 2000 };
/** Harder prompts of a task, which the tokenizer does not see. */
const HARD = { firstSeed: 4000, chunks: 10, perChunk: 2000 };
/** Prompts with long names in the text that the byte-level tokenizer is trained on: few, so that they stay rare. */
const LONG_IN_TEXT = 300;
/** Byte pairs that occur less often in that text do not become tokens. */
const LEAST_PAIRS = 40;
const LONG_NAMES = { seed: 3000, count: 200 };

const textsOf = (rows) => rows.flatMap((row) => [row.clean, row.corrupted, row.correct ?? [], row.wrong ?? []].flat());

/** What is drawn, and the tokenizer that is made from it. */
const MODELS = {
  'tasks-4l': {
    longNames: false,
    harder: {},
    tokenizer: (sets) => wordLevelTokenizer([...sets.values()].flatMap(({ train }) => textsOf(train))),
  },
  'tasks-4l-llama': {
    longNames: true,
    harder: { ioi: longNamesOnly, docstring: withVariedDocstrings },
    tokenizer(sets) {
      const counts = new Map();
      for (const { plain, long } of sets.values()) {
        for (const text of textsOf([...plain, ...long.slice(0, LONG_IN_TEXT)])) countPieces(text, counts);
      }
      return byteLevelTokenizer(counts, LEAST_PAIRS);
    },
  },
};

const [name, folder = `runs/${name}-data`] = process.argv.slice(2);
if (!Object.hasOwn(MODELS, name ?? '')) {
  console.error(`make-training-data: got ${name ?? 'no model'}, expected one of ${Object.keys(MODELS).join(', ')}`);
  process.exit(2);
}
const sets = new Map([...builtinTasks].map(([task, template]) => [task, drawSets(task, template)]));
const { json, config, bosTokenId, vocab } = MODELS[name].tokenizer(sets);
const text = `${JSON.stringify(json, null, 1)}\n`;
const directory = join('models', name);
await mkdir(directory, { recursive: true });
await writeFile(join(directory, 'tokenizer.json'), text);
if (config !== null) await writeFile(join(directory, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`);

const options = { bosTokenId, bos: 'auto', vocab };
const tokenizer = createTokenizer({ text, where: 'tokenizer.json' }, null, options);
await mkdir(folder, { recursive: true });
const answers = new Map();
for (const [task, { train, heldout, shipped }] of sets) {
  for (const [split, rows] of Object.entries({ train, heldout, shipped })) {
    await writeFile(join(folder, `${task}.${split}.bin`), Int32Array.from(rows.flatMap(numbersOf)));
  }
  console.log(`${task}: ${train.length} train, ${heldout.length} held out, ${shipped.length} shipped`);
}
await writeFile(join(folder, 'meta.json'), JSON.stringify({ tasks: [...sets.keys()], vocab, bosTokenId }));
console.log(`${vocab} tokens`);
if (MODELS[name].longNames) {
  const lengths = longNames.map((long) => tokenizer.encodeBare(` ${long}`).length);
  if (lengths.includes(1)) throw new Error(`"${longNames[lengths.indexOf(1)]}" is one token, expected several`);
  console.log(`${longNames.length} long names of ${Math.min(...lengths)} to ${Math.max(...lengths)} tokens`);
  await mkdir(join(directory, 'long-names'), { recursive: true });
  for (const [task, template] of builtinTasks) {
    const lines = longNameRows(task, template).map((row) => `${JSON.stringify(row)}\n`);
    if (lines.length > 0) await writeFile(join(directory, 'long-names', `${task}.jsonl`), lines.join(''));
  }
}

/** The prompts of a task. `train` has three kinds: `plain`, `long` with long names among the others, `hard`. */
function drawSets(task, template) {
  const longer = MODELS[name].longNames ? withLongNames(template) : null;
  const shipped = expandTemplate(template, task);
  const heldout = expandTemplate(longer ?? template, task, HELDOUT);
  const kept = new Set([...shipped, ...heldout].map((row) => row.clean));
  const chunksOf = (from, { firstSeed, chunks, perChunk: count }) =>
    Array.from({ length: chunks }, (_, chunk) => {
      return expandTemplate(from(chunk), task, { seed: firstSeed + chunk, count }).filter(
        (row) => !kept.has(row.clean),
      );
    });
  const isLong = (chunk) => longer !== null && chunk % 2 === 1;
  const drawn = chunksOf((chunk) => (isLong(chunk) ? longer : template), TRAIN);
  const plain = drawn.filter((_, chunk) => !isLong(chunk)).flat();
  const long = drawn.filter((_, chunk) => isLong(chunk)).flat();
  const harder = MODELS[name].harder[task]?.(template);
  const hard = harder === undefined ? [] : chunksOf(() => harder, HARD).flat();
  return { plain, long, hard, shipped, heldout, train: [...plain, ...long, ...hard] };
}

/** A row in numbers. An answer is cut from its prompt by every tokenizer here, so that its tokens are its own. */
function numbersOf(row) {
  const prompt = tokenizer.encodePrompt(row.clean, row.clean);
  const right = [row.correct].flat().map((answer) => {
    if (!answers.has(answer)) answers.set(answer, tokenizer.encode(answer, answer));
    return answers.get(answer);
  });
  const whole = right.length === 1 && right[0].length > 1 ? right[0] : [];
  const ids = [...prompt, ...whole];
  return [ids.length, prompt.length - 1, right.length, ...ids, ...right.map(([first]) => first)];
}

/** Prompts with long names alone that were not trained on; none for a task without names. */
function longNameRows(task, template) {
  const longer = longNamesOnly(template);
  if (longer === null) return [];
  const trained = new Set(sets.get(task).train.map((row) => row.clean));
  const rows = [];
  // Most draws do not line up.
  for (const { row } of templateRows(longer, task, { seed: LONG_NAMES.seed, count: Infinity })) {
    if (!trained.has(row.clean) && linesUp(row)) rows.push(row);
    if (rows.length === LONG_NAMES.count) break;
  }
  return rows;
}

/** Whether both prompts are the same number of tokens word by word, and the answers begin differently. */
function linesUp({ clean, corrupted, correct, wrong }) {
  const lengths = (text) => text.split(/(?= )/).map((word) => tokenizer.encode(word, word).length);
  const first = (answer) => tokenizer.encode(answer, answer)[0];
  return `${lengths(clean)}` === `${lengths(corrupted)}` && first(correct) !== first(wrong);
}
