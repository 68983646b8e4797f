import { describe, expect, it } from 'vitest';

import { loadTask } from '../../../src/task/load-task.js';
import { expandTemplate } from '../../../src/task/template-expand.js';
import { checkTemplateShape } from '../../../src/task/template.js';
import { createTokenizer } from '../../../src/task/tokenizer.js';
import type { Task } from '../../../src/task/types.js';

const base = {
  seed: 1,
  count: 20,
  words: {
    name: ['Ann', 'Bob', 'Cid', 'Dan', 'Eve'],
    noun: [
      { one: 'dog', many: 'dogs' },
      { one: 'cat', many: 'cats' },
      { one: 'bird', many: 'birds' },
    ],
    digit: ['0', '1', '2', '3'],
  },
  templates: [
    { clean: 'So {name} saw {name.2} , and {name.2} saw', corrupted: 'So {name} saw {name.2} , and {name.3} saw' },
    { clean: 'The {noun:one} of {name}', corrupted: 'The {noun:many} of {name}', correct: ' is', wrong: ' are' },
  ],
  correct: ' {name}',
  wrong: ' {name.2}',
};

const expand = (template: unknown, options = {}): ReturnType<typeof expandTemplate> =>
  expandTemplate(checkTemplateShape(template, 't.json'), 't.json', options);

const only = (template: object, rest: object = {}): object => ({ ...base, count: 1, templates: [template], ...rest });

describe('expansion', () => {
  it('fills the same draw into prompt, counterfactual and answers; the templates take turns', () => {
    const rows = expand(base);
    expect(rows).toHaveLength(20);
    rows.forEach((row, i) => {
      if (i % 2 === 0) {
        const [, a, b] = /^So (\w+) saw (\w+) , and \2 saw$/.exec(row.clean ?? '') ?? [];
        const [, c, d, e] = /^So (\w+) saw (\w+) , and (\w+) saw$/.exec(row.corrupted ?? '') ?? [];
        expect([c, d]).toEqual([a, b]);
        expect(new Set([a, b, e]).size).toBe(3);
        expect(row).toMatchObject({ correct: ` ${a}`, wrong: ` ${b}` });
      } else {
        expect(row.clean).toMatch(/^The (dog|cat|bird) of \w+$/);
        expect(row.corrupted).toBe(row.clean?.replace(/(dog|cat|bird)/, '$1s'));
        expect(row).toMatchObject({ correct: ' is', wrong: ' are' });
      }
    });
  });

  it('repeats by seed, and a smaller count is a prefix', () => {
    expect(expand(base)).toEqual(expand(base));
    expect(expand(base, { count: 7 })).toEqual(expand(base).slice(0, 7));
    expect(expand(base, { seed: 2 })).not.toEqual(expand(base));
  });

  it('draws no prompt twice, and says so when there are no more', () => {
    const rows = expand(only({ clean: '{name} {digit}', corrupted: 'x', correct: 'x', wrong: 'y' }, { count: 20 }));
    expect(new Set(rows.map((row) => row.clean)).size).toBe(20);
    const tooMany = only({ clean: '{name} {digit}', corrupted: 'x', correct: 'x', wrong: 'y' }, { count: 21 });
    expect(() => expand(tooMany)).toThrow('t.json: only 20 different prompts could be drawn, count asks for 21');
  });

  it('gives up a template that is used up; the others go on', () => {
    const few = { clean: 'few {digit}', corrupted: 'x', correct: 'x', wrong: 'y' };
    const word = Array.from({ length: 60 }, (_, i) => `w${i}`);
    const words = { digit: base.words.digit, word };
    const templates = [few, { ...few, clean: 'many {word} {word.2}' }, { ...few, clean: 'and {digit}' }];
    const rows = expand({ ...base, words, templates, count: 2000 });
    expect(new Set(rows.map((row) => row.clean)).size).toBe(2000);
    const digits = base.words.digit.length;
    expect(rows.filter((row) => !row.clean?.startsWith('many'))).toHaveLength(2 * digits);
  });

  it('gives the words after a drawn one, or up to it', () => {
    const answers = {
      correct: { from: 'digit', after: '{start}', prefix: '=' },
      wrong: { from: 'digit', upTo: '{start}' },
    };
    const words = { start: ['0', '2'], digit: base.words.digit };
    const rows = expand(only({ clean: '{start}', corrupted: '0', ...answers }, { count: 2, words }));
    expect(rows.toSorted((a, b) => Number(a.clean) - Number(b.clean))).toEqual([
      { clean: '0', corrupted: '0', correct: ['=1', '=2', '=3'], wrong: ['0'] },
      { clean: '2', corrupted: '0', correct: ['=3'], wrong: ['0', '1', '2'] },
    ]);
  });

  it('takes doubled braces for braces', () => {
    expect(expand(only({ clean: '{{ {{name}} }}', corrupted: 'x' }))[0]?.clean).toBe('{ {name} }');
  });
});

