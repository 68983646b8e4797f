import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { select, type SelectionRule } from '../../../src/discover/select.js';
import { SAMPLE_TOPOLOGY as toy } from '../../support/sample-circuit.js';
import { pruneByRounds } from '../../support/prune-by-rounds.js';
import { anyScores, scoresFrom, scoresOf } from '../../support/sample-scores.js';

const names = (kept: EdgeSet): string[] =>
  [...kept].filter((id) => id < kept.topology.additionEdges).map((id) => kept.topology.edgeName(id));
const all = (kept: EdgeSet): string[] => [...kept].map((id) => kept.topology.edgeName(id));
const setOf = (topology: Topology, ...edges: string[]): EdgeSet =>
  EdgeSet.of(topology, [...EdgeSet.empty(topology), ...edges.map((name) => topology.edgeId(name)!)]);
const bare = { absolute: true, prune: false };

describe('threshold', () => {
  const scores = scoresOf(toy, { 'm0->m1': 0.5, 'm1->logits': -0.5, 'a0.h0->logits': 0.25, 'input->logits': 0 });

  it('is inclusive, by |score| or by score, and never takes what is not scored', () => {
    const kept = (threshold: number, absolute: boolean): string[] =>
      names(select(scores, { rule: 'threshold', threshold, absolute, prune: false }).kept);
    expect(kept(0.5, true)).toEqual(['m0->m1', 'm1->logits']);
    expect(kept(0.5, false)).toEqual(['m0->m1']);
    expect(kept(0.25, false)).toEqual(['m0->m1', 'a0.h0->logits']);
    expect(kept(-1, false)).toHaveLength(4);
    expect(kept(0.6, true)).toEqual([]);
  });

  it('must be a number', () => {
    for (const threshold of [NaN, Infinity]) {
      expect(() => select(scores, { ...bare, rule: 'threshold', threshold })).toThrow(/threshold: got .*finite number/);
    }
  });
});

describe('top', () => {
  it('breaks ties by writer, then by port', () => {
    const tied = ['m1->logits', 'a0.h1->a1.h0<k>', 'a0.h1->a1.h1<q>', 'a0.h1->m0', 'input->logits', 'm0->a1.h0<q>'];
    const scores = scoresOf(toy, { ...Object.fromEntries(tied.map((name) => [name, 1])), 'm0->m1': -2 });
    const order = [
      'm0->m1',
      'input->logits',
      'a0.h1->m0',
      'a0.h1->a1.h1<q>',
      'a0.h1->a1.h0<k>',
      'm0->a1.h0<q>',
      'm1->logits',
    ];
    for (let n = 0; n <= order.length; n++) {
      const { kept, record, left } = select(scores, { ...bare, rule: 'top', edges: n });
      expect(names(kept).toSorted()).toEqual(order.slice(0, n).toSorted());
      expect([record.chosen, left.edges]).toEqual([n, n]);
    }
    expect(names(select(scores, { rule: 'top', edges: 6, absolute: false, prune: false }).kept)).not.toContain(
      'm0->m1',
    );
  });

  it('places a direct edge among ties by its head and its port', () => {
    const tied = ['a0.h0->m0', 'a0.h0<k>->a0.h0', 'a0.h0->logits', 'input->m1'];
    const scores = scoresOf(toy, Object.fromEntries(tied.map((name) => [name, -1])));
    const first = (edges: number): string[] => all(select(scores, { ...bare, rule: 'top', edges }).kept).toSorted();
    expect(first(1)).toEqual(['input->m1']);
    expect(first(2)).toEqual(['a0.h0<k>->a0.h0', 'input->m1']);
    expect(first(3)).toEqual(['a0.h0->m0', 'a0.h0<k>->a0.h0', 'input->m1']);
  });

  it('says how many there are', () => {
    const scores = scoresOf(toy, { 'm0->m1': 1 });
    expect(() => select(scores, { ...bare, rule: 'top', edges: 2 })).toThrow('top 2: only 1 edges are scored');
    for (const edges of [-1, 0.5, NaN]) {
      expect(() => select(scores, { ...bare, rule: 'top', edges })).toThrow('expected a whole number of edges');
    }
  });
});

