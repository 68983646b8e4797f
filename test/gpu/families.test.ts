/**
 * The plain evaluator against float64 values that were computed independently from the same checkpoints and agree with
 * the Hugging Face library (logits) and the reference EAP-IG (edges).
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { memorySource } from '../../src/checkpoint/byte-source.js';
import { readSafetensorsHeader, readTensor } from '../../src/checkpoint/safetensors.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { openModel, type LoadedModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import type { PromptValues } from '../../src/evaluate/evaluator.js';
import type { PromptPair } from '../../src/task/types.js';
import {
  allLogits,
  uploadModel,
  withEvaluator,
  type DeviceModel,
  type EvaluatorChoice,
} from '../support/evaluators.js';
import { fixture } from '../support/fixtures.js';
import { expectClose, useDevice } from '../support/gpu.js';
import {
  FAMILY_FIXTURES,
  familyCircuit,
  familyFixture,
  familyPairs,
  hasFamilyFixture,
  type FamilyFixture,
  type Outcome,
} from '../support/tasks.js';
import { corruptedValues } from '../support/sides.js';

const device = useDevice();
const METRICS = ['kl', 'logit-diff'] as const;
const LOGITS_TOLERANCE = 1e-4;
const TOLERANCE = 5e-5;

function expectOutcome(what: string, got: PromptValues, wanted: Partial<Outcome>): void {
  const loss = got['logit-diff']!;
  if (wanted.kl) expectClose(`${what}, kl`, got.kl!, wanted.kl, TOLERANCE);
  if (wanted.logit_diff)
    expectClose(
      `${what}, logit difference`,
      loss.map((x) => -x),
      wanted.logit_diff,
      TOLERANCE,
    );
  if (wanted.metric !== undefined) expectClose(`${what}, metric`, [mean(loss)], [wanted.metric], TOLERANCE);
}

describe.each(FAMILY_FIXTURES)('%s', (name) => {
  describe.skipIf(!hasFamilyFixture(name))('against the reference', () => {
    let loaded: LoadedModel;
    let model: DeviceModel;
    let expected: FamilyFixture;
    let pairs: PromptPair[];
    let masks: EdgeSet[];

    beforeAll(async () => {
      loaded = await openModel(await openModelDirectory(fixture(`families/${name}`)));
      model = await uploadModel(device.gpu, loaded);
      expected = await familyFixture(name);
      pairs = familyPairs(expected);
      masks = expected.masks.map(({ keep }) => familyCircuit(model.topology, expected.edges, keep));
    });
    afterAll(() => model?.weights.dispose());

    const evaluate = (circuits: readonly EdgeSet[], choice: EvaluatorChoice): Promise<PromptValues[]> =>
      withEvaluator(model, pairs, choice, (evaluator) => evaluator.evaluate(circuits, METRICS));

    test('logits at every position', async () => {
      const bytes = await readFile(fixture(`families/${name}/expected_arrays.safetensors`));
      const arrays = await readSafetensorsHeader(memorySource('expected_arrays', bytes));
      for (const side of ['clean', 'corrupted'] as const) {
        const stored = await readTensor(arrays.get(`logits_${side}`)!);
        const padded = expected.clean_ids[0]!.length * loaded.spec.vocab;
        const logits = await allLogits(model, pairs, side);
        logits.forEach((got, n) => {
          const wanted = stored.subarray(n * padded, n * padded + got.length);
          expectClose(`${side} logits of prompt ${n}`, got, wanted, LOGITS_TOLERANCE);
        });
      }
    });

    test('clean and corrupted runs, all and none kept', async () => {
      await withEvaluator(model, pairs, { circuits: 2 }, async (evaluator) => {
        const { topology } = model;
        const [all, none] = await evaluator.evaluate([EdgeSet.full(topology), EdgeSet.empty(topology)], METRICS);
        expectOutcome('all kept', all!, expected.all_kept);
        expectOutcome('clean', all!, expected.clean);
        expectOutcome('none kept', none!, expected.none_kept);
        const corrupted = { ...expected.corrupted, kl: expected.kl_clean_corrupted };
        expectOutcome('corrupted', await corruptedValues(model, pairs, METRICS), corrupted);
      });
    });

    test('random masks, resample', async () => {
      const values = await evaluate(masks, { circuits: 7 });
      values.forEach((got, i) => expectOutcome(`mask ${i}`, got, expected.masks[i]!));
    });

    test('single cuts, resample', async () => {
      const full = EdgeSet.full(model.topology);
      const circuits = expected.cuts.map(({ edge }) => full.without(model.topology.edgeId(edge)!));
      const values = await evaluate(circuits, { circuits: 8 });
      values.forEach((got, i) => {
        const { edge, delta } = expected.cuts[i]!;
        expectOutcome(`cut ${edge}`, got, expected.cuts[i]!);
        expectClose(`cut ${edge}, effect`, [mean(got['logit-diff']!) - expected.clean.metric], [delta], TOLERANCE);
      });
    });

    test('random masks and none kept, zero', async () => {
      expect(expected.masks_zero).toHaveLength(masks.length);
      const values = await evaluate([...masks, EdgeSet.empty(model.topology)], { circuits: 7, ablation: 'zero' });
      [...expected.masks_zero, expected.none_kept_zero].forEach((wanted, i) => {
        expectOutcome(`zero mask ${i}`, values[i]!, wanted);
      });
    });

    test('how circuits and prompts are batched changes no bit', async () => {
      const some = masks.slice(4, 11);
      const reference = await evaluate(some, { circuits: 7 });
      for (const choice of [
        { circuits: 1 },
        { circuits: 3 },
        { circuits: 3, prompts: 1 },
        { circuits: 7, prompts: 2 },
      ]) {
        expect(await evaluate(some, choice), JSON.stringify(choice)).toEqual(reference);
      }
    });
  });
});
