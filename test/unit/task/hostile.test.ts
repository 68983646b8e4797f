/** Task files that nobody wrote in good faith: names of objects' own, unseen characters, sizes. */
import { beforeAll, describe, expect, test } from 'vitest';
import { memoryDirectory } from '../../../src/checkpoint/byte-source.js';
import { taskReader, type TaskReader } from '../../../src/run/task-reader.js';
import { readTaskRows, type TaskFile } from '../../../src/task/load-task.js';
import { cpuSeconds } from '../../support/cpu-seconds.js';

let reader: TaskReader;
beforeAll(async () => {
  reader = await taskReader(
    memoryDirectory('none', new Map()),
    { family: 'gpt2', bosTokenId: null, vocab: 9, maxPositions: 9 },
    'auto',
  );
});

const file = (source: string, text: string): TaskFile => ({ name: 'x', source, bytes: new TextEncoder().encode(text) });
const IDS = '"clean_ids":[1],"corrupted_ids":[2]';

describe('fields that objects have anyhow', () => {
  test.each([
    ['a.jsonl', `{${IDS},"__proto__":3}`, 'line 1: __proto__: there is no such field'],
    ['a.jsonl', `{${IDS},"constructor":3}`, 'line 1: constructor: there is no such field'],
    ['a.csv', 'clean_ids,corrupted_ids,__proto__\n[1],[2],x\n', 'line 2: __proto__: there is no such field'],
    ['a.json', `{"clean_ids":{"0":[1]},"corrupted_ids":{"0":[2]},"__proto__":{"0":1}}`, 'row 0: __proto__: there is'],
    ['a.json', '{"columns":["__proto__","clean_ids"],"data":[[{"corrupted_ids":[1]},[2]]]}', '__proto__: there is no'],
  ])('%s %s', async (source, text, message) => {
    await expect(reader.read(file(source, text))).rejects.toThrow(message);
  });

  test.each(['constructor', '__proto__'])('--columns clean_ids=%s finds no inherited value', async (column) => {
    const read = reader.read(file('a.jsonl', `{${IDS}}`), { columns: { clean_ids: column } });
    await expect(read).rejects.toThrow(`${column}: there is no such field (--columns names it)`);
  });
});

describe('messages', () => {
  test.each([
    ['control characters', `{${IDS},"a\\u0000\\u001b[31m\\u202e":1}`],
    ['a NUL and no more', '\0\0\0'],
    ['a name of a million characters', `{${IDS},"${'x'.repeat(1e6)}":1}`],
    ['ten thousand names', `{${Array.from({ length: 10_000 }, (_, i) => `"c${i}":1`).join(',')}}\n{}`],
    ['numbers beyond all', '{"clean_ids":[1e999],"corrupted_ids":[1]}'],
    ['lists in lists', `{"clean_ids":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
  ])('%s: one short line', async (_, text) => {
    const error = await reader.read(file('a.jsonl', text)).catch((thrown: unknown) => thrown as Error);
    expect(error).toBeInstanceOf(Error);
    const { message } = error as Error;
    expect(message).toMatch(/^a\.jsonl[^:]*: \P{C}*$/u);
    expect(message).toMatch(/line 1: /);
    expect(message.length).toBeLessThan(1000);
  });
});

describe('sizes', () => {
  const words = Array.from({ length: 100_000 }, (_, i) => `w${i}`);
  const rows = async (template: object): Promise<number> =>
    (await readTaskRows(file('t.json', JSON.stringify(template)), { tokenizer: null })).length;

  test('a template with 100,000 words takes linear time', async () => {
    const templates = [{ clean: '{w} {w.2}', corrupted: '{w.2} {w}' }];
    const seconds = await cpuSeconds(async () =>
      expect(await rows({ seed: 1, count: 1000, words: { w: words }, templates })).toBe(1000),
    );
    expect(seconds).toBeLessThan(5);
  });

  test('answers without end are refused', async () => {
    const templates = [{ clean: '{w}', corrupted: '{w}', correct: { from: 'w', upTo: '{w}' } }];
    await expect(rows({ seed: 1, count: 100_000, words: { w: words }, templates })).rejects.toThrow(
      /^t\.json: the first \d+ prompts have more than 10,000,000 answers, expected shorter lists or a smaller count$/,
    );
  });

  test('numbers that look like years take linear time', async () => {
    const text = `clean,corrupted,correct_idx\n"1234${' 1234'.repeat(100_000)} x",b,34\n`;
    const seconds = await cpuSeconds(() =>
      expect(reader.read(file('a.csv', text))).rejects.toThrow('clean is text, but the model'),
    );
    expect(seconds).toBeLessThan(5);
  });
});