describe('greedy', () => {
  it('goes from the logits down, so that a strong edge waits for its reader', () => {
    const scores = scoresOf(toy, {
      'm1->logits': 1,
      'm0->m1': 9,
      'a0.h0->m0': 50,
      'input->logits': 2,
      'a0.h0->a1.h0<q>': 99,
    });
    const kept = (edges: number): string[] => names(select(scores, { ...bare, rule: 'greedy', edges }).kept).toSorted();
    expect(kept(2)).toEqual(['input->logits', 'm1->logits']);
    expect(kept(4)).toEqual(['a0.h0->m0', 'input->logits', 'm0->m1', 'm1->logits']);
    expect(() => kept(5)).toThrow('greedy 5: only 4 scored edges are connected with the logits');
  });

  it('takes an edge into a port that several heads share once, whichever of them comes first', () => {
    const shared = new Topology({ layers: 2, heads: 4, kvPorts: 2, parallel: false });
    const scores = scoresOf(shared, {
      'a1.h2->logits': 5,
      'a1.h3->logits': 4,
      'm0->a1.kv1<k>': 3,
      'm0->a1.kv0<k>': 9,
      'a1.kv1<v>->a1.kv1': 2,
    });
    const kept = (edges: number): string[] => all(select(scores, { ...bare, rule: 'greedy', edges }).kept).toSorted();
    expect(kept(3)).toEqual(['a1.h2->logits', 'a1.h3->logits', 'a1.kv1<v>->a1.kv1']);
    expect(() => kept(4)).toThrow('only 3 scored edges');
    const plain = scoresOf(shared, { 'a1.h2->logits': 5, 'a1.h3->logits': 4, 'm0->a1.kv1<k>': 3, 'm0->a1.kv0<k>': 9 });
    expect(names(select(plain, { ...bare, rule: 'greedy', edges: 3 }).kept).toSorted()).toEqual([
      'a1.h2->logits',
      'a1.h3->logits',
      'm0->a1.kv1<k>',
    ]);
    expect(() => select(plain, { ...bare, rule: 'greedy', edges: 4 })).toThrow('only 3 scored edges');
  });

  it('takes direct edges before the edges into their ports where they are scored', () => {
    const scores = scoresOf(toy, { 'a1.h0->logits': 1, 'a1.h0<v>->a1.h0': 2, 'm0->a1.h0<v>': 3, 'm0->a1.h0<q>': 4 });
    const { kept } = select(scores, { ...bare, rule: 'greedy', edges: 3 });
    expect(all(kept)).toEqual(['m0->a1.h0<v>', 'a1.h0->logits', 'a1.h0<v>->a1.h0']);
    expect(() => select(scores, { ...bare, rule: 'greedy', edges: 4 })).toThrow('only 3 scored edges');
  });
});

describe('top-nodes', () => {
  it('keeps all edges out of the highest nodes and of those without a score', () => {
    const nodes = Float64Array.from([NaN, 1, 1, -5, 0, 0, 2]);
    const scores = scoresFrom(toy, new Float64Array(toy.edgeCount), { nodes });
    const senders = (rule: { nodes: number; absolute: boolean }): string[] => {
      const { kept, left } = select(scores, { rule: 'top-nodes', prune: false, ...rule });
      const found = [...new Set(names(kept).map((name) => name.split('->')[0]!))];
      expect(left.nodes).toBe(found.length);
      return found;
    };
    expect(senders({ nodes: 2, absolute: true })).toEqual(['input', 'm0', 'm1']);
    expect(senders({ nodes: 2, absolute: false })).toEqual(['input', 'a0.h0', 'm1']);
    expect(senders({ nodes: 0, absolute: false })).toEqual(['input']);
    expect(() => senders({ nodes: 7, absolute: true })).toThrow('top-nodes 7: only 6 nodes are scored');
    const { kept, left } = select(scores, { rule: 'top-nodes', nodes: 1, absolute: false, prune: true });
    expect(new Set(names(kept))).toEqual(
      pruneByRounds(
        setOf(
          toy,
          ...Array.from({ length: toy.additionEdges }, (_, id) => toy.edgeName(id)).filter((name) =>
            /^(input|m1)->/.test(name),
          ),
        ),
      ),
    );
    expect(left.nodes).toBe(2);
    const edgesOnly = scoresOf(toy, { 'm0->m1': 1 });
    expect(() => select(edgesOnly, { ...bare, rule: 'top-nodes', nodes: 1 })).toThrow('hold none of whole nodes');
  });
});

