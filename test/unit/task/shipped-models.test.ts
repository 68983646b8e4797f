import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { shippedModels } from '../../../src/node/model-location.js';
import { builtinTaskFile, builtinTasks } from '../../../src/task/builtin/index.js';
import { femaleNames, maleNames } from '../../../src/task/builtin/names.js';
import { loadTask } from '../../../src/task/load-task.js';
import type { AnswerMode } from '../../../src/task/answers.js';
import type { PromptPair } from '../../../src/task/types.js';
import { openShippedModel, shippedFolder, type ShippedModel } from '../../support/shipped-model.js';
import { isAccurate, mean, metricValue } from '../../oracle/metrics.js';
import { loadOracle, runModel } from '../../oracle/model.js';
import type { OracleModel } from '../../oracle/model.js';

/** Every tenth of the 200 prompts of a task: the float64 oracle is slow. */
const STRIDE = 10;
/** tasks-4l-llama, whose training has prompts with names of several tokens. */
const WITH_LONG_NAMES = 'tasks-4l-llama';
const LEAST_ACCURACY = 0.95;
it('there are two', async () => {
  expect(await shippedModels()).toEqual(['tasks-4l', WITH_LONG_NAMES]);
});

describe.each(await shippedModels())('%s in the float64 oracle', (name) => {
  let shipped: ShippedModel;
  let model: OracleModel;

  beforeAll(async () => {
    shipped = await openShippedModel(name);
    model = await loadOracle(shipped.model);
  });

  it.each([...builtinTasks.keys()])('solves %s, and only with the clean prompt', async (task) => {
    const { pairs } = await loadTask(builtinTaskFile(task), shipped.context);
    checkSolved(model, pairs);
  });

  it('has at most 8 MB of files', async () => {
    const files = await readdir(shippedFolder(name), { recursive: true, withFileTypes: true });
    const sizes = files.filter((file) => file.isFile()).map((file) => stat(join(file.parentPath, file.name)));
    expect((await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)).toBeLessThan(8e6);
  });
});

describe('names of several tokens', () => {
  let shipped: ShippedModel;
  let model: OracleModel;

  beforeAll(async () => {
    shipped = await openShippedModel(WITH_LONG_NAMES);
    model = await loadOracle(shipped.model);
  });

  const load = async (task: string, answers?: AnswerMode): Promise<readonly PromptPair[]> => {
    const source = join(shippedFolder(WITH_LONG_NAMES), 'long-names', `${task}.jsonl`);
    const file = { name: task, source, bytes: new Uint8Array(await readFile(source)) };
    return (await loadTask(file, { ...shipped.context, ...(answers && { answers }) })).pairs;
  };

  it('are at least a third of those that it knows', async () => {
    const rows = await readFile(join(shippedFolder(WITH_LONG_NAMES), 'long-names', 'ioi.jsonl'), 'utf8');
    const long = new Set(
      rows
        .trim()
        .split('\n')
        .flatMap((line) => {
          const { correct, wrong } = JSON.parse(line) as { correct: string; wrong: string };
          return [correct, wrong];
        }),
    );
    for (const name of long) expect(shipped.context.tokenizer.encodeBare(name)?.length, name).toBeGreaterThan(1);
    expect(long.size).toBeGreaterThanOrEqual((femaleNames.length + maleNames.length) / 2);
  });

  it.each(['ioi', 'gendered-pronoun'])('solves %s with them, by the first token of the answer', async (task) => {
    checkSolved(model, await load(task, 'first-token'));
  });

  it('finds the whole of the name', async () => {
    const pairs = (await load('ioi', 'whole')).filter((_, i) => i % STRIDE === 0);
    const right = pairs.map(({ clean, position, answer = [] }) => {
      const { logits } = runModel(model, clean);
      return answer.every((id, i) => isAccurate(logitsAt(model, logits, position + i), [id]));
    });
    expect(Math.min(...pairs.map(({ answer }) => answer?.length ?? 0))).toBeGreaterThan(1);
    expect(mean(right.map(Number))).toBeGreaterThanOrEqual(LEAST_ACCURACY);
  });
});

function logitsAt({ spec: { vocab } }: OracleModel, logits: Float64Array, position: number): Float64Array {
  return logits.subarray(position * vocab, (position + 1) * vocab);
}

function checkSolved(model: OracleModel, pairs: readonly PromptPair[]): void {
  const results = pairs
    .filter((_, i) => i % STRIDE === 0)
    .map(({ clean, corrupted, position, correct, wrong }) => {
      const at = (ids: readonly number[]): Float64Array => logitsAt(model, runModel(model, ids).logits, position);
      const cleanLogits = at(clean);
      const corruptedLogits = at(corrupted);
      return {
        accurate: isAccurate(cleanLogits, correct),
        divergence: metricValue('kl', { logits: corruptedLogits, clean: cleanLogits, correct, wrong }),
      };
    });
  expect(mean(results.map(({ accurate }) => Number(accurate)))).toBeGreaterThanOrEqual(LEAST_ACCURACY);
  // A model that ignores what the counterfactual changes would be right without having learned the task.
  expect(mean(results.map(({ divergence }) => divergence))).toBeGreaterThan(0.5);
}
