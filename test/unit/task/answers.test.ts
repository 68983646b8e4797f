import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { loadTask } from '../../../src/task/load-task.js';
import type { AnswerMode } from '../../../src/task/answers.js';
import { createTokenizer, type TaskTokenizer } from '../../../src/task/tokenizer.js';
import type { Task } from '../../../src/task/types.js';
import { byteLevelTokenizer, metaspaceTokenizer, wordPieceTokenizer } from '../../support/tokenizers.js';

const make = (json: object, vocab: number): TaskTokenizer =>
  createTokenizer({ text: JSON.stringify(json), where: 'tokenizer.json' }, null, {
    bosTokenId: null,
    bos: 'auto',
    vocab,
  });

const words = [' Mary', ' Sal', ' John', ' gave', ' to', ' he', ' in', ' a', 'he', 'in', '46', '17', ' New', ' 17'];
const byteLevel = make(byteLevelTokenizer(words), 400);

function load(
  tokenizer: TaskTokenizer,
  row: object,
  answers?: AnswerMode,
  maxPositions = 64,
  extra: object = {},
): Promise<Task> {
  const bytes = new TextEncoder().encode(JSON.stringify(row));
  const context = { tokenizer, vocab: 400, maxPositions, ...(answers && { answers }), ...extra };
  return loadTask({ name: 't', source: 't.jsonl', bytes }, context);
}

const texts = (tokenizer: TaskTokenizer, ids: readonly number[]): string[] => ids.map((id) => tokenizer.tokenText(id));

describe('an answer', () => {
  it('is literal: a space in front of it is a part of it', async () => {
    const row = { clean: 'a gave to', corrupted: 'a gave in', correct: ' Mary', wrong: ' John' };
    const { pairs, remarks } = await load(byteLevel, row);
    expect(texts(byteLevel, [...pairs[0]!.correct, ...pairs[0]!.wrong])).toEqual([' Mary', ' John']);
    expect(remarks).toEqual([]);
  });

  it("is what the text goes on with, whatever the tokenizer's own leading space", async () => {
    const chinese = Array.from('他今天去了明北上');
    const tokenizer = make(metaspaceTokenizer(chinese), 400);
    const { pairs, remarks } = await load(tokenizer, {
      clean: '他今天去了',
      corrupted: '他明天去了',
      correct: '北',
      wrong: '上',
    });
    expect(texts(tokenizer, [...pairs[0]!.correct, ...pairs[0]!.wrong])).toEqual(['北', '上']);
    expect(remarks).toEqual([]);
  });

  it('of a WordPiece tokenizer may be a piece that goes on with a word', async () => {
    const tokenizer = make(wordPieceTokenizer(['un', 're', '##do', '##happy']), 400);
    const { pairs } = await load(tokenizer, { clean: 'un', corrupted: 're', correct: 'do', wrong: 'happy' });
    expect(texts(tokenizer, [...pairs[0]!.correct, ...pairs[0]!.wrong])).toEqual(['##do', '##happy']);
  });

  it('is its own token where the joint text is other tokens', async () => {
    // "174" and "6": the prompt's own last token is another one.
    const tokenizer = make(byteLevelTokenizer([...words, ' 174']), 400);
    const { pairs } = await load(tokenizer, { clean: 'a 17', corrupted: 'b 17', correct: '46' });
    expect(texts(tokenizer, pairs[0]!.correct)).toEqual(['46']);
  });

  it('follows the measured position, not the end of the prompt', async () => {
    const tokenizer = make(metaspaceTokenizer(Array.from('他去北上')), 400);
    const row = { clean: '他去上', corrupted: '上去上', correct: '北', position: -2 };
    expect(texts(tokenizer, (await load(tokenizer, row)).pairs[0]!.correct)).toEqual(['北']);
  });

  it('that is refused says what it is', async () => {
    const row = { clean: 'a', corrupted: 'b', correct: '' };
    await expect(load(byteLevel, row)).rejects.toThrow('t.jsonl, line 1, correct: answer "" is empty');
    const one = make(
      { ...byteLevelTokenizer([]), model: { type: 'WordLevel', vocab: { a: 0, b: 1 }, unk_token: 'a' } },
      400,
    );
    await expect(load(one, { clean: 'a', corrupted: 'b', correct: 'dawn' })).rejects.toThrow(
      'answer "dawn" has no token',
    );
  });
});

describe('a space between prompt and answer', () => {
  it('that is missing is told, with the form that has one', async () => {
    const row = { clean: 'a gave to', corrupted: 'b gave to', correct: 'he', wrong: 'in' };
    const { remarks } = await load(byteLevel, row);
    expect(remarks).toEqual([
      'in 2 of 1 pair the answer follows without a space, although the one with a space is a token as well ("to" + "he"; write " he" if a space belongs there)',
    ]);
  });

  it('that is there twice is told', async () => {
    const row = { clean: 'a gave to ', corrupted: 'b gave to ', correct: ' he', wrong: ' in' };
    expect((await load(byteLevel, row)).remarks?.join()).toMatch(
      /the prompt ends in a space and the answer begins with one \("to " \+ " he"; write "to" \+ " he"\)/,
    );
  });

  it('that ends the prompt, with an answer without one, is told', async () => {
    const row = { clean: 'a gave to ', corrupted: 'b gave to ', correct: 'he', wrong: 'in' };
    expect((await load(byteLevel, row)).remarks?.join()).toMatch(/"to " \+ "he"; write "to" \+ " he"/);
  });

  it.each([
    ['digits go on with digits', { clean: 'a 17', corrupted: 'b 17', correct: '46' }],
    ['a bracket needs none', { clean: 'a (', corrupted: 'b (', correct: 'he' }],
  ])('is not missed where %s', async (_, row) => {
    expect((await load(byteLevel, row)).remarks).toEqual([]);
  });
});

