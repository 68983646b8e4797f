/** Tasks are read in a worker, which is ended where a tokenizer takes too long. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureBuild } from '../../../scripts/setup/build.mjs';
import { memoryDirectory, type ModelDirectory } from '../../../src/checkpoint/byte-source.js';
import { LIMITS } from '../../../src/node/reading/limited-worker.js';
import { openTaskReader } from '../../../src/node/reading/open-task-reader.js';
import { taskReader, type TaskReader } from '../../../src/run/task-reader.js';
import { builtinTaskFile } from '../../../src/task/builtin/index.js';
import type { TaskFile } from '../../../src/task/load-task.js';

beforeAll(() => ensureBuild(fileURLToPath(new URL('../../..', import.meta.url))));

const SPEC = { family: 'gpt2', bosTokenId: null, vocab: 8192, maxPositions: 512 };
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const folderOf = (tokenizer: object): ModelDirectory =>
  memoryDirectory('folder', new Map([['tokenizer.json', utf8(JSON.stringify(tokenizer))]]));

const reader = (directory: ModelDirectory, limits = LIMITS): Promise<TaskReader> =>
  openTaskReader({ model: { spec: SPEC as never }, directory }, 'auto', limits);

const taskOf = (...rows: object[]): TaskFile => ({
  name: 'rows',
  source: 'rows.jsonl',
  bytes: utf8(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
});

const LETTERS = { type: 'WordLevel', vocab: { a: 0, b: 1 } };
const split = (expression: string, more: object = {}): object => ({
  pre_tokenizer: { type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false },
  model: LETTERS,
  ...more,
});
/** Exponential, and not found out from the expression alone. */
const SLOW = split('(a|a)*$');

const SLOW_TEXT = `${'a'.repeat(40)}!`;
const SLOW_ROWS = taskOf({ clean: SLOW_TEXT, corrupted: SLOW_TEXT });

describe('a reader in a worker', () => {
  test('reads what a reader without one reads', async () => {
    const root = new URL('../../../models/tasks-4l/', import.meta.url);
    const names = ['tokenizer.json', 'tokenizer_config.json'];
    const found = names.flatMap((name) => {
      try {
        return [[name, new Uint8Array(readFileSync(new URL(name, root)))] as const];
      } catch {
        return [];
      }
    });
    const directory = memoryDirectory('tasks-4l', new Map(found));
    const here = await taskReader(directory, SPEC, 'auto');
    const there = await reader(directory);
    const file = builtinTaskFile('ioi');
    expect(await there.read(file, { prompts: 20 })).toEqual(await here.read(file, { prompts: 20 }));
    expect({ ...there.tokenizer, strings: null }).toEqual({ ...here.tokenizer, ...facts(here), strings: null });
    const ids = Array.from({ length: 300 }, (_, i) => i * 7);
    expect(ids.map(there.tokenText!)).toEqual(ids.map(here.tokenText!));
    const bad = taskOf({ clean: ' a', corrupted: 3 }, { clean: ' the', corrupted: ' the' });
    const [told, known] = [await there.check(bad), await here.check(bad)];
    expect(told).toEqual(known);
    await expect(there.read(bad)).rejects.toThrow(/rows\.jsonl, line 1: /);
    // Questions that are asked at once are answered each.
    const both = await Promise.all([there.read(file, { prompts: 1 }), there.read(file, { prompts: 2 })]);
    expect(both.map(({ pairs }) => pairs.length)).toEqual([1, 2]);
    await there.close();
  });

  test('is ended where a text takes too long, and starts again', async () => {
    const slow = await reader(folderOf(SLOW), { ...LIMITS, text: 0.5 });
    await expect(slow.read(SLOW_ROWS)).rejects.toThrow(
      /^rows\.jsonl: folder\/tokenizer\.json: the text "a{40}!" takes more than 0\.5 s to cut into tokens; leave out/,
    );
    const { pairs } = await slow.read(taskOf({ clean: 'a', corrupted: 'a', correct_ids: 1, wrong_ids: 2 }));
    expect(pairs[0]!.clean).toEqual([0]);
    await slow.close();
  });

  test('is ended where a text takes too much memory', async () => {
    const stages = Array.from({ length: 13 }, () => ({ type: 'Replace', pattern: { String: 'a' }, content: 'aaa' }));
    const cut = { type: 'Split', pattern: { Regex: '.' }, behavior: 'Isolated', invert: false };
    const large = { normalizer: { type: 'Sequence', normalizers: stages }, pre_tokenizer: cut, model: LETTERS };
    const narrow = await reader(folderOf(large), { ...LIMITS, text: 60, memory: 64 });
    await expect(narrow.read(taskOf({ clean: 'a', corrupted: 'a' }))).rejects.toThrow(
      /^rows\.jsonl: folder\/tokenizer\.json: takes more than 64 MiB of memory at the text "a"; take/,
    );
    await narrow.close();
  });

  test('a tokenizer that takes too long to open stops no task in ids', async () => {
    const added = [{ id: 2, content: SLOW_TEXT, normalized: true }];
    const normalizer = { type: 'Replace', pattern: { Regex: '(a|a)*$' }, content: '' };
    const directory = folderOf({ normalizer, added_tokens: added, model: LETTERS });
    const ids = await reader(directory, { ...LIMITS, text: 0.5 });
    expect(ids.refused?.message).toMatch(/^folder\/tokenizer\.json: the text "a{40}!" takes more than 0\.5 s/);
    const { pairs } = await ids.read(taskOf({ clean_ids: [1], corrupted_ids: [2] }));
    expect(pairs).toHaveLength(1);
    await expect(ids.read(taskOf({ clean: 'a', corrupted: 'a' }))).rejects.toThrow(ids.refused!.message);
  });

  test('a folder without a tokenizer needs no worker', async () => {
    const none = await reader(memoryDirectory('folder', new Map([['vocab.txt', utf8('a')]])));
    expect(none.tokenizer).toBeNull();
    expect(none.missing).toMatch(/^has no tokenizer\.json, .*only vocab\.txt/);
  });
});

/** What both readers say of a tokenizer, without what only one of them can do. */
function facts({ tokenizer }: TaskReader): object {
  return Object.fromEntries(
    Object.keys(tokenizer!)
      .filter((key) => !['identity', 'notes', 'description', 'beginning'].includes(key))
      .map((key) => [key, undefined]),
  );
}
