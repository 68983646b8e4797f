/**
 * Searches at several thresholds that build on one another, over an evaluator that is a plain function of the circuit.
 */
import { expect, test } from 'vitest';
import type { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import type { Discovery } from '../../../src/run/discovery.js';
import type { Caches, SearchOptions } from '../../../src/run/options.js';
import { gpt2Spec, randomModel } from '../../../src/model/random-model.js';
import type { PatchingEvaluator } from '../../../src/evaluate/evaluator.js';
import { Search } from '../../../src/run/search.js';
import { SURE } from '../../../src/discover/guesses.js';
import { ROUND } from '../../../src/discover/look-ahead.js';

const topology = new Topology({ layers: 3, heads: 2, parallel: false });
const CACHES: Caches = { metric: 'kl', ablation: 'resample', input: 'token', directEdges: false };
const atThreshold = (threshold: number): SearchOptions => ({ threshold, absolute: false, senderHeads: 'descending' });

/** Every cut edge costs something between 0.001 and 2 and, with those before it, a little more. */
function metric(circuit: EdgeSet): number {
  let [value, cut] = [0, 0];
  for (let id = 0; id < topology.additionEdges; id++) {
    if (!circuit.has(id)) value += 0.001 * 2 ** ((id * 37) % 12) * (1 + 0.01 * (cut++ % 5));
  }
  return value;
}

async function searchOf(most: number, value = metric): Promise<Search> {
  const perPrompt = (circuits: readonly EdgeSet[]): Promise<number[][]> =>
    Promise.resolve(circuits.map((circuit) => [value(circuit), value(circuit) / 2]));
  const sizes = { layers: 3, heads: 2, headWidth: 4, mlpWidth: 8, vocab: 9, maxPositions: 4 };
  return new Search({
    model: await randomModel(gpt2Spec(sizes), 1),
    task: {
      name: 'pairs',
      source: 'pairs.jsonl',
      hash: '0'.repeat(64),
      pairs: [1, 2].map((id) => ({ clean: [id], corrupted: [0], position: 0, correct: [], wrong: [] })),
      skip: 0,
      tokenizer: null,
    },
    caches: CACHES,
    evaluator: {
      topology,
      most,
      perPrompt,
      metric: async (circuit: EdgeSet) => 0.75 * value(circuit),
      dispose: () => {},
    } as unknown as PatchingEvaluator,
    adapter: 'none',
    tile: '8x8',
    preparation: 0,
  });
}

/** What was found, without what it took. */
const outcome = (discovery: Discovery): object => ({
  ...discovery,
  evaluations: 0,
  rounds: 0,
  wrongGuesses: 0,
  seconds: 0,
  circuit: { ...discovery.circuit, kept: [...discovery.circuit.kept] },
});

const at = async (threshold: number, before: readonly number[], most = 4): Promise<Discovery> => {
  const search = await searchOf(most);
  for (const earlier of before) await search.at(atThreshold(earlier));
  return search.at(atThreshold(threshold));
};

test.each([1, 4, 32])('each gives what it gives alone, in whatever order they are made, %d at once', async (most) => {
  const thresholds = [0.3, 0.003, 0.05, 0, -0.1, 0.04, 1];
  const alone = await Promise.all(thresholds.map((threshold) => at(threshold, [], most)));
  expect(new Set(alone.map(({ kept }) => kept)).size).toBeGreaterThan(4);
  for (const order of [thresholds, thresholds.toReversed(), thresholds.toSorted((a, b) => a - b)]) {
    const search = await searchOf(most);
    for (const threshold of order) {
      const found = await search.at(atThreshold(threshold));
      expect(outcome(found), `${threshold} in ${order.join()}`).toEqual(outcome(alone[thresholds.indexOf(threshold)]!));
    }
  }
});

test('the neighbour is the threshold of the smallest ratio, and saves evaluations', async () => {
  const evaluations = async (before: readonly number[]): Promise<number> => (await at(0.05, before)).evaluations;
  const [near, far] = [await evaluations([0.06]), await evaluations([0.001])];
  expect(near).toBeLessThan(far);
  expect(far).toBeLessThan(await evaluations([]));
  // 0.001 is the nearer one by difference, by ratio 0.06 is.
  for (const before of [
    [0.06, 0.001],
    [0.001, 0.06],
    [0.001, 1, 0.06],
  ])
    expect(await evaluations(before), before.join()).toBe(near);
  expect(await evaluations([0.05])).toBe(0);
});

test.each([4, 32])('a neighbour guesses what it decided, scores what it did not come to, %d at once', async (most) => {
  const [neighbour, alone] = [await at(1, [], most), await at(0.05, [], most)];
  const decided = new Set(neighbour.trace.map(({ edge }) => edge));
  const kept = new Map(alone.trace.map((step) => [step.edge, step.kept]));
  expect([...kept.keys()].filter((edge) => !decided.has(edge)).length).toBeGreaterThan(9);
  /** What rounds are made to keep low. */
  const costOf = (found: Discovery): number => found.evaluations + ROUND * found.rounds;
  const cost = async (removed?: (edge: string) => boolean): Promise<number> => {
    const search = await searchOf(most);
    await search.at(atThreshold(1));
    const found = await search.at(
      atThreshold(0.05),
      removed && { hint: (edge) => (removed(topology.edgeName(edge)) ? -SURE : SURE) },
    );
    expect(outcome(found)).toEqual(outcome(alone));
    return costOf(found);
  };
  const unguided = await cost();
  expect(unguided).toBeLessThan(costOf(alone));
  const right = await cost((edge) => !kept.get(edge));
  expect(right).toBeLessThan(unguided);
  // Wrong guesses cost nothing where the neighbour knows better.
  expect(await cost((edge) => !kept.get(edge) !== decided.has(edge))).toBe(right);
  expect(await cost((edge) => !kept.get(edge) === decided.has(edge))).toBeGreaterThan(right);
});

test('a whole model that measures NaN is refused by the name of the model', async () => {
  const search = await searchOf(1, () => Number.NaN);
  await expect(search.at(atThreshold(0.1))).rejects.toThrow(
    /^random-1: the kl of the whole model is NaN on the clean prompts/,
  );
});

test('a search with other options is no neighbour', async () => {
  const ascending = { ...atThreshold(0.05), senderHeads: 'ascending' } as const;
  const absolute = { ...atThreshold(0.05), absolute: true };
  for (const options of [ascending, absolute]) {
    const alone = await (await searchOf(4)).at(options);
    const search = await searchOf(4);
    await search.at(atThreshold(0.05));
    const found = await search.at(options);
    expect(found.evaluations).toBe(alone.evaluations);
    expect(outcome(found)).toEqual(outcome(alone));
  }
});

test('a found circuit is made smaller by what its edges are worth in it, as far as it stays faithful', async () => {
  const search = await searchOf(4);
  const found = await search.at(atThreshold(0.05));
  const wanted = 0.2;
  expect(found.faithfulness).toBeGreaterThan(wanted);
  const trimmed = await search.trim(found, wanted);
  const { kept } = trimmed.circuit;
  expect(trimmed.kept).toBeLessThan(found.kept);
  expect([...kept].every((id) => found.circuit.kept.has(id))).toBe(true);
  // What is said of it is measured of it.
  expect(trimmed.faithfulness).toBe(await search.faithfulness(kept));
  expect(trimmed.faithfulness).toBeGreaterThanOrEqual(wanted);
  expect(trimmed.circuit.provenance).toMatchObject({
    trimmed: { faithfulness: wanted, found: found.kept },
    faithfulness: trimmed.faithfulness,
    metrics: { final: trimmed.final },
  });
  expect(Object.keys(trimmed.promptEffects).sort()).toEqual(
    [...kept]
      .filter((id) => id < topology.additionEdges)
      .map((id) => topology.edgeName(id))
      .sort(),
  );
  // An evaluation for each edge on a path, two for each point of the curve, and the circuits they are compared with.
  expect(trimmed.evaluations - found.evaluations).toBeGreaterThan(found.kept);
  // Where no smaller circuit is as faithful, it stays as it is.
  const whole = await search.trim(found, found.faithfulness!);
  expect(whole.kept).toBe(found.kept);
  expect(whole.circuit.provenance!.trimmed).toEqual({ faithfulness: found.faithfulness, found: found.kept });
});
