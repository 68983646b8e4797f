/** What `lens` finds, against stored float64 results: every leaf of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_BUDGET } from '../../src/evaluate/memory-plan.js';
import type { LensPart, LensReport } from '../../src/files/own/lens-json.js';
import { openModel, type LoadedModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import { runLens } from '../../src/run/lens.js';
import { openTokenizer } from '../../src/run/task-reader.js';
import type { TaskTokenizer } from '../../src/task/tokenizer.js';
import { uploadModel, type DeviceModel } from '../support/evaluators.js';
import { fixture, fixtureJson } from '../support/fixtures.js';
import { useDevice } from '../support/gpu.js';
import { expectEveryLeaf, type WalkRule } from '../support/reference-walk.js';
import { sharePairs } from '../support/tasks.js';

interface Reference {
  readonly rows?: readonly [number, number];
  readonly tasks?: Readonly<Record<string, unknown>>;
}

const LOGITS = 1e-4;
const PROBABILITIES = 1e-5;
const NORMALISED = 5e-5;
const TEXT = 'explains the file in words';

const RULES: Readonly<Record<string, readonly WalkRule[]>> = {
  logit_lens: [
    { at: 'note', excepted: TEXT },
    { at: 'tasks.*.prompts.*.row', equal: true },
    { at: 'tasks.*.prompts.*.answer', equal: true },
    { at: 'tasks.*.prompts.*.answer_token', equal: true },
    { at: 'tasks.*.prompts.*.layers.*.layer', equal: true },
    { at: 'tasks.*.prompts.*.layers.*.rank', equal: true },
    { at: 'tasks.*.prompts.*.layers.*.logit_answer', within: LOGITS },
    { at: 'tasks.*.prompts.*.layers.*.p_answer', within: PROBABILITIES },
    { at: 'tasks.*.prompts.*.layers.*.p_correct_set', within: PROBABILITIES },
    { at: 'tasks.*.prompts.*.layers.*.top5', ranked: PROBABILITIES },
  ],
  direct_attribution: [
    { at: 'writers', excepted: TEXT },
    { at: 'tasks.*.target', equal: true },
    { at: 'tasks.*.components.*', equal: true },
    { at: 'tasks.*.values.*.*', within: LOGITS },
    { at: 'tasks.*.total.*', within: LOGITS },
    { at: 'tasks.*.ln_f_denominator.*', within: LOGITS },
  ],
  ffn_values: [
    { at: 'layout', excepted: TEXT },
    { at: 'tasks.*.rows.*', equal: true },
    { at: 'tasks.*.layers.*.*.neuron', equal: true },
    { at: 'tasks.*.layers.*.*.effect', within: LOGITS },
    { at: 'tasks.*.layers.*.*.coefficient_mean', within: LOGITS },
    { at: 'tasks.*.layers.*.*.effect_per_prompt.*', within: LOGITS },
    { at: 'tasks.*.layers.*.*.top10', ranked: LOGITS },
    { at: 'tasks.*.layers.*.*.bottom3', ranked: LOGITS },
  ],
  head_detectors: [
    { at: 'layout', excepted: TEXT },
    { at: 'tasks.*.rows.*', equal: true },
    { at: 'tasks.*.scores.*.*.*.*', within: NORMALISED },
  ],
  ov_qk: [
    { at: 'words', excepted: TEXT },
    { at: 'word_ids.*', equal: true },
    { at: 'heads.*.ov_top', ranked: LOGITS },
    { at: 'heads.*.ov_top_among_words', ranked: LOGITS },
    { at: 'heads.*.qk_top', ranked: LOGITS },
    { at: 'heads.*.ov_copying.diagonal_mean', within: LOGITS },
    { at: 'heads.*.ov_copying.mean', within: LOGITS },
    { at: 'heads.*.ov_copying.top1_is_self', within: 1e-9 },
    { at: 'heads.*.ov_copying.top5_has_self', within: 1e-9 },
    { at: 'heads.*.qk_diagonal.*', within: LOGITS },
    { at: 'heads.*.ov_eigenvalue_copying', within: NORMALISED },
  ],
};

describe('share4l', () => {
  const device = useDevice();
  let loaded: LoadedModel;
  let model: DeviceModel;
  let tokenizer: TaskTokenizer;
  beforeAll(async () => {
    const directory = await openModelDirectory(fixture('share4l'));
    loaded = await openModel(directory);
    tokenizer = (await openTokenizer(directory, loaded.spec, 'auto'))!;
    model = await uploadModel(device.gpu, loaded);
  });
  afterAll(() => model?.weights.dispose());

  async function lens(task: string, rows: number, part: LensPart): Promise<LensReport> {
    const pairs = await sharePairs(`${task}.jsonl`, rows);
    const setting = { ...model, model: loaded, budget: DEFAULT_BUDGET };
    const options = { only: [part], tokenText: (id: number) => tokenizer.tokenText(id) };
    const of = { name: task, source: task, hash: '', pairs, skip: 0, tokenizer: null };
    const withEvaluator = () => Promise.reject(new Error('no circuit was given'));
    return runLens(of, options, () => {}, { ...setting, withEvaluator });
  }

  test.each(Object.keys(RULES) as LensPart[])('%s', async (part) => {
    const reference = await fixtureJson<Reference>(`share4l/reference/lens/${part}.json`);
    const rules = [{ at: 'model', equal: true }, { at: 'rows.*', equal: true }, ...RULES[part]!] as const;
    const file = { model: loaded.name, rows: reference.rows };
    if (!reference.tasks) {
      const all = await sharePairs('ioi.jsonl', 1e6);
      const { ov_qk } = await lens('ioi', all.length, part);
      expect(expectEveryLeaf({ ...file, ...ov_qk }, reference, rules)).toBeGreaterThan(1000);
      return;
    }
    const tasks: Record<string, unknown> = {};
    for (const task of Object.keys(reference.tasks)) tasks[task] = (await lens(task, 8, part))[part];
    expect(expectEveryLeaf({ ...file, tasks }, reference, rules)).toBeGreaterThan(500);
  });
});
