/**
 * Searches in rounds: more tests in a submission than a pass takes, with guesses that are right and that are wrong, in
 * a model of each kind of piece. Every way gives the same bits. And what the device is sent for it.
 */
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { acdc, type AcdcAids, type AcdcResult } from '../../src/discover/acdc.js';
import type { Measurement } from '../../src/discover/journal.js';
import { randomModel } from '../../src/model/random-model.js';
import { uploadModel, withEvaluator, type DeviceModel, type EvaluatorChoice } from '../support/evaluators.js';
import { smallSpec } from '../support/families.js';
import { useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';
import { pairsOf, UNEQUAL_PAIRS } from '../support/search-pairs.js';

const device = useDevice();

const outcome = (result: AcdcResult): object => ({
  ...result,
  evaluations: 0,
  rounds: 0,
  wrongGuesses: 0,
  kept: [...result.kept],
});

/** A search with what the device was sent. */
async function search(
  model: DeviceModel,
  choice: EvaluatorChoice,
  aids: AcdcAids = {},
): Promise<AcdcResult & { readonly submissions: number; readonly bytes: number }> {
  const pairs = pairsOf(randomNumbers(1), model.weights.spec.vocab, UNEQUAL_PAIRS);
  return withEvaluator(model, pairs, { directEdges: true, ...choice }, async (evaluator) => {
    const full = EdgeSet.full(model.topology);
    const [whole, empty] = [await evaluator.metric(full), await evaluator.metric(EdgeSet.empty(model.topology))];
    const options = { absolute: false, senderHeads: 'descending', directEdges: true } as const;
    const { counters } = device.gpu;
    const [submissions, bytes] = [counters.submissions, counters.uploadedBytes];
    const result = await acdc(evaluator, full, { ...options, threshold: 0.02 * Math.abs(empty - whole) }, aids);
    return {
      ...result,
      submissions: counters.submissions - submissions,
      bytes: counters.uploadedBytes - bytes,
    };
  });
}

const sent = { submissions: 0, bytes: 0 };

describe.each(['gpt2', 'gpt_neox', 'llama', 'gemma2', 'olmo2'] as const)('%s', (family) => {
  test('every batch decides and measures the same, whatever is guessed; a search goes on with another batch', async () => {
    const model = await uploadModel(device.gpu, await randomModel(smallSpec(family, { layers: 2 }), 1));
    try {
      const one = await search(model, {});
      const kept = new Map(one.steps.map((step) => [step.edge, step.kept]));
      expect(new Set(kept.values()).size).toBe(2);
      expect(one.rounds).toBe(one.steps.length);
      const right = (edge: number): number => (kept.get(edge) ? 6 : -6);
      const wrong = (edge: number): number => -right(edge);
      const ways: readonly (readonly [EvaluatorChoice, AcdcAids])[] = [
        [{ circuits: 2, batch: 2, cutSums: 9 }, {}],
        [{ circuits: 2, batch: 7 }, { hint: wrong }],
        [{ circuits: 7, batch: 32, cutSums: 9, prompts: 2 }, { hint: right }],
        [{ circuits: 3, batch: 157, cutSums: 9 }, { hint: right }],
        [{ circuits: 1, batch: 157 }, {}],
      ];
      for (const [choice, aids] of ways) {
        const found = await search(model, choice, aids);
        expect(outcome({ ...found, ...sent }), JSON.stringify(choice)).toEqual(outcome({ ...one, ...sent }));
        if (choice.batch !== 157) continue;
        expect(found.rounds).toBeLessThan(aids.hint ? one.rounds / 2 : one.rounds);
        // One more: the starting circuit.
        expect(found.submissions).toBeLessThanOrEqual(found.rounds + 1);
      }
      const earlier: Measurement[] = one.measurements.slice(0, 20);
      let measured = 0;
      const journal = { earlier, record: () => void measured++ };
      const rest = await search(model, { circuits: 2, batch: 32 }, { journal });
      expect(outcome({ ...rest, ...sent })).toEqual(outcome({ ...one, ...sent }));
      expect(measured).toBe(one.steps.length - earlier.length);
    } finally {
      model.weights.dispose();
    }
  });
});

test('a test sends little, and sends it in one upload', async () => {
  const model = await uploadModel(device.gpu, await randomModel(smallSpec('gpt2', { layers: 4 }), 1));
  try {
    for (const [circuits, batch] of [
      [1, 1],
      [8, 60],
    ] as const) {
      const { bytes, steps } = await search(model, { circuits, batch });
      expect(bytes / steps.length).toBeLessThan(2000);
      expect(bytes).toBeGreaterThan(0);
    }
  } finally {
    model.weights.dispose();
  }
});
