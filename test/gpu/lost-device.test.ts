import { expect, test } from 'vitest';
import type { Measurement } from '../../src/discover/journal.js';
import { Engine } from '../../src/run/engine.js';
import { openModel } from '../../src/model/load-model.js';
import { openDevice } from '../../src/node/device.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import { resolveModel } from '../../src/node/model-location.js';
import { openTaskFile } from '../../src/node/open-files.js';
import { openTokenizer } from '../../src/run/task-reader.js';
import { loadTask } from '../../src/task/load-task.js';
import { takePrompts } from '../../src/task/take-prompts.js';
import { searchOnce } from '../support/one-search.js';

const OPTIONS = {
  metric: 'kl',
  threshold: 0.3,
  ablation: 'resample',
  input: 'token',
  absolute: false,
  senderHeads: 'descending',
  directEdges: false,
} as const;

test('a device that is lost in the middle of a search ends it, and what was measured is gone on from', async () => {
  const directory = await openModelDirectory((await resolveModel('tasks-4l')).directory);
  const model = await openModel(directory);
  const tokenizer = await openTokenizer(directory, model.spec, 'auto');
  const task = takePrompts(await loadTask(await openTaskFile('ioi'), { ...model.spec, tokenizer }), 2);
  const measured: Measurement[] = [];
  /** A search on a device of its own, which is lost after so many tests. */
  const search = async (earlier: readonly Measurement[], lostAfter = Infinity) => {
    const open = await openDevice();
    try {
      const { device, adapter, wait } = open;
      const engine = await Engine.create({ device, adapter, wait, model, tuning: { tile: 'register-8', fill: 1 } });
      const journal = { earlier, record: (one: Measurement) => void measured.push(one) };
      const onProgress = ({ tested }: { tested: number }): void => {
        if (tested === lostAfter) device.destroy();
      };
      const found = await searchOnce(engine, task, OPTIONS, { journal, onProgress });
      engine.dispose();
      return found;
    } finally {
      await open.close();
    }
  };
  const whole = await search([]);
  const all = measured.splice(0);
  await expect(search([], 20)).rejects.toMatchObject({
    kind: 'device',
    message: expect.stringMatching(/stopped answering|was lost/),
  });
  expect(measured).toEqual(all.slice(0, 20));
  const resumed = await search(measured.splice(0));
  expect(measured).toEqual(all.slice(20));
  expect(resumed.evaluations).toBe(whole.evaluations - 20);
  expect(resumed.rounds).toBe(whole.rounds - 20);
  const { seconds: _, evaluations: __, rounds: ___, wrongGuesses: ____, ...same } = whole;
  expect(resumed).toMatchObject(same);
});
