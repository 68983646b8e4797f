import { describe, expect, it } from 'vitest';

import { builtinTaskFile, builtinTasks } from '../../../src/task/builtin/index.js';
import { femaleNames } from '../../../src/task/builtin/names.js';
import { loadTask, readTaskRows } from '../../../src/task/load-task.js';
import type { PromptPair, Task } from '../../../src/task/types.js';
import { shippedModels } from '../../../src/node/model-location.js';
import { openShippedModel } from '../../support/shipped-model.js';

const names = [...builtinTasks.keys()];
const count = (list: readonly string[], item: string | undefined): number =>
  list.filter((other) => other === item).length;
/** Tokens of a prompt without the beginning-of-text token. */
const tokens = (pair: PromptPair, which: 'clean' | 'corrupted'): string[] => pair.texts?.[which].slice(1) ?? [];

describe.each(await shippedModels())('%s', async (model) => {
  const { context } = await openShippedModel(model);
  const { tokenizer, vocab } = context;
  const load = (name: string): Promise<Task> => loadTask(builtinTaskFile(name), context);
  const answersOf = (ids: readonly number[]): string[] => ids.map((id) => tokenizer.tokenText(id));

  describe('its tokenizer', () => {
    it('keeps the leading space and cuts years as GPT-2 does', () => {
      const text = 'The war lasted from the year 1732 to the year 17';
      const expected = ['The', ' war', ' lasted', ' from', ' the', ' year', ' 17', '32', ' to', ' the', ' year', ' 17'];
      expect(tokenizer.encodeBare(text)?.map((id) => tokenizer.tokenText(id))).toEqual(expected);
    });

    it('has as many tokens as the model has embeddings', () => {
      expect(tokenizer.tokenText(vocab - 1)).not.toBe(`<${vocab - 1}>`);
      expect(tokenizer.tokenText(vocab)).toBe(`<${vocab}>`);
    });
  });

  describe.each(names)('%s', (name) => {
    it('gives 200 different pairs that fit the model, with answers', async () => {
      const { pairs } = await load(name);
      expect(pairs).toHaveLength(200);
      expect(new Set(pairs.map((pair) => pair.clean.join(' '))).size).toBe(200);
      for (const pair of pairs) {
        expect(pair.clean[0]).toBe(tokenizer.beginning.ids[0]);
        expect(pair.corrupted).toHaveLength(pair.clean.length);
        expect(pair.corrupted).not.toEqual(pair.clean);
        expect(pair.position).toBe(pair.clean.length - 1);
        expect(pair.correct.length).toBeGreaterThan(0);
        expect(pair.wrong.length).toBeGreaterThan(0);
      }
    });

    it('loses nothing between text and tokens', async () => {
      const { pairs } = await load(name);
      const rows = await readTaskRows(builtinTaskFile(name), { tokenizer });
      expect(pairs.map((pair) => tokens(pair, 'clean').join(''))).toEqual(rows.map(({ row }) => row.clean));
    });

    it('has a hash and rows that stay the same', async () => {
      expect((await load(name)).hash).toBe((await load(name)).hash);
      expect((await load(name)).pairs).toEqual((await load(name)).pairs);
    });
  });

  describe('what the prompts ask', () => {
    it('ioi: the name that stands there once, in both orders; the counterfactual has three others', async () => {
      const firsts = new Set<boolean>();
      for (const pair of (await load('ioi')).pairs) {
        const [right] = answersOf(pair.correct);
        const [wrong] = answersOf(pair.wrong);
        const clean = tokens(pair, 'clean');
        const changed = tokens(pair, 'corrupted').filter((token, i) => token !== clean[i]);
        expect([count(clean, right), count(clean, wrong)]).toEqual([1, 2]);
        expect(new Set([...changed, right, wrong]).size).toBe(5);
        firsts.add(clean.indexOf(right ?? '') < clean.indexOf(wrong ?? ''));
      }
      expect(firsts.size).toBe(2);
    });

    it('greater-than: all later years are right, all others wrong, the counterfactual starts in 01', async () => {
      for (const pair of (await load('greater-than')).pairs) {
        const clean = tokens(pair, 'clean');
        const at = clean.findIndex((token) => /^\d\d$/.test(token));
        const year = Number(clean[at]);
        expect(answersOf(pair.correct).map(Number)).toEqual(Array.from({ length: 99 - year }, (_, i) => year + 1 + i));
        expect(answersOf(pair.wrong).map(Number)).toEqual(Array.from({ length: year + 1 }, (_, i) => i));
        expect(tokens(pair, 'corrupted')).toEqual(clean.with(at, '01'));
        expect(clean.at(-1)).toBe(clean[at - 1]);
      }
    });

    it('induction: what followed the last word before; the counterfactual does not tell', async () => {
      for (const pair of (await load('induction')).pairs) {
        const clean = tokens(pair, 'clean');
        const [right] = answersOf(pair.correct);
        expect(clean[clean.indexOf(clean.at(-1) ?? '') + 1]).toBe(right);
        expect(tokens(pair, 'corrupted')).not.toContain(right);
        expect(count(tokens(pair, 'corrupted'), clean.at(-1))).toBe(1);
      }
    });

    it('gendered-pronoun: only the name changes, and with it the pronoun', async () => {
      for (const pair of (await load('gendered-pronoun')).pairs) {
        const clean = tokens(pair, 'clean');
        const changed = clean.filter((token, i) => token !== pair.texts?.corrupted[i + 1]);
        expect(changed).toHaveLength(1);
        const female = femaleNames.includes(changed[0]?.trim() ?? '');
        expect(answersOf(pair.correct)).toEqual([female ? ' she' : ' he']);
        expect(answersOf(pair.wrong)).toEqual([female ? ' he' : ' she']);
      }
    });

    it('docstring: the argument after the one documented last; the counterfactual has none of them', async () => {
      for (const pair of (await load('docstring')).pairs) {
        const text = tokens(pair, 'clean').join('');
        const args = /self, ([\w, ]+)\)/.exec(text)?.[1]?.split(', ') ?? [];
        const documented = [...text.matchAll(/:param (\w+):/g)].map((match) => match[1] ?? '');
        const next = args[args.indexOf(documented.at(-1) ?? '') + 1];
        expect(answersOf(pair.correct)).toEqual([` ${next}`]);
        expect(answersOf(pair.wrong)).toEqual(args.filter((arg) => arg !== next).map((arg) => ` ${arg}`));
        for (const arg of args) expect(tokens(pair, 'corrupted')).not.toContain(` ${arg}`);
      }
    });

    it("agreement: verbs of the subject's number, which alone changes", async () => {
      const seen = new Set<string>();
      for (const pair of (await load('agreement')).pairs) {
        const clean = tokens(pair, 'clean');
        const at = clean.findIndex((token, i) => token !== pair.texts?.corrupted[i + 1]);
        const plural = clean[at]?.endsWith('s') ?? false;
        expect(answersOf(plural ? pair.correct : pair.wrong)).toEqual([' are', ' were', ' have']);
        expect(answersOf(plural ? pair.wrong : pair.correct)).toEqual([' is', ' was', ' has']);
        const singular = (token: string | undefined): string | undefined => token?.replace(/s$/, '');
        const corrupted = tokens(pair, 'corrupted');
        expect(singular(corrupted[at])).toBe(singular(clean[at]));
        expect(corrupted.with(at, '')).toEqual(clean.with(at, ''));
        seen.add(`${plural} ${clean.at(-1)?.endsWith('s')}`);
      }
      expect(seen.size).toBe(4);
    });
  });
});

it('an unknown name is refused with the list', () => {
  expect(() => builtinTaskFile('ioj')).toThrow('ioj: is no shipped task (ioi, greater-than, induction,');
});

it('a word-level tokenizer refuses a word that it does not have', async () => {
  const { tokenizer } = (await openShippedModel('tasks-4l')).context;
  expect(() => tokenizer.encodePrompt('The zebra', 'x')).toThrow('x: the tokenizer has no token for " zebra"');
});
