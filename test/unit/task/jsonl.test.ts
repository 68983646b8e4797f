import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
import { formatJsonl } from '../../../src/task/formats/jsonl.js';
import { loadTask, readTaskRows } from '../../../src/task/load-task.js';
import type { RowContext } from '../../../src/task/row.js';
import { requireAnswers, takePrompts } from '../../../src/task/take-prompts.js';
import { createTokenizer } from '../../../src/task/tokenizer.js';
import type { Task } from '../../../src/task/types.js';

const words = ['<bos>', 'a', 'b', 'c', 'd', 'e'];
const json = {
  pre_tokenizer: { type: 'WhitespaceSplit' },
  model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: '<bos>' },
};
const tokenizer = createTokenizer({ text: JSON.stringify(json), where: 'tokenizer.json' }, null, {
  bosTokenId: 0,
  bos: 'auto',
  vocab: 6,
});
const context: RowContext = { tokenizer, vocab: 6, maxPositions: 5 };

const load = (text: string, overrides: Partial<RowContext> = {}): Promise<Task> =>
  loadTask({ name: 't', source: 't.jsonl', bytes: new TextEncoder().encode(text) }, { ...context, ...overrides });

const good = '{"clean":"a b","corrupted":"a c","correct":"d","wrong":["e"]}';