describe('mistakes name file and field', () => {
  const template = { clean: '{name}', corrupted: '{name.2}' };
  it.each([
    [{ ...base, speed: 1 }, /^t\.json: speed: /],
    [{ ...base, seed: -1 }, /^t\.json: seed: /],
    [{ ...base, seed: undefined }, /^t\.json: seed: /],
    [{ ...base, count: 0 }, /^t\.json: count: /],
    [{ ...base, count: 1e9 }, /^t\.json: count: /],
    [{ ...base, templates: [] }, /^t\.json: templates: /],
    [{ ...base, words: { name: [] } }, /^t\.json: words\.name: /],
    [{ ...base, words: { name: [''] } }, /^t\.json: words\.name\.0/],
    [{ ...base, words: { name: ['a', 'b', 'a'] } }, /^t\.json: words\.name: "a" stands there twice/],
    [only({ clean: 'x' }), /^t\.json: templates\.0\.corrupted: /],
    [only({ ...template, corupted: 'x' }), /^t\.json: templates\.0\.corupted: /],
    [only({ ...template, clean: '{nam}' }), /templates\.0\.clean: slot \{nam\}: there is no list nam in words/],
    [only({ ...template, clean: '{constructor}' }), /there is no list constructor in words/],
    [only({ ...template, clean: '{noun:toString}' }), /has no form toString/],
    [only({ ...template, clean: '{name' }), /templates\.0\.clean: a single \{ in "\{name"/],
    [only({ ...template, clean: '{name.0}' }), /templates\.0\.clean: slot \{name\.0\}: expected/],
    [only({ ...template, clean: '{noun}' }), /slot \{noun\}: .* has forms, of which one must be named/],
    [only({ ...template, clean: '{noun:few}' }), /slot \{noun:few\}: .* has no form few/],
    [only({ ...template, clean: '{name:one}' }), /slot \{name:one\}: "Ann" has no form one/],
    [only({ ...template, clean: '{name.6}' }), /templates\.0: needs 6 different words of name, which has 5/],
    [only({ ...template, correct: { from: 'digit' } }), /templates\.0\.correct.*expected either after or upTo/],
    [only({ ...template, correct: { from: 'noun', after: 'x' } }), /correct: from: noun is not a list of plain words/],
    [only({ ...template, correct: { from: 'digits', after: 'x' } }), /correct: from: digits is not a list/],
    [
      only({ ...template, correct: { from: 'digit', after: '{name}' } }),
      /correct\.after: "\w+" is not a word of the list/,
    ],
    [only({ ...template, correct: { from: 'digit', after: '3' } }), /correct\.after: no word comes after "3"/],
    [5, /^t\.json: /],
  ])('%j', (value, message) => {
    expect(() => expand(value)).toThrow(message);
  });
});

describe('against a tokenizer', () => {
  const vocab = ['<bos>', 'So', ' Ann', ' Bob', ' Cid', ' saw', ' it', '-', 'Bob', ' sub', 'way'];
  const tokenizerJson = {
    pre_tokenizer: {
      type: 'Split',
      pattern: { Regex: ' ?(?:sub|\\w+?(?=way)|\\w+)|-' },
      behavior: 'Isolated',
      invert: false,
    },
    model: { type: 'WordLevel', vocab: Object.fromEntries(vocab.map((word, id) => [word, id])), unk_token: '<bos>' },
  };
  const tokenizer = createTokenizer({ text: JSON.stringify(tokenizerJson), where: 'x' }, null, {
    bosTokenId: 0,
    bos: 'auto',
    vocab: vocab.length,
  });
  const load = (template: object, text = JSON.stringify(template)): Promise<Task> =>
    loadTask(
      { name: 't', source: 't.json', bytes: new TextEncoder().encode(text) },
      { tokenizer, vocab: 11, maxPositions: 9 },
    );
  const task = (clean: string, corrupted: string, rest: object = {}): object => ({
    seed: 0,
    count: 2,
    words: { name: ['Ann', 'Bob', 'Cid'] },
    templates: [{ clean, corrupted }],
    correct: ' {name}',
    wrong: ' {name.2}',
    ...rest,
  });

  it('makes pairs, from one line as from many', async () => {
    const template = task('So {name} saw', 'So {name.2} saw');
    const { pairs } = await load(template);
    expect(pairs).toHaveLength(2);
    for (const pair of pairs) {
      expect(pair.clean).toHaveLength(4);
      expect(pair.clean[2]).toBe(pair.correct[0]);
      expect(pair.corrupted[2]).toBe(pair.wrong[0]);
    }
    expect((await load(template, JSON.stringify(template, null, 2))).pairs).toEqual(pairs);
  });

  it('refuses words that are not one token where they stand', async () => {
    const words = { name: ['Ann', 'Bob', 'subway'] };
    await expect(load(task('So {name} saw', 'So {name} saw', { words }))).rejects.toThrow(
      't.json, templates.0.clean, slot {name}: word " subway" is 2 tokens (" sub", "way"), expected exactly one',
    );
    await expect(load(task('So-{name} saw', 'So-{name} saw'))).rejects.toThrow('word "Ann" has no token');
  });

  it('refuses pairs of unequal lengths and answers that are equal', async () => {
    await expect(load(task('So {name} saw it', 'So {name} saw'))).rejects.toThrow(
      /prompt 1: clean has 5 tokens and corrupted 4/,
    );
    await expect(load(task('So {name} saw', 'So {name} saw', { wrong: ' {name}' }))).rejects.toThrow(
      /prompt 1: correct and wrong hold/,
    );
  });

  it('takes broken JSON for a template by the name of the file', async () => {
    await expect(load({}, '{\n"seed": 1,\n')).rejects.toThrow(/^t\.json: is not valid JSON/);
    await expect(load({}, '{\n"seed": 1\n}')).rejects.toThrow(/^t\.json: count: /);
  });
});
