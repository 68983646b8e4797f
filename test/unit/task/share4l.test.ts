import { readFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { loadTask } from '../../../src/task/load-task.js';
import { createTokenizer } from '../../../src/task/tokenizer.js';
import { fixture } from '../../support/fixtures.js';

const vocab = 275;

it.each(['ioi', 'greater_than', 'induction'])(
  'texts of the %s fixture give the ids that stand beside them',
  async (name) => {
    const text = await readFile(fixture('share4l/tokenizer.json'), 'utf8');
    const tokenizer = createTokenizer({ text, where: 'tokenizer.json' }, null, { bosTokenId: 0, bos: 'auto', vocab });
    const lines = (await readFile(fixture(`share4l/${name}.jsonl`), 'utf8')).trim().split('\n');
    const withoutIds = lines.map((line) => {
      const { clean, corrupted, correct, wrong, meta } = JSON.parse(line);
      return JSON.stringify({ clean, corrupted, correct, wrong, meta });
    });
    const load = (content: readonly string[]): ReturnType<typeof loadTask> => {
      const bytes = new TextEncoder().encode(content.join('\n'));
      return loadTask({ name, source: `${name}.jsonl`, bytes }, { tokenizer, vocab, maxPositions: 64 });
    };
    const fromIds = await load(lines);
    expect(fromIds.pairs).toHaveLength(64);
    expect((await load(withoutIds)).pairs).toEqual(fromIds.pairs);
  },
);
