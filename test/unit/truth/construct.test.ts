import { expect, test } from 'vitest';
import { mean } from '../../../src/base/mean.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { construct, type Constructed } from '../../../src/truth/construct.js';
import { RECIPES } from '../../../src/truth/recipes/index.js';
import { loadOracle } from '../../oracle/model.js';
import { oracleEvaluate, oracleTask } from '../../support/oracle-task.js';
import { expectTruth } from '../../support/constructed.js';

const NAMES = RECIPES.map(({ name }) => name);

test.each(NAMES)('in float64 the circuit of %s is what its recipe says', async (name) => {
  const made = await construct(name);
  const oracle = await loadOracle(made.model);
  const { topology } = oracle;
  const run = oracleTask(oracle, made.task.pairs.slice(0, 3));
  await expectTruth(made, topology, async (circuits) =>
    circuits.map((kept) => mean(oracleEvaluate(run, EdgeSet.of(topology, kept), run.corrupted)[made.recipe.metric])),
  );
});

test.each(NAMES)('%s: prompts are ids that the answers can be told from', async (name) => {
  const { task, recipe, model } = await construct(name);
  expect(task.pairs).toHaveLength(64);
  expect(task.remarks).toEqual([]);
  for (const { clean, corrupted, position, correct, wrong } of task.pairs) {
    expect([clean.length, position]).toEqual([recipe.sizes.tokens, recipe.sizes.tokens - 1]);
    expect(clean).not.toEqual(corrupted);
    expect(Math.max(...clean, ...corrupted)).toBeLessThan(model.spec.vocab);
    expect([correct.length > 0, wrong.length > 0]).toEqual([true, true]);
  }
});

test('equal seeds give equal models and prompts, other seeds others', async () => {
  const [a, b, c] = (await Promise.all([
    construct('or-gate', 1),
    construct('or-gate', 1),
    construct('or-gate', 2),
  ])) as [Constructed, Constructed, Constructed];
  expect([a.model.hash, a.task.hash]).toEqual([b.model.hash, b.task.hash]);
  expect(a.model.hash).not.toBe(c.model.hash);
  expect(a.task.hash).not.toBe(c.task.hash);
  expect(a.truth.additionSize).toBe(a.recipe.edges.length);
  expect(a.truth.size - a.truth.additionSize).toBe(a.truth.topology.directEdges);
});

test('a name that is no recipe is refused with those that are', async () => {
  await expect(construct('xor')).rejects.toThrow(`"xor": is no constructed model, expected ${NAMES.join(', ')}`);
});
