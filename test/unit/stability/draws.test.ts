/** What is drawn: prompts, templates left out, answers of other prompts. */
import { expect, test } from 'vitest';
import { bootstrapRows, derangement, leaveOneTemplateOut, readResamples } from '../../../src/stability/draws.js';
import { nullTask } from '../../../src/stability/null-task.js';
import { redrawnTaskFile } from '../../../src/task/redrawn.js';
import type { PromptPair, Task } from '../../../src/task/types.js';

const pair = (n: number, more: Partial<PromptPair> = {}): PromptPair => ({
  clean: [n, 1, 2],
  corrupted: [n, 3, 2],
  position: 2,
  correct: [n],
  wrong: [n + 10],
  ...more,
});
const taskOf = (pairs: PromptPair[]): Task => ({
  name: 't',
  source: 't.jsonl',
  hash: '',
  pairs,
  skip: 0,
  tokenizer: null,
});

test('draws of prompts depend on the seed alone, and repeat prompts', () => {
  const draws = bootstrapRows(30, 5, 3);
  expect(draws).toEqual(bootstrapRows(30, 5, 3));
  expect(draws).not.toEqual(bootstrapRows(30, 5, 4));
  expect(draws.map((rows) => rows.length)).toEqual([30, 30, 30, 30, 30]);
  for (const rows of draws) {
    expect(rows.every((row) => Number.isInteger(row) && row >= 0 && row < 30)).toBe(true);
    expect(new Set(rows).size).toBeLessThan(30);
  }
});

test('each template is left out once', () => {
  const pairs = ['a', 'b', 'a', 'c'].map((template, n) => pair(n, { template }));
  expect(leaveOneTemplateOut(pairs, 't')).toEqual([
    { template: 'a', rows: [1, 3] },
    { template: 'b', rows: [0, 2, 3] },
    { template: 'c', rows: [0, 1, 2] },
  ]);
  expect(() => leaveOneTemplateOut([pair(0)], 't')).toThrow('does not say its template');
  expect(() => leaveOneTemplateOut([pair(0, { template: 'a' })], 't')).toThrow('have one template');
});

test('no prompt gets what is its own, and none the same where another is to be had', () => {
  for (const own of [
    ['a', 'b'],
    ['a', 'a', 'b', 'b'],
    ['a', 'b', 'c', 'a', 'd'],
    ['x', 'y', 'y', 'z', 'x', 'y'],
  ]) {
    for (let seed = 0; seed < 20; seed++) {
      const from = derangement(own, seed);
      expect(from.toSorted((a, b) => a - b)).toEqual([...own.keys()]);
      expect(from.every((other, prompt) => own[other] !== own[prompt])).toBe(true);
    }
  }
  // Three of four have the same: two of them cannot but get it again.
  const crowded = ['a', 'a', 'a', 'b'];
  const from = derangement(crowded, 1);
  expect(from.every((other, prompt) => other !== prompt)).toBe(true);
  expect(from.filter((other, prompt) => crowded[other] === crowded[prompt])).toHaveLength(2);
  expect(derangement(['a', 'a', 'a'], 0).every((other, prompt) => other !== prompt)).toBe(true);
  const orders = Array.from({ length: 10 }, (_, seed) => derangement(['a', 'b', 'c', 'd', 'e'], seed).join());
  expect(new Set(orders).size).toBeGreaterThan(3);
});

test('a null task has the prompts, and the answers of others', () => {
  const task = taskOf([0, 1, 2, 3].map((n) => pair(n)));
  const { task: shuffled, unchanged } = nullTask(task, 'answers', 0);
  expect(unchanged).toBe(0);
  shuffled.pairs.forEach((one, n) => {
    expect(one.clean).toEqual(task.pairs[n]!.clean);
    expect(one.correct[0]).not.toBe(n);
    expect(one.wrong[0]).toBe(one.correct[0]! + 10);
  });
  expect(shuffled.pairs.map((one) => one.correct[0]!).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
});

test('a prompt that gets a whole answer ends in its tokens', () => {
  const task = taskOf([
    { clean: [5, 6, 30], corrupted: [5, 7, 30], position: 1, correct: [30], wrong: [], answer: [30, 31] },
    { clean: [8, 9], corrupted: [8, 4], position: 1, correct: [40], wrong: [] },
  ]);
  const [first, second] = nullTask(task, 'answers', 0).task.pairs;
  expect(first).toEqual({ clean: [5, 6], corrupted: [5, 7], position: 1, correct: [40], wrong: [] });
  expect(second).toEqual({
    clean: [8, 9, 30],
    corrupted: [8, 4, 30],
    position: 1,
    correct: [30],
    wrong: [],
    answer: [30, 31],
  });
});

test('without answers the clean predictions are shuffled', () => {
  const task = taskOf([0, 1, 2].map((n) => pair(n)));
  const { task: shuffled } = nullTask(task, 'clean predictions', 0);
  shuffled.pairs.forEach((one, n) => {
    expect(one.correct).toEqual([n]);
    expect(one.reference!.clean[0]).not.toBe(n);
  });
});

test.each([
  [{}, 'got an object, expected a list of two or more lists'],
  [[[0]], 'expected a list of two or more lists'],
  [[[0], []], '[1]: got an array, expected a list of one prompt index or more'],
  [[[0], [1, 3]], "[1][1]: got 3, expected a prompt's index, a whole number from 0 to 2"],
  [[[0], [1.5]], '[1][0]: got 1.5'],
  [[[0], [-1]], '[1][0]: got -1'],
  [[[0], ['1']], '[1][0]: got "1"'],
  [[[0], [Number.NaN]], '[1][0]: got NaN'],
  [[[0], null], '[1]: got null'],
])('resamples %j are refused', (json, message) => {
  expect(() => readResamples(json, 'r.json', 3)).toThrow(message);
});

test('resamples are taken as they are', () => {
  expect(readResamples([[0, 0, 2], [1]], 'r.json', 3)).toEqual([[0, 0, 2], [1]]);
});

test('a template is drawn anew with another seed, and rows are not', () => {
  const template = { seed: 4294967295, count: 1, words: {}, templates: [{ clean: 'a', corrupted: 'b' }] };
  const fileOf = (json: unknown) => ({
    name: 't',
    source: 't.json',
    bytes: new TextEncoder().encode(JSON.stringify(json)),
  });
  const redrawn = redrawnTaskFile(fileOf(template), 2);
  expect(JSON.parse(new TextDecoder().decode(redrawn.bytes))).toEqual({ ...template, seed: 1 });
  expect(() => redrawnTaskFile(fileOf([{ clean: 'a' }]), 1)).toThrow('is no template');
});
