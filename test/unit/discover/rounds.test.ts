/**
 * How many rounds and evaluations a search of GPT-2 small's shape takes, without a device: the decisions are replayed.
 * What is kept is what the bench plants in a model of that shape, so that tests, dead receivers and the places of kept
 * edges are those of such a search.
 */
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { nodesInUse, REACH } from '../../../src/circuit/reachability.js';
import { Topology } from '../../../src/circuit/topology.js';
import { acdc, type AcdcResult } from '../../../src/discover/acdc.js';
import type { Hint } from '../../../src/discover/guesses.js';
import { drawPlan, plantedEdges } from '../../../bench/planted/plan.js';
import { GPT2_SMALL } from '../../../bench/planted/shapes.js';

const topology = new Topology({ layers: 12, heads: 12, parallel: false });
const planted = plantedEdges(drawPlan(GPT2_SMALL.design, 12, 12, createRng(1)), topology);

/** Some of the planted edges, as many as the search at 0.1 keeps, and a few that nobody planted. */
function circuitOf(seed: number): ReadonlySet<number> {
  const rng = createRng(seed);
  const kept = new Set(planted.filter(() => rng.next() < 180 / planted.length));
  for (let i = 0; i < 15; i++) kept.add(Math.floor(rng.next() * topology.additionEdges));
  // What leads nowhere is worth nothing.
  const use = nodesInUse(EdgeSet.where(topology, (id) => id >= topology.additionEdges || kept.has(id)));
  return new Set([...kept].filter((id) => use.ports[topology.edge(id).port] !== REACH.none));
}

/** A search in which every edge of `kept` is worth 1, and no other anything. */
function search(kept: ReadonlySet<number>, most: number, hint?: Hint): Promise<AcdcResult> {
  const ids = [...kept];
  const evaluator = {
    most,
    perPrompt: (circuits: readonly EdgeSet[]) =>
      Promise.resolve(circuits.map((circuit) => [ids.filter((id) => !circuit.has(id)).length])),
  };
  const options = { threshold: 0.5, absolute: false, senderHeads: 'descending', directEdges: false } as const;
  return acdc(evaluator, EdgeSet.full(topology), options, hint && { hint });
}

describe.each([1, 2, 3])('a circuit of GPT-2 small (%i)', (seed) => {
  const kept = circuitOf(seed);

  test('with 157 tests at once: at most 400 rounds, 1.3 evaluations a test, with no hint at all', async () => {
    const [one, many] = [await search(kept, 1), await search(kept, 157)];
    const tests = one.steps.length;
    expect(tests).toBeGreaterThan(3500);
    expect(tests).toBeLessThan(6000);
    expect(one.steps.filter((step) => step.kept).length).toBeGreaterThan(120);
    expect([one.rounds, one.evaluations]).toEqual([tests, tests]);
    expect(many.steps).toEqual(one.steps);
    expect(many.rounds).toBeLessThanOrEqual(400);
    expect(many.evaluations / tests).toBeLessThanOrEqual(1.3);
  });

  test('scores that are right for 99 edges in 100 save rounds and evaluations', async () => {
    const rng = createRng(7);
    const wrong = new Set(
      Array.from({ length: topology.additionEdges }, (_, id) => id).filter(() => rng.next() < 0.01),
    );
    const hint: Hint = (edge) => (kept.has(edge) === wrong.has(edge) ? -3 : 3);
    const [none, some] = [await search(kept, 157), await search(kept, 157, hint)];
    expect(some.steps).toEqual(none.steps);
    expect(some.rounds).toBeLessThan(0.85 * none.rounds);
    expect(some.evaluations).toBeLessThan(none.evaluations);
    expect(some.wrongGuesses).toBeLessThan(none.wrongGuesses / 2);
  });

  test('scores that are always wrong cost time, and change nothing', async () => {
    const hint: Hint = (edge) => (kept.has(edge) ? -6 : 6);
    const [none, wrong] = [await search(kept, 32), await search(kept, 32, hint)];
    expect(wrong.steps).toEqual(none.steps);
    expect(wrong.evaluations / wrong.steps.length).toBeLessThan(1.5);
  });
});
