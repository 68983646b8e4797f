/** Judgements over evaluators that are plain functions of the circuit. */
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { equivalenceP, inFileOrder } from '../../../src/judge/hypotheses.js';
import { drawAll } from '../../../src/judge/draw.js';
import { JUDGEMENT_NAMES, judgementsBy, judgeCircuit, refuseMeaningless } from '../../../src/judge/judgements.js';
import type { JudgeEvaluator } from '../../../src/judge/judged.js';
import type { MetricName } from '../../../src/readout/metrics.js';
import { pruneDisconnected } from '../../../src/circuit/prune.js';
import { SAMPLE_TOPOLOGY as topology } from '../../support/sample-circuit.js';

const PROMPTS = 4;
const pairs = Array.from({ length: PROMPTS }, () => ({
  clean: [1],
  corrupted: [2],
  position: 0,
  correct: [3],
  wrong: [4],
}));
const metric: MetricName = 'logit-diff';

/** @param value loss of a circuit on a prompt. */
function evaluatorOf(value: (circuit: EdgeSet, prompt: number) => number): JudgeEvaluator {
  return {
    most: 3,
    evaluate: (circuits, metrics) =>
      Promise.resolve(
        circuits.map((circuit) =>
          Object.fromEntries(
            metrics.map((name) => [name, pairs.map((_, i) => (name === 'accuracy' ? -1 : value(circuit, i)))]),
          ),
        ),
      ),
  };
}

/** Each edge is worth its id + 1, each prompt scales it. */
const additive = evaluatorOf((circuit, prompt) => {
  let sum = 0;
  for (const id of circuit) if (id < topology.additionEdges) sum -= (id + 1) * (1 + prompt / 7);
  return sum;
});

const circuitOf = (ids: readonly number[]): EdgeSet => EdgeSet.of(topology, [...EdgeSet.empty(topology), ...ids]);
const judge = (evaluator: JudgeEvaluator, kept: EdgeSet, names = JUDGEMENT_NAMES) =>
  judgeCircuit(evaluator, kept, names, { metric, pairs, seed: 3, magnitudes: null });

/** Nothing that JSON cannot hold. */
function expectFinite(value: unknown): void {
  if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectFinite);
}

describe('every judgement', () => {
  const all = Array.from({ length: topology.additionEdges }, (_, id) => id);
  const kinds: [string, JudgeEvaluator, readonly number[]][] = [
    ['some edges', additive, all.slice(-6)],
    ['no edges', additive, []],
    ['the whole model', additive, all],
    ['a metric that no cut changes', evaluatorOf(() => 2), all.slice(0, 5)],
    [
      'a metric that breaks down',
      evaluatorOf((circuit) => (circuit.additionSize === 5 ? Number.NaN : 1)),
      all.slice(0, 5),
    ],
  ];
  test.each(kinds)('says something of %s, in finite numbers', async (_, evaluator, ids) => {
    const { verdicts } = await judge(evaluator, circuitOf(ids));
    expect(verdicts.map(({ name }) => name)).toEqual(JUDGEMENT_NAMES);
    for (const { name, sentence, value, result } of verdicts) {
      expect(sentence, name).not.toMatch(/NaN|Infinity|undefined|null/);
      expect(value === null || Number.isFinite(value), name).toBe(true);
      expectFinite(result);
    }
  });

  test('is the same again, and other where the seed is', async () => {
    const kept = circuitOf(all.slice(-6));
    const first = await judge(additive, kept);
    expect(await judge(additive, kept)).toEqual(first);
    const other = drawAll(kept, PROMPTS, 4);
    expect(other.randomCircuits).not.toEqual(first.draws!.randomCircuits);
  });
});

test('the numbers of a small circuit, by hand', async () => {
  const kept = circuitOf([0, 1]);
  const draws = {
    permutations: [[0, 1, 2, 3]],
    inflations: [
      { added: [3], removed: 3 },
      { added: [4, 5], removed: 4 },
    ],
    randomCircuits: [[0], [0, 1], [7, 8]],
  };
  const setting = { metric, pairs, seed: 0, draws, levels: { epsilon: 0.1, quantile: 0.5, floor: 5 } };
  const names = ['minimality', 'sufficiency', 'partial-necessity', 'equivalence'] as const;
  const { verdicts } = await judgeCircuit(additive, kept, names, setting);
  const result = (name: string) => verdicts.find((one) => one.name === name)!.result;
  // Mean over prompts of (1 + i / 7)².
  const scale = [0, 1, 2, 3].reduce((sum, i) => sum + (1 + i / 7) ** 2, 0) / 4;
  // Edge 0 is worth 1, whose square is below the floor; edge 1 is worth 2; the added edges 4 and 5.
  const effects = (result('minimality')['edges'] as string[]).map((name) => topology.edgeId(name)! + 1);
  expect(result('minimality')['edge_effects']).toEqual(
    effects.map((worth) => (worth ** 2 * scale < 5 ? 0 : expect.closeTo(worth ** 2 * scale, 9))),
  );
  expect(result('minimality')['inflated_effects']).toEqual([16, 25].map((square) => expect.closeTo(square * scale, 9)));
  expect(result('minimality')).toMatchObject({
    wins: [0, 0],
    p_values: [0, 1].map(() => expect.closeTo(0.25, 9) as number),
    p_bonferroni: [0, 1].map(() => expect.closeTo(0.5, 9) as number),
  });
  // As near as itself and nearer than [0], not than [7, 8].
  expect(result('sufficiency')).toMatchObject({ wins: 2, p_value: expect.closeTo(0.5, 9) as number });
  // Missed more than [0] alone: equal is no win.
  expect(result('partial-necessity')).toMatchObject({ wins: 1, p_value: expect.closeTo(0.875, 9) as number });
  expect(result('equivalence')).toMatchObject({ n: 4, wins: 0, ties: 0, t: 0.5 });
});

