import { expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { edgeEnds } from '../../src/circuit/edge-ends.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { acdc } from '../../src/discover/acdc.js';
import { exactEffects } from '../../src/discover/exact.js';
import { rankEdges, rocOfRanking } from '../../src/evaluate/roc.js';
import { construct } from '../../src/truth/construct.js';
import { RECIPES } from '../../src/truth/recipes/index.js';
import { expectTruth } from '../support/constructed.js';
import { uploadModel, withEvaluator } from '../support/evaluators.js';
import { useDevice } from '../support/gpu.js';

const device = useDevice();
const PROMPTS = 16;

const CASES = RECIPES.flatMap(({ name }) => [1, 2, 3].map((seed) => ({ name, seed })));

test.each(CASES)('on the device the circuit of $name is what its recipe says, seed $seed', async ({ name, seed }) => {
  const made = await construct(name, seed);
  const model = await uploadModel(device.gpu, made.model);
  const { topology } = model;
  const pairs = made.task.pairs.slice(0, PROMPTS);
  await withEvaluator(model, pairs, { metric: made.recipe.metric }, async (evaluator) => {
    await expectTruth(made, topology, async (circuits) => {
      const values = await evaluator.perPrompt(circuits.map((kept) => EdgeSet.of(topology, kept)));
      return values.map(mean);
    });
  });
  model.weights.dispose();
});

/** Areas under the ROC curve of all edges, each cut alone. */
async function exactAreas(name: string): Promise<{ readonly signed: number; readonly absolute: number }> {
  const made = await construct(name);
  const model = await uploadModel(device.gpu, made.model);
  const { topology } = model;
  const edges = topology.additionEdges;
  const pairs = made.task.pairs.slice(0, PROMPTS);
  const { effects } = await withEvaluator(model, pairs, { metric: made.recipe.metric }, (evaluator) =>
    exactEffects(
      evaluator,
      EdgeSet.full(topology),
      Array.from({ length: edges }, (_, edge) => edge),
    ),
  );
  model.weights.dispose();
  const scores = Float64Array.from({ length: edges }, (_, edge) => mean(effects.get(edge)!));
  const truth = { edges, isTrue: new Set([...made.truth].filter((edge) => edge < edges)) };
  const area = (absolute: boolean): number =>
    rocOfRanking(rankEdges(scores, edgeEnds(topology), edges, absolute), truth).pessimisticArea;
  return { signed: area(false), absolute: area(true) };
}

test.each(['name-moving', 'greater-than', 'queries-alone'])(
  'cutting edges one by one finds all of %s',
  async (name) => {
    expect(await exactAreas(name)).toEqual({ signed: 1, absolute: 1 });
  },
);

test('the edges of a negative head are found by the size of their effects alone', async () => {
  const { signed, absolute } = await exactAreas('negative-head');
  expect(absolute).toBe(1);
  expect(signed).toBeLessThan(0.7);
});

test.each(['or-gate', 'redundant-pair'])('cutting edges one by one misses alternatives of %s', async (name) => {
  const { signed, absolute } = await exactAreas(name);
  // Their effects are next to nothing, so that their ranks are chance.
  expect(signed).toBeLessThan(0.95);
  expect(absolute).toBeLessThan(0.95);
});

test.each(['or-gate', 'redundant-pair'])('ACDC keeps one path of the alternatives of %s', async (name) => {
  const made = await construct(name);
  const { recipe, truth } = made;
  const model = await uploadModel(device.gpu, made.model);
  const { topology } = model;
  const pairs = made.task.pairs.slice(0, PROMPTS);
  const { kept } = await withEvaluator(model, pairs, { metric: recipe.metric }, (evaluator) =>
    acdc(evaluator, EdgeSet.full(topology), {
      threshold: 0.5,
      absolute: false,
      senderHeads: 'descending',
      directEdges: false,
    }),
  );
  model.weights.dispose();
  const [first, last] = recipe.alternatives as [readonly string[], readonly string[]];
  expect(first).toContain('input->a0.h0<v>');
  const found = [...kept].filter((edge) => edge < topology.additionEdges).map((edge) => topology.edgeName(edge));
  // Heads are tested from the last to the first.
  expect(found.toSorted()).toEqual(recipe.edges.filter((edge) => !last.includes(edge)).toSorted());
  expect(found).toHaveLength(truth.additionSize - last.length);
});
