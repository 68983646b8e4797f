/** Choices that scores do not settle: edges or nodes of equal strength, of which only some are taken. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeTies, select, type SelectionRule } from '../../../src/discover/select.js';
import { SAMPLE_TOPOLOGY as toy } from '../../support/sample-circuit.js';
import { scoresFrom, scoresOf } from '../../support/sample-scores.js';

const bare = { absolute: true, prune: false };

describe('ties', () => {
  const zeros = scoresFrom(
    toy,
    new Float64Array(toy.edgeCount).map((_, id) => (id < toy.additionEdges ? 0 : NaN)),
  );
  const ties = (rule: SelectionRule, of = zeros) => select(of, rule).ties;

  it('are told where a choice goes through one, by top and by greedy', () => {
    const all = toy.additionEdges;
    expect(ties({ ...bare, rule: 'top', edges: 9 })).toEqual([{ strength: 0, taken: 9, tied: all }]);
    expect(describeTies(select(zeros, { ...bare, rule: 'top', edges: 9 }))).toEqual([
      `9 of ${all} edges with |score| 0 are taken, by the order of edges: nothing else ranks them`,
    ]);
    expect(ties({ ...bare, rule: 'greedy', edges: 1 })).toEqual([
      { strength: 0, taken: 1, tied: toy.fanIn(toy.logitsPort) },
    ]);
    for (const rule of ['top', 'greedy'] as const) {
      for (const edges of [0, all]) expect(ties({ ...bare, rule, edges })).toEqual([]);
    }
    expect(ties({ ...bare, rule: 'threshold', threshold: 0 })).toEqual([]);
  });

  it('count |score|, or the score', () => {
    const scores = scoresOf(toy, { 'm0->m1': 1, 'm1->logits': -1, 'a0.h0->logits': 0.5 });
    expect(ties({ ...bare, rule: 'top', edges: 1 }, scores)).toEqual([{ strength: 1, taken: 1, tied: 2 }]);
    expect(ties({ ...bare, rule: 'top', edges: 2 }, scores)).toEqual([]);
    expect(ties({ ...bare, absolute: false, rule: 'top', edges: 1 }, scores)).toEqual([]);
  });

  it('of greedy are those among the candidates that are left, of whatever strength', () => {
    // m1 and a0.h0 tie. m1 comes later, and opens stronger edges than both.
    const scores = scoresOf(toy, {
      'a0.h0->logits': 5,
      'm1->logits': 5,
      'input->a0.h0<q>': 9,
      'm0->m1': 9,
      'm0->a1.h0<q>': 5,
    });
    expect(ties({ ...bare, rule: 'greedy', edges: 2 }, scores)).toEqual([{ strength: 5, taken: 1, tied: 2 }]);
    expect(ties({ ...bare, rule: 'greedy', edges: 4 }, scores)).toEqual([]);
  });

  it('of nodes are told too', () => {
    const nodes = new Float64Array(toy.writers.length).fill(1);
    const selection = select({ ...zeros, nodes }, { ...bare, rule: 'top-nodes', nodes: 2 });
    expect(describeTies(selection)).toEqual([
      `2 of ${toy.writers.length} nodes with |score| 1 are taken, by the order of nodes: nothing else ranks them`,
    ]);
  });

  it('are there exactly where another order of equals would give another choice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: toy.additionEdges, maxLength: toy.additionEdges }),
        fc.nat(toy.additionEdges),
        (values, edges) => {
          const choice = (nudge: number): number[] => {
            const moved = values.map((value, id) => value + nudge * id);
            const padded = [...moved, ...Array.from({ length: toy.directEdges }, () => NaN)];
            return [...select(scoresFrom(toy, Float64Array.from(padded)), { ...bare, rule: 'top', edges }).kept];
          };
          const tied = ties(
            { ...bare, rule: 'top', edges },
            scoresFrom(toy, Float64Array.from([...values, ...Array.from({ length: toy.directEdges }, () => NaN)])),
          );
          const [up, down] = [choice(1e-6), choice(-1e-6)];
          expect(tied.length > 0).toBe(JSON.stringify(up) !== JSON.stringify(down));
        },
      ),
    );
  });
});