test('equivalence: a share of a half is never far; one prompt; none or all', () => {
  expect(equivalenceP(2, 4, 0.1)).toBe(1);
  expect(equivalenceP(0, 1, 0.1)).toBeCloseTo(1, 12);
  expect(equivalenceP(0, 2, 0.1)).toBeCloseTo(0.4 ** 2 + 0.6 ** 2, 12);
  expect(equivalenceP(3, 3, 0)).toBeCloseTo(0.25, 12);
});

test('what is drawn: whole paths, enough edges, new ones, permutations', () => {
  const kept = circuitOf([0, 5, 9, 12]);
  const { permutations, inflations, randomCircuits } = drawAll(kept, PROMPTS, 1);
  expect([permutations.length, inflations.length, randomCircuits.length]).toEqual([200, 100, 100]);
  for (const order of permutations) expect([...order].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  for (const { added, removed } of inflations) {
    expect(added).toContain(removed);
    expect(added.some((id) => kept.has(id))).toBe(false);
  }
  for (const ids of randomCircuits) {
    expect(ids.length).toBeGreaterThanOrEqual(4);
    expect(pruneDisconnected(circuitOf(ids), false).additionSize).toBe(ids.length);
  }
  const whole = drawAll(EdgeSet.full(topology), PROMPTS, 1);
  expect(whole.inflations).toEqual([]);
  for (const ids of whole.randomCircuits) expect(ids).toHaveLength(topology.additionEdges);
});

test('paths through a port that heads share go on at any of them, and all are whole', () => {
  const shared = new Topology({ layers: 2, heads: 4, kvPorts: 2, parallel: false });
  const kept = EdgeSet.of(shared, [...EdgeSet.empty(shared), 0, 5]);
  const { randomCircuits } = drawAll(kept, PROMPTS, 1);
  const readers = new Set<string>();
  for (const ids of randomCircuits) {
    const circuit = EdgeSet.of(shared, [...EdgeSet.empty(shared), ...ids]);
    // A path goes on at one of the heads that share the port.
    expect(pruneDisconnected(circuit, false).additionSize).toBe(ids.length);
    const names = ids.map((id) => shared.edgeName(id));
    if (!names.some((name) => name.includes('a0.kv1<'))) continue;
    for (const head of ['a0.h2', 'a0.h3']) if (names.some((name) => name.startsWith(`${head}->`))) readers.add(head);
  }
  expect([...readers].toSorted()).toEqual(['a0.h2', 'a0.h3']);
});

test('edges are listed as EAP-IG lists them', () => {
  const names = ['m0->a1.h1<q>', 'input->a1.h1<q>', 'input->a1.h0<k>', 'a0.h1->m0', 'input->a0.h1<v>', 'a0.h0->logits'];
  const ids = names.map((name) => topology.edgeId(name)!);
  expect(inFileOrder(topology, ids).map((id) => topology.edgeName(id))).toEqual([
    'input->a0.h1<v>',
    'a0.h1->m0',
    'input->a1.h0<k>',
    'input->a1.h1<q>',
    'm0->a1.h1<q>',
    'a0.h0->logits',
  ]);
});

test('by KL the tests that compare prompt by prompt with the model are refused, with the reason', async () => {
  expect(judgementsBy('kl')).not.toContain('equivalence');
  expect(() => refuseMeaningless(['independence'], 'kl')).toThrow('independence: says nothing by the metric kl');
  const kept = circuitOf([1]);
  const draws = { inflations: [{ added: [1], removed: 1 }] };
  await expect(judgeCircuit(additive, kept, ['minimality'], { metric, pairs, seed: 0, draws })).rejects.toThrow(
    'is an edge of the circuit, expected a new one',
  );
});
