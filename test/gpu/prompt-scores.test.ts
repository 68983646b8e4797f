/** Scores per prompt, and controls in which prompts are compared with the predictions of others. */
import { describe, expect, test } from 'vitest';
import type { AttributionOptions } from '../../src/attribute/options.js';
import { writerGroups } from '../../src/block/groups.js';
import { mean } from '../../src/base/mean.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { meanOfPrompts } from '../../src/circuit/prompt-scores.js';
import type { Topology } from '../../src/circuit/topology.js';
import { openModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import { Engine } from '../../src/run/engine.js';
import { planStability } from '../../src/run/stability.js';
import { nullTask } from '../../src/stability/null-task.js';
import type { PromptPair } from '../../src/task/types.js';
import { construct } from '../../src/truth/construct.js';
import type { OraclePoint } from '../oracle/attribution.js';
import { loadOracle, runCircuit, runModel, type Pass } from '../oracle/model.js';
import { kl, logSoftmax } from '../oracle/ops.js';
import { attributionOf, EVEN, everyEdge, oraclesOf, scoresOf, smallModel, UNEVEN } from '../support/attribution.js';
import { withEvaluator } from '../support/evaluators.js';
import { fixture, fixtureJson } from '../support/fixtures.js';
import { expectClose, expectSame, useDevice } from '../support/gpu.js';
import { sharePairs } from '../support/tasks.js';

const device = useDevice();

const CASES: readonly (readonly [string, readonly PromptPair[], Partial<AttributionOptions>])[] = [
  ['eap', UNEVEN, { method: 'eap' }],
  ['eap-ig-inputs', UNEVEN, { method: 'eap-ig-inputs', steps: 3 }],
  ['eap-ig-inputs by KL', UNEVEN, { method: 'eap-ig-inputs', steps: 3, metric: 'kl' }],
  ['eap-ig-activations', EVEN, { method: 'eap-ig-activations', steps: 2 }],
  ['clean-corrupted', UNEVEN, { method: 'clean-corrupted' }],
  ['grad-drop', EVEN, { method: 'eap', backward: 'atp-star', gradDrop: true }],
  ['information-flow', UNEVEN, { method: 'information-flow' }],
];

test.each(CASES)(
  '%s: the mean over prompts is the score, and each is what its prompt has alone',
  async (_, pairs, options) => {
    const model = await smallModel(device.gpu);
    const { edges, perPrompt } = await attributionOf(model, pairs, { ...options, perPrompt: true });
    expectSame('ordinary', edges, await scoresOf(model, pairs, options));
    const all = pairs.map((_pair, row) => row);
    const scale = Math.max(...edges.map(Math.abs));
    expectClose('mean', meanOfPrompts(perPrompt!, all), edges, 1e-6 * scale);
    for (const [row, pair] of pairs.entries()) {
      const alone = await scoresOf(model, [pair], options);
      expectClose(`prompt ${row}`, meanOfPrompts(perPrompt!, [row]), alone, 1e-6 * scale);
    }
    model.dispose();
  },
);

/** Runs whose gradients are added up: two steps of the left rule, from the ablated end. */
const STEPS = [
  { amount: 1, weight: 1 / 2 },
  { amount: 1 / 2, weight: 1 / 2 },
];
const steps = { steps: 2, stepRule: 'left' } as const;

describe('against float64, prompt by prompt', () => {
  test.each([
    ['eap', 'logit-diff', UNEVEN, { method: 'eap' }],
    ['eap-ig-inputs', 'logit-diff', UNEVEN, { method: 'eap-ig-inputs', ...steps }],
    ['eap-ig-inputs', 'kl', UNEVEN, { method: 'eap-ig-inputs', ...steps }],
    ['eap-ig-activations', 'prob-diff', EVEN, { method: 'eap-ig-activations', scope: 'group', ...steps }],
    ['eap-ig-activations', 'nll', EVEN, { method: 'eap-ig-activations', scope: 'all', ...steps }],
  ] as const)('%s by %s', async (method, metric, pairs, options) => {
    const model = await smallModel(device.gpu);
    const { perPrompt } = await attributionOf(model, pairs, { ...options, metric, perPrompt: true });
    const points = pointsOf(model.topology, method, 'scope' in options && options.scope === 'all');
    for (const [row, oracle] of (await oraclesOf(model.loaded, pairs, { metric })).entries()) {
      const wanted = oracle.edges(everyEdge(model), points);
      const scale = Math.max(...wanted.map(Math.abs));
      expect(scale).toBeGreaterThan(1e-4);
      expectClose(`prompt ${row}`, meanOfPrompts(perPrompt!, [row]), wanted, 2e-5 * scale);
    }
    model.dispose();
  });
});

/** Each method's runs: the clean one; those of the input moved; those of each group of writers moved. */
function pointsOf(topology: Topology, method: string, everyScore: boolean): readonly OraclePoint[] {
  if (method === 'eap') return [{ weight: 1 }];
  if (method === 'eap-ig-inputs') return STEPS.map((point) => ({ ...point, moved: [0] }));
  const groups = writerGroups(topology);
  return groups.flatMap(({ firstWriter, writers }) => {
    const moved = Array.from({ length: writers }, (_, i) => firstWriter + i);
    return STEPS.map(({ amount, weight }) =>
      everyScore ? { amount, weight: weight / groups.length, moved } : { amount, weight, moved, only: moved },
    );
  });
}

test('a whole answer counts as one prompt', async () => {
  const model = await smallModel(device.gpu);
  const whole: PromptPair = {
    clean: [3, 14, 15, 9],
    corrupted: [3, 1, 7, 9],
    position: 2,
    correct: [9],
    wrong: [],
    answer: [9, 6],
  };
  const pairs = [whole, EVEN[1]!];
  const { edges, perPrompt } = await attributionOf(model, pairs, { metric: 'nll', perPrompt: true });
  expect(perPrompt!.prompts).toBe(2);
  const scale = Math.max(...edges.map(Math.abs));
  expectClose('mean', meanOfPrompts(perPrompt!, [0, 1]), edges, 1e-6 * scale);
  expectClose('alone', meanOfPrompts(perPrompt!, [0]), await scoresOf(model, [whole], { metric: 'nll' }), 1e-6 * scale);
  model.dispose();
});

test('more scores than the memory holds are refused before anything is made', async () => {
  const model = await smallModel(device.gpu);
  const many = Array.from({ length: 20_000 }, () => EVEN[0]!);
  const asked = attributionOf(model, many, { perPrompt: true, budget: 5e6 });
  await expect(asked).rejects.toThrow(
    /scores per prompt: of 20,000 prompts and \d+ edges take 0\.0\d+ GB, the memory budget is 0\.00500 GB/,
  );
  model.dispose();
});

describe('compared with the prediction of another prompt', () => {
  const [a, b] = EVEN as [PromptPair, PromptPair];

  test('the KL divergence is that of the two predictions', async () => {
    const model = await smallModel(device.gpu);
    const { topology } = model;
    const klOf = (pairs: readonly PromptPair[], circuit: EdgeSet): Promise<readonly number[]> =>
      withEvaluator(model, pairs, { metric: 'kl' }, async (evaluator) => (await evaluator.perPrompt([circuit]))[0]!);
    const swapped = [
      { ...a, reference: b },
      { ...b, reference: a },
    ];
    // The empty circuit on a pair is the clean run of its corrupted prompt.
    const ends = [
      { ...a, clean: b.clean, corrupted: a.clean },
      { ...a, clean: a.clean, corrupted: b.clean },
    ];
    const wanted = await klOf(ends, EdgeSet.empty(topology));
    expect(wanted.every((value) => value > 1e-4)).toBe(true);
    expectClose('KL', await klOf(swapped, EdgeSet.full(topology)), wanted, 1e-5);
    expect(mean(await klOf([a, b], EdgeSet.full(topology)))).toBeLessThan(1e-6);
    model.dispose();
  });

  test('the KL divergence of any circuit is that of float64, whatever the lengths', async () => {
    const model = await smallModel(device.gpu);
    const { topology, loaded } = model;
    const shuffled = nullTask(
      { name: '', source: '', hash: '', pairs: UNEVEN, skip: 0, tokenizer: null },
      'clean predictions',
      3,
    );
    expect(shuffled.unchanged).toBe(0);
    const { pairs } = shuffled.task;
    const circuits = [
      EdgeSet.full(topology),
      EdgeSet.empty(topology),
      ...[2, 3].map((step) => EdgeSet.where(topology, (id) => id >= topology.additionEdges || id % step > 0)),
    ];
    const got = await withEvaluator(model, pairs, { metric: 'kl', circuits: 2 }, async (evaluator) => [
      ...(await evaluator.perPrompt(circuits.slice(0, 2))),
      ...(await evaluator.perPrompt(circuits.slice(2))),
    ]);
    const float64 = await loadOracle(loaded);
    const { vocab } = loaded.spec;
    const row = ({ logits }: Pass, position: number): Float64Array =>
      logSoftmax(logits.subarray(position * vocab, (position + 1) * vocab));
    circuits.forEach((circuit, i) => {
      const wanted = pairs.map(({ clean, corrupted, position, reference }) => {
        const run = runCircuit(float64, clean, circuit, runModel(float64, corrupted));
        return kl(row(runModel(float64, reference!.clean), reference!.position), row(run, position));
      });
      expect(Math.min(...wanted)).toBeGreaterThan(1e-3);
      expectClose(`circuit ${i}`, got[i]!, wanted, 1e-5);
    });
    model.dispose();
  });

  test('gradients go from that prediction', async () => {
    const model = await smallModel(device.gpu);
    const options = { method: 'eap-ig-inputs', steps: 2, stepRule: 'left', metric: 'kl' } as const;
    const own = [a, b].map((pair) => ({ ...pair, reference: pair }));
    const plain = await scoresOf(model, [a, b], options);
    expectSame('its own', await scoresOf(model, own, options), plain);
    const other = await scoresOf(
      model,
      [
        { ...a, reference: b },
        { ...b, reference: a },
      ],
      options,
    );
    expect(Math.max(...other.map((score, id) => Math.abs(score - plain[id]!)))).toBeGreaterThan(1e-4);
    model.dispose();
  });
});

test('draws of a trained model give the stored circuits', async () => {
  const stored = await fixtureJson<{ resamples: number[][]; n: number; circuits: number[][] }>(
    'share4l/reference/tests/stability.ioi.json',
  );
  const { edge_order: order } = await fixtureJson<{ edge_order: string[] }>(
    'share4l/reference/eap-ig/ioi.logit_diff.json',
  );
  const model = await openModel(await openModelDirectory(fixture('share4l')));
  const engine = await Engine.create({ device: device.gpu.device, adapter: 'test', model });
  const pairs = await sharePairs('ioi.jsonl', 32);
  const task = { name: 'ioi', source: 'ioi', hash: '', pairs, skip: 0, tokenizer: null };
  const plan = planStability(model, task, {
    method: 'eap-ig-inputs',
    stepRule: 'left',
    edges: stored.n,
    resamples: stored.resamples,
  });
  const { inclusions, agreement } = await plan.run(engine, {});
  const counts = new Map<string, number>();
  for (const index of stored.circuits.flat()) counts.set(order[index]!, (counts.get(order[index]!) ?? 0) + 1);
  for (const [id, { count }] of inclusions) expect(count).toBe(counts.get(engine.topology.edgeName(id)) ?? 0);
  expect(agreement.spearman!.mean).toBeCloseTo(0.723485, 5);
  engine.dispose();
});

test.each([
  ['logit-diff', 'answers'],
  ['kl', 'clean predictions'],
] as const)('by %s the null circuit of a known model is another one', async (metric, shuffled) => {
  const made = await construct('name-moving');
  const engine = await Engine.create({ device: device.gpu.device, adapter: 'test', model: made.model });
  const task = { ...made.task, pairs: made.task.pairs.slice(0, 12) };
  const plan = planStability(made.model, task, { method: 'acdc', metric, threshold: 0.4, draws: 3 });
  const { control, agreement, full, kinds } = await plan.run(engine, {});
  expect([...full.kept].filter((id) => id < engine.topology.additionEdges)).toEqual(
    [...made.truth].filter((id) => id < engine.topology.additionEdges),
  );
  expect(agreement.jaccard!.mean).toBe(1);
  expect(kinds.core).toHaveLength(9);
  expect(control!.shuffled).toBe(shuffled);
  expect(control!.jaccard).toBeLessThan(0.5);
  engine.dispose();
});
