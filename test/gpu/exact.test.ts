/**
 * Effects of single edges against the reference EAP-IG's on a trained model, and against float64 values of the tiny
 * checkpoints.
 */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { acdcOrder } from '../../src/discover/acdc-order.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { exactEffects, type ExactEffects } from '../../src/discover/exact.js';
import type { MetricName } from '../../src/readout/metrics.js';
import { openModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import type { PromptPair } from '../../src/task/types.js';
import { uploadModel, withEvaluator, type DeviceModel, type EvaluatorChoice } from '../support/evaluators.js';
import { fixture, fixtureJson } from '../support/fixtures.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { familyFixture, familyPairs, sharePairs } from '../support/tasks.js';

const device = useDevice();

interface Reference {
  readonly n: number;
  readonly edge_order: readonly string[];
  readonly methods: { readonly exact?: { readonly scores: readonly number[] } };
}

async function withModel<T>(path: string, use: (model: DeviceModel) => Promise<T>): Promise<T> {
  const model = await uploadModel(device.gpu, await openModel(await openModelDirectory(fixture(path))));
  try {
    return await use(model);
  } finally {
    model.weights.dispose();
  }
}

const exact = (
  model: DeviceModel,
  pairs: readonly PromptPair[],
  choice: EvaluatorChoice,
  stride = 1,
): Promise<ExactEffects> =>
  withEvaluator(model, pairs, choice, (evaluator) =>
    exactEffects(
      evaluator,
      EdgeSet.full(model.topology),
      acdcOrder(model.topology, 'descending', choice.directEdges ?? false)
        .flatMap(({ edges }) => edges)
        .filter((_, i) => i % stride === 0),
    ),
  );

const RUNS: readonly (readonly [string, string, MetricName, EvaluatorChoice])[] = [
  ['ioi.logit_diff', 'ioi.jsonl', 'logit-diff', { circuits: 1, cutSums: 8 }],
  ['gt.prob_diff', 'greater_than.jsonl', 'prob-diff', { circuits: 5 }],
  ['ind.logit_diff', 'induction.jsonl', 'logit-diff', { circuits: 3, prompts: 5 }],
];

const TOLERANCE = 2e-5;
/** Every eleventh edge is cut, in the order of a search; every edge with EDGEWISE_ALL_RUNS=1. */
const STRIDE = process.env['EDGEWISE_ALL_RUNS'] === '1' ? 1 : 11;

describe.each(RUNS)('share4l, %s', (name, task, metric, choice) => {
  const path = `share4l/reference/eap-ig/${name}.json`;
  test.skipIf(!existsSync(fixture(path)))('the scores of edges', async () => {
    const reference = await fixtureJson<Reference>(path);
    const wanted = reference.methods.exact!.scores;
    const pairs = await sharePairs(task, reference.n);
    await withModel('share4l', async (model) => {
      const { effects } = await exact(model, pairs, { metric, ...choice }, STRIDE);
      const { additionEdges } = model.topology;
      expect(wanted).toHaveLength(additionEdges);
      expect(effects.size).toBe(Math.ceil(additionEdges / STRIDE));
      const places = new Map(reference.edge_order.map((edge, i) => [model.topology.edgeId(edge)!, i]));
      const got = [...effects.values()].map(mean);
      expectClose(
        name,
        got,
        [...effects.keys()].map((edge) => wanted[places.get(edge)!]!),
        TOLERANCE,
      );
    });
  });
});

test.each([
  ['gpt2', 'kl', { circuits: 1, cutSums: 4, prompts: 2 }],
  ['gpt2_f16', 'logit-diff', { circuits: 7 }],
  ['gpt2_hub', 'kl', { circuits: 5 }],
  ['gpt2_invlayer', 'logit-diff', { circuits: 2, cutSums: 100, prompts: 1 }],
  ['gpt2_pad', 'logit-diff', { circuits: 7, cutSums: 3 }],
] as const)('%s, %s: forty cut edges, prompt by prompt', async (name, metric, choice) => {
  const expected = await familyFixture(name);
  await withModel(`families/${name}`, async (model) => {
    const pairs = familyPairs(expected);
    const { effects } = await exact(model, pairs, { metric, ...choice });
    expect(expected.cuts.length).toBe(40);
    for (const { edge, delta, kl, logit_diff: difference } of expected.cuts) {
      const perPrompt = effects.get(model.topology.edgeId(edge)!)!;
      if (metric === 'kl') {
        // The whole model's divergence from itself is 0.
        expectClose(`${edge} kl`, perPrompt, kl, 5e-5);
      } else {
        expectClose(edge, [mean(perPrompt)], [delta], 1e-4);
        const drop = expected.clean.logit_diff.map((clean, n) => clean - difference[n]!);
        expectClose(`${edge} per prompt`, perPrompt, drop, 1e-4);
      }
    }
  });
});

test('direct edges are scored too, and change no other score', async () => {
  const expected = await familyFixture('gpt2');
  await withModel('families/gpt2', async (model) => {
    const pairs = familyPairs(expected);
    const without = await exact(model, pairs, { circuits: 4 });
    const { effects, initial } = await exact(model, pairs, { circuits: 4, directEdges: true });
    expect(effects.size).toBe(model.topology.edgeCount);
    expect(initial).toBe(without.initial);
    for (const [edge, effect] of without.effects) expect(effects.get(edge)).toEqual(effect);
    const direct = [...effects].filter(([edge]) => edge >= model.topology.additionEdges);
    expect(direct.filter(([, effect]) => mean(effect) > 1e-4).length).toBeGreaterThan(direct.length / 2);
  });
});