describe('every rule', () => {
  const rules: fc.Arbitrary<(n: number) => SelectionRule> = fc
    .record({ rule: fc.constantFrom('top' as const, 'greedy' as const), absolute: fc.boolean(), prune: fc.boolean() })
    .map((basis) => (edges) => ({ ...basis, edges }));

  it('takes the strongest, and greedy is connected to the logits before any pruning', () => {
    fc.assert(
      fc.property(
        anyScores(false),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (scores, absolute, share) => {
          const strength = (id: number): number => (absolute ? Math.abs(scores.values[id]!) : scores.values[id]!);
          const scored = [...scores.values.keys()].filter((id) => !Number.isNaN(strength(id)));
          const n = Math.floor(share * scored.length);
          const { kept } = select(scores, { rule: 'top', edges: n, absolute, prune: false });
          const inside = scored.filter((id) => kept.has(id)).map(strength);
          const outside = scored.filter((id) => !kept.has(id)).map(strength);
          expect(inside).toHaveLength(n);
          expect(Math.min(...inside)).toBeGreaterThanOrEqual(Math.max(...outside));
          let most = 0;
          for (let asked = 0; asked <= scored.length; asked++) {
            let edges: string[];
            try {
              edges = names(select(scores, { rule: 'greedy', edges: asked, absolute, prune: false }).kept);
            } catch {
              break;
            }
            most = asked;
            expect(edges).toHaveLength(asked);
            const senders = new Set(edges.map((name) => name.split('->')[0]!));
            for (const name of edges) {
              const reader = name.split('->')[1]!.replace(/<.>/, '');
              expect(reader === 'logits' || senders.has(reader)).toBe(true);
            }
          }
          const intoLogits = scored.filter((id) => scores.topology.edge(id).port === scores.topology.logitsPort);
          expect(most).toBeGreaterThanOrEqual(intoLogits.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('grows with n, and does not depend on how heads are numbered where no scores tie', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 0, max: 30 }), fc.nat(1000), (rule, n, seed) => {
        const topology = new Topology({ layers: 2, heads: 3, parallel: false });
        // All of different strength: multiples of a generator of a prime field.
        const values = Float64Array.from({ length: topology.edgeCount }, (_, id) =>
          id < topology.additionEdges ? ((((id + 1 + seed) * 541) % 7919) + 1) * (id % 2 ? 1 : -1) : NaN,
        );
        const turned = (name: string): string => name.replace(/\.h(\d)/g, (_, head) => `.h${(Number(head) + 1) % 3}`);
        const moved = new Float64Array(topology.edgeCount).fill(NaN);
        for (let id = 0; id < topology.additionEdges; id++)
          moved[topology.edgeId(turned(topology.edgeName(id)))!] = values[id]!;
        const here = select(scoresFrom(topology, values), rule(n)).kept;
        const there = select(scoresFrom(topology, moved), rule(n)).kept;
        expect(new Set(names(there))).toEqual(new Set(names(here).map(turned)));
        const larger = select(scoresFrom(topology, values), rule(n + 1)).kept;
        expect(names(here).filter((name) => !names(larger).includes(name))).toEqual([]);
      }),
    );
  });

  // A quadratic choice would not end within the limit.
  it('copes with 370,000 edges', { timeout: 240_000 }, () => {
    const topology = new Topology({ layers: 20, heads: 25, parallel: false });
    expect(topology.additionEdges).toBeGreaterThan(370_000);
    const values = Float64Array.from({ length: topology.edgeCount }, (_, id) =>
      id < topology.additionEdges ? ((id * 7919) % 1_000_003) - 500_000 : NaN,
    );
    const scores = scoresFrom(topology, values);
    for (const rule of ['top', 'greedy'] as const) {
      const { record, left } = select(scores, { rule, edges: 200_000, absolute: true, prune: true });
      expect(record.chosen).toBe(200_000);
      expect(left.edges).toBeGreaterThan(150_000);
    }
  });
});