describe('an answer of several tokens', () => {
  const row = { clean: 'a gave to', corrupted: 'b gave to', correct: ' Salah Mary', wrong: ' John' };

  it('is refused with its tokens and both ways', async () => {
    await expect(load(byteLevel, row)).rejects.toThrow(
      't.jsonl, line 1, correct: answer " Salah Mary" is 4 tokens (" Sal", "a", "h", " Mary"), expected exactly one token; or take --answers first-token, or --metric nll for the whole answer',
    );
  });

  it('is refused with the form that would do', async () => {
    const correct = 'Mary';
    await expect(load(byteLevel, { ...row, correct })).rejects.toThrow(
      'is 4 tokens ("M", "a", "r", "y"), expected exactly one token; with a leading space, " Mary", it is one',
    );
    const refused = load(byteLevel, { ...row, correct: 'cat' });
    await expect(refused).rejects.toThrow('3 tokens ("c", "a", "t"), expected exactly one token; or take');
    const metaspace = make(metaspaceTokenizer(Array.from('他去北')), 400);
    await expect(load(metaspace, { clean: '他去', corrupted: '去他', correct: ' 北' })).rejects.toThrow(
      'without the leading space, "北", it is one',
    );
  });

  it('is its first token if that is asked for, which is told and recorded', async () => {
    const task = await load(byteLevel, row, 'first-token');
    expect(texts(byteLevel, task.pairs[0]!.correct)).toEqual([' Sal']);
    expect(task.remarks).toEqual([
      'in 1 of 1 pair the first token stands for an answer of several (" Sal" of " Salah Mary")',
    ]);
    expect(task.reading).toEqual({ answers: 'first-token' });
  });

  it('beginning like a wrong one is refused, like another right one is one answer', async () => {
    const alike = { ...row, correct: [' New York', ' New Jersey'] };
    expect((await load(byteLevel, alike, 'first-token')).pairs[0]!.correct).toHaveLength(1);
    const both = { ...row, correct: ' New York', wrong: ' New Jersey' };
    await expect(load(byteLevel, both, 'first-token')).rejects.toThrow('correct and wrong hold " New" more than once');
  });

  it('is fed but for its last token if the whole of it is measured', async () => {
    const { pairs, remarks } = await load(byteLevel, row, 'whole');
    const [pair] = pairs;
    expect(texts(byteLevel, pair!.answer!)).toEqual([' Sal', 'a', 'h', ' Mary']);
    expect(texts(byteLevel, pair!.clean)).toEqual(['a', ' gave', ' to', ' Sal', 'a', 'h']);
    expect(texts(byteLevel, pair!.corrupted)).toEqual(['b', ' gave', ' to', ' Sal', 'a', 'h']);
    expect([pair!.position, texts(byteLevel, pair!.correct)]).toEqual([2, [' Sal']]);
    expect(remarks?.join()).toMatch(/the whole of it is measured \(" Salah Mary"\)/);
  });

  it('that is fed must fit the model, be the only one, and end the prompt', async () => {
    await expect(load(byteLevel, row, 'whole', 5)).rejects.toThrow(
      'the prompt has 6 tokens, the model takes at most 5',
    );
    const two = { ...row, correct: [' Salah Mary', ' he'] };
    await expect(load(byteLevel, two, 'whole')).rejects.toThrow(
      'one of 2 right answers; a whole answer must be the only one',
    );
    await expect(load(byteLevel, { ...row, position: 0 }, 'whole')).rejects.toThrow('expected no position');
  });

  it('is left out where it is a wrong one, which the whole right one does not need', async () => {
    const { pairs, remarks } = await load(byteLevel, { ...row, correct: ' he', wrong: ' Salah' }, 'whole');
    expect([pairs[0]!.answer, pairs[0]!.wrong]).toEqual([undefined, []]);
    expect(remarks?.join()).toMatch(/a wrong answer is of several tokens, and is not measured/);
  });
});

describe('the cases of the field', () => {
  const field = (name: string): TaskTokenizer => {
    const text = readFileSync(new URL(`../../golden/task-files/${name}/tokenizer.json`, import.meta.url), 'utf8');
    return createTokenizer({ text, where: name }, null, { bosTokenId: null, bos: 'auto', vocab: 400 });
  };

  it('metaspace-answer: id 8 follows', async () => {
    const row = { clean: '他今天去了', corrupted: '他明天去了', correct: '北', wrong: '上' };
    const { pairs } = await load(field('metaspace-answer'), row);
    expect(pairs[0]).toMatchObject({ correct: [8], wrong: [9] });
  });

  it('answer-spaces: both files are told of', async () => {
    const bare = { clean: 'a b gave it to', corrupted: 'b a gave it to', correct: 'he', wrong: 'in' };
    const trailing = { clean: 'a b gave it to ', corrupted: 'b a gave it to ', correct: ' he', wrong: ' in' };
    expect((await load(field('answer-spaces'), bare)).remarks?.join()).toMatch(/"to" \+ "he"; write " he"/);
    expect((await load(field('answer-spaces'), trailing)).remarks?.join()).toMatch(/ends in a space and the answer/);
  });
});