describe('rows', () => {
  it('give ids, answers, the last position and the texts of the tokens', async () => {
    const task = await load(good);
    expect(task.pairs).toEqual([
      {
        clean: [0, 1, 2],
        corrupted: [0, 1, 3],
        position: 2,
        correct: [4],
        wrong: [5],
        origin: 't.jsonl, line 1',
        texts: { clean: ['<bos>', 'a', 'b'], corrupted: ['<bos>', 'a', 'c'] },
      },
    ]);
    expect(task.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('take ids as they are, before texts, and need no tokenizer then', async () => {
    const row =
      '{"clean":"zzz","clean_ids":[1,2],"corrupted_ids":[3,2],"correct":"zzz","correct_ids":[4],"wrong_ids":[]}';
    const { pairs } = await load(row, { tokenizer: null });
    expect(pairs).toMatchObject([{ clean: [1, 2], corrupted: [3, 2], position: 1, correct: [4], wrong: [] }]);
    await expect(load(good, { tokenizer: null })).rejects.toThrow(
      't.jsonl, line 1: clean is text, but the model has no tokenizer',
    );
  });

  it('may have a byte-order mark, blank lines at the end, Windows line ends, a meta object and other lengths', async () => {
    const other = '{"clean":"a","corrupted":"b","meta":{"x":1}}';
    const task = await load(`\uFEFF${good}\r\n${other}\r\n\r\n\n`);
    expect(task.pairs.map((pair) => pair.clean.length)).toEqual([3, 2]);
  });

  it.each([
    [0, 0],
    [2, 2],
    [-1, 2],
    [-3, 0],
  ])('position %i of three tokens is index %i', async (position, index) => {
    const row = `{"clean":"a b","corrupted":"a c","position":${position}}`;
    expect((await load(row)).pairs[0]?.position).toBe(index);
  });

  it('come back from formatJsonl', async () => {
    const rows = [{ clean: 'a "b"\n', corrupted: 'c', correct: [' d', 'é'] }];
    const file = { name: 'x', source: 'x', bytes: new TextEncoder().encode(formatJsonl(rows)) };
    expect((await readTaskRows(file, { tokenizer: null })).map(({ row }) => row)).toEqual(rows);
  });
});

describe('errors name the line', () => {
  it.each([
    ['{"clean":"a"', 'is not valid JSON'],
    ['', 'the line is blank'],
    ['[1]', 'expected a JSON object'],
    ['5', 'expected a JSON object'],
    ['{"corrupted":"a"}', 'clean or clean_ids is missing'],
    ['{"clean":"a"}', 'corrupted or corrupted_ids is missing'],
    ['{"clean":5,"corrupted":"a"}', 'clean: '],
    ['{"clean":"a","corrupted":"b","correct":[5]}', 'correct'],
    ['{"clean_ids":[1.5],"corrupted_ids":[1]}', 'clean_ids.0: expected an integer'],
    ['{"clean_ids":[-1],"corrupted_ids":[1]}', 'clean_ids.0: '],
    ['{"clean_ids":["1"],"corrupted_ids":[1]}', 'clean_ids.0: '],
    ['{"clean_ids":[6],"corrupted_ids":[1]}', 'clean holds token id 6, expected 0 to 5'],
    ['{"clean":"a","corrupted":"b","correct_ids":[9]}', 'correct holds token id 9, expected 0 to 5'],
    ['{"clean":"a b","corrupted":"a"}', 'clean has 3 tokens and corrupted 2, expected equal lengths'],
    ['{"clean":"","corrupted":""}', 'the prompt is empty'],
    ['{"clean_ids":[],"corrupted_ids":[]}', 'clean_ids: the prompt is empty'],
    ['{"clean":"a b c d e","corrupted":"a b c d a"}', 'the prompt has 6 tokens, the model takes at most 5'],
    ['{"clean":"a","corrupted":"b","position":2}', 'position 2 is outside the prompt of 2 tokens (expected -2 to 1)'],
    ['{"clean":"a","corrupted":"b","position":-3}', 'position -3 is outside'],
    ['{"clean":"a","corrupted":"b","position":0.5}', 'position: expected an integer'],
    ['{"clean":"a zebra","corrupted":"a b"}', 'clean: the tokenizer has no token for " zebra"'],
    ['{"clean":"a","corrupted":"b","correct":"a b"}', 'correct: answer "a b" is 2 tokens ("a", "b")'],
    ['{"clean":"a","corrupted":"b","correct":"c","wrong":["d","c"]}', 'correct and wrong hold "c" more than once'],
  ])('%s', async (line, message) => {
    const loading = load(`${good}\n${line}\n${good}`);
    await expect(loading).rejects.toThrow(/^t\.jsonl, line 2[:,] /);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toBeInstanceOf(EdgewiseError);
  });

  it.each(['', '\n \n', '\uFEFF'])('an empty file %j is one', async (text) => {
    await expect(load(text)).rejects.toThrow('t.jsonl: is empty');
  });

  it('bytes that are not UTF-8 are one', async () => {
    const file = { name: 't', source: 't.jsonl', bytes: new Uint8Array([0x7b, 0xff]) };
    await expect(loadTask(file, context)).rejects.toThrow('t.jsonl: is not UTF-8 text');
  });
});

describe('choosing prompts', () => {
  const five = Array.from({ length: 5 }, (_, i) => `{"clean_ids":[${i}],"corrupted_ids":[1]}`).join('\n');

  it('takes and skips', async () => {
    const task = await load(five);
    const firsts = (t: Task): (number | undefined)[] => t.pairs.map((pair) => pair.clean[0]);
    expect(firsts(takePrompts(task))).toEqual([0, 1, 2, 3, 4]);
    expect(firsts(takePrompts(task, 2, 1))).toEqual([1, 2]);
    expect(firsts(takePrompts(task, undefined, 3))).toEqual([3, 4]);
    expect(takePrompts(task, 2).hash).toBe(task.hash);
  });

  it('refuses more than there are, with the numbers', async () => {
    const task = await load(five);
    expect(() => takePrompts(task, 6)).toThrow('t.jsonl: has 5 prompt pairs, but 6 were asked for');
    expect(() => takePrompts(task, 3, 3)).toThrow('has 5 prompt pairs, but 3 after the first 3 were asked for');
    expect(() => takePrompts(task, undefined, 5)).toThrow('has 5 prompt pairs');
  });

  it('asks for answers only where the metric needs them', async () => {
    const task = await load(`${good}\n{"clean":"a","corrupted":"b","correct":"c"}`);
    requireAnswers(task, { correct: true, wrong: false });
    expect(() => requireAnswers(task, { correct: true, wrong: true })).toThrow(
      't.jsonl, line 2: wrong (or wrong_ids) is missing, the metric needs it',
    );
  });
});
