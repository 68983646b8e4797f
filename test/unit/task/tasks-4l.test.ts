import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, it } from 'vitest';

import { openModel } from '../../../src/model/load-model.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { builtinTaskFile, builtinTasks } from '../../../src/task/builtin/index.js';
import { loadTask } from '../../../src/task/load-task.js';
import { createTokenizer } from '../../../src/task/tokenizer.js';
import type { TaskTokenizer } from '../../../src/task/tokenizer.js';
import { isAccurate, mean, metricValue } from '../../oracle/metrics.js';
import { loadOracle, runModel } from '../../oracle/model.js';
import type { OracleModel } from '../../oracle/model.js';

const folder = fileURLToPath(new URL('../../../models/tasks-4l', import.meta.url));
/** Every tenth of the 200 prompts of a task: the float64 oracle is slow. */
const STRIDE = 10;

describe('the shipped model in the float64 oracle', () => {
  let model: OracleModel;
  let tokenizer: TaskTokenizer;

  beforeAll(async () => {
    model = await loadOracle(await openModel(await openModelDirectory(folder)));
    const { vocab, bosTokenId } = model.spec;
    const text = await readFile(join(folder, 'tokenizer.json'), 'utf8');
    tokenizer = createTokenizer({ text, where: 'tokenizer.json' }, null, { bosTokenId, bos: 'auto', vocab });
  });

  it.each([...builtinTasks.keys()])('solves %s, and only with the clean prompt', async (name) => {
    const task = await loadTask(builtinTaskFile(name), { tokenizer, ...model.spec });
    const results = task.pairs
      .filter((_, i) => i % STRIDE === 0)
      .map(({ clean, corrupted, position, correct, wrong }) => {
        const { vocab } = model.spec;
        const at = (ids: readonly number[]): Float64Array =>
          runModel(model, ids).logits.subarray(position * vocab, (position + 1) * vocab);
        const cleanLogits = at(clean);
        const corruptedLogits = at(corrupted);
        return {
          accurate: isAccurate(cleanLogits, correct),
          divergence: metricValue('kl', { logits: corruptedLogits, clean: cleanLogits, correct, wrong }),
        };
      });
    expect(mean(results.map(({ accurate }) => Number(accurate)))).toBeGreaterThanOrEqual(0.95);
    // A model that ignores what the counterfactual changes would be right without having learned the task.
    expect(mean(results.map(({ divergence }) => divergence))).toBeGreaterThan(0.5);
  });

  it('has at most 8 MB of files', async () => {
    const sizes = await Promise.all((await readdir(folder)).map(async (file) => (await stat(join(folder, file))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(8e6);
  });
});
