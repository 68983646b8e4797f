/** The logit difference of models with a softcap or biases of logits: from the answers' logits alone, or from all. */
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { randomModel } from '../../src/model/random-model.js';
import { answeredTokens } from '../../src/readout/answer-columns.js';
import { checkModel } from '../../src/check/sample-model.js';
import { CHECK_CASES } from '../../src/check/cases.js';
import type { PromptPair } from '../../src/task/types.js';
import { uploadModel, withEvaluator } from '../support/evaluators.js';
import { smallSpec } from '../support/families.js';
import { expectSame, useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';
import { pairsOf, UNEQUAL_PAIRS } from '../support/search-pairs.js';

const device = useDevice();
const VOCAB = 301;

/** Its answers alone are more than are computed alone. */
const MANY: PromptPair = {
  clean: [1, 2, 3],
  corrupted: [1, 4, 3],
  position: 2,
  correct: Array.from({ length: 90 }, (_, i) => 3 * i),
  wrong: [1],
};

test('answered tokens come once, ascending; without any there is one column all the same', () => {
  const answers = [
    { correct: [9, 4], wrong: [] },
    { correct: [4], wrong: [300, 4] },
  ];
  expect(answeredTokens(answers)).toEqual([4, 9, 300]);
  expect(answeredTokens([{ correct: [], wrong: [] }])).toEqual([0]);
});

const llama = CHECK_CASES.find(({ storage }) => storage === 'bf16')!;
describe.each([
  ['softcap', () => randomModel(smallSpec('gemma2', { vocab: VOCAB }), 1)],
  ['bias', () => randomModel(smallSpec('phi', { vocab: VOCAB }), 2)],
  [
    'softcap and bias, stored as bf16',
    () => checkModel({ ...llama, spec: { ...llama.spec, vocab: VOCAB, logitBias: true, logitSoftcap: 2 } }),
  ],
] as const)('%s', (_, load) => {
  test('few answers give the bits that all logits give', async () => {
    const model = await uploadModel(device.gpu, await load());
    const pairs = pairsOf(randomNumbers(7), VOCAB, UNEQUAL_PAIRS).map((pair, n) =>
      n === 1 ? { ...pair, wrong: [] } : n === 2 ? { ...pair, correct: [5, 3, 300], wrong: [3] } : pair,
    );
    const { topology } = model;
    const circuits = [
      EdgeSet.full(topology),
      EdgeSet.where(topology, (id) => id % 3 !== 0 || id >= topology.additionEdges),
      EdgeSet.empty(topology),
    ];
    const measure = (asked: readonly PromptPair[], metrics: readonly ('kl' | 'logit-diff')[]) =>
      withEvaluator(model, asked, { circuits: 2 }, (evaluator) => evaluator.evaluate(circuits, metrics));
    const few = await measure(pairs, ['logit-diff']);
    const beside = await measure(pairs, ['kl', 'logit-diff']);
    const all = await measure([...pairs, MANY], ['logit-diff']);
    circuits.forEach((__, c) => {
      const wanted = all[c]!['logit-diff']!.slice(0, pairs.length);
      expect(new Set(wanted).size, 'different values').toBeGreaterThan(3);
      expectSame('few', few[c]!['logit-diff']!, wanted);
      expectSame('beside another metric', beside[c]!['logit-diff']!, wanted);
    });
    model.weights.dispose();
  });
});
