import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { select, type SelectionRule } from '../../../src/discover/select.js';
import { sharedFixtures } from '../../support/fixtures.js';
import { scoresFrom, scoresOf } from '../../support/sample-scores.js';

interface Reference {
  readonly edge_order: readonly string[];
  readonly methods: Readonly<Record<string, { readonly scores: readonly number[]; readonly evals: readonly Stored[] }>>;
}

/** A circuit that EAP-IG chose by |score|; `edges_in` are indices into `edge_order`, stored for n <= 100. */
interface Stored {
  readonly mode: 'topn' | 'greedy';
  readonly n: number;
  readonly edges_after_prune: number;
  readonly edges_in: readonly number[] | null;
}

/** It gives q, k and v of a head one score, and the reference takes ties in no fixed order: only strengths compare. */
const TIED = 'information-flow-routes';
const FILES = ['ioi.logit_diff', 'ioi.logit_diff.ig30', 'ioi.kl', 'gt.prob_diff', 'ind.logit_diff'];
const read = <T>(path: string): T => JSON.parse(readFileSync(`${sharedFixtures}${path}`, 'utf8')) as T;
const names = (kept: EdgeSet): string[] =>
  [...kept].filter((id) => id < kept.topology.additionEdges).map((id) => kept.topology.edgeName(id));

describe.skipIf(!sharedFixtures)("EAP-IG's own selections on share4l", () => {
  const topology = new Topology({ layers: 4, heads: 4, parallel: false });

  it.each(FILES)('%s', (file) => {
    const { edge_order: order, methods } = read<Reference>(`share4l/reference/eap-ig/${file}.json`);
    let compared = 0;
    for (const [method, { scores: list, evals }] of Object.entries(methods)) {
      const scores = scoresOf(topology, Object.fromEntries(order.map((name, i) => [name, list[i]!])));
      for (const { mode, n, edges_after_prune: count, edges_in: stored } of evals) {
        const rule: SelectionRule = { rule: mode === 'topn' ? 'top' : 'greedy', edges: n, absolute: true, prune: true };
        const { kept, left } = select(scores, rule);
        const where = `${method} ${mode} ${n}`;
        if (method !== TIED) {
          expect([where, left.edges]).toEqual([where, count]);
          if (stored) expect([where, names(kept).toSorted()]).toEqual([where, stored.map((i) => order[i]!).toSorted()]);
          compared++;
        } else if (stored) {
          const strengths = (edges: readonly string[]): number[] =>
            edges.map((name) => Math.abs(scores.values[topology.edgeId(name)!]!)).toSorted((a, b) => a - b);
          expect([where, strengths(names(kept))]).toEqual([where, strengths(stored.map((i) => order[i]!))]);
        }
      }
    }
    expect(compared).toBe(32 * Object.keys(methods).filter((method) => method !== TIED).length);
  });
});

describe.skipIf(!sharedFixtures)("MIB's file for GPT-2 small", () => {
  interface Mib {
    readonly edges: Readonly<Record<string, { readonly score: number }>>;
  }
  const topology = new Topology({ layers: 12, heads: 12, parallel: false });

  it.each([
    [756, 713, 64, 12],
    [200, 179, undefined, undefined],
  ])('top %i leaves %i edges', (n, edges, heads, mlps) => {
    const file = read<Mib>('mib/ioi-eap-ig.json');
    const values = new Float64Array(topology.edgeCount).fill(NaN);
    for (const [name, { score }] of Object.entries(file.edges)) values[topology.edgeId(name)!] = score;
    const { kept, left } = select(scoresFrom(topology, values), { rule: 'top', edges: n, absolute: true, prune: true });
    expect(left.edges).toBe(edges);
    const senders = [...new Set(names(kept).map((name) => name.split('->')[0]!))];
    if (heads === undefined) return;
    expect(senders.filter((node) => node.startsWith('a'))).toHaveLength(heads);
    expect(senders.filter((node) => node.startsWith('m'))).toHaveLength(mlps);
  });
});
