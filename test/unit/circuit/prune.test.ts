/** What is left of chosen edges once everything that is not connected is gone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { pruneDisconnected } from '../../../src/circuit/prune.js';
import { directScored } from '../../../src/circuit/scores.js';
import { Topology } from '../../../src/circuit/topology.js';
import { select } from '../../../src/discover/select.js';
import { SAMPLE_TOPOLOGY as toy } from '../../support/sample-circuit.js';
import { pruneByRounds } from '../../support/prune-by-rounds.js';
import { anyScores } from '../../support/sample-scores.js';

const names = (kept: EdgeSet): string[] =>
  [...kept].filter((id) => id < kept.topology.additionEdges).map((id) => kept.topology.edgeName(id));
const all = (kept: EdgeSet): string[] => [...kept].map((id) => kept.topology.edgeName(id));
const setOf = (topology: Topology, ...edges: string[]): EdgeSet =>
  EdgeSet.of(topology, [...EdgeSet.empty(topology), ...edges.map((name) => topology.edgeId(name)!)]);

describe('pruning', () => {
  it('leaves a head that any of q, k and v feeds, and all direct edges that were not chosen', () => {
    const kept = setOf(
      toy,
      'input->a0.h0<k>',
      'a0.h0->m1',
      'm1->logits',
      'm0->logits',
      'input->a1.h1<q>',
      'a0.h1->a1.h0<v>',
    );
    const pruned = pruneDisconnected(kept, false);
    expect(names(pruned)).toEqual(['input->a0.h0<k>', 'a0.h0->m1', 'm1->logits']);
    expect(pruned.size - pruned.additionSize).toBe(toy.directEdges);
  });

  it('closes ports whose direct edge is cut, and drops direct edges of ports that get nothing', () => {
    const ids = [
      'input->a0.h0<q>',
      'input->a0.h0<k>',
      'a0.h0->logits',
      'a0.h0<k>->a0.h0',
      'a0.h0<v>->a0.h0',
      'a1.h0<q>->a1.h0',
    ];
    const kept = EdgeSet.of(
      toy,
      ids.map((name) => toy.edgeId(name)!),
    );
    expect(all(pruneDisconnected(kept, true))).toEqual(['input->a0.h0<k>', 'a0.h0->logits', 'a0.h0<k>->a0.h0']);
  });

  it('keeps a port that several heads read as long as one of them stays, and all of them reached by it', () => {
    const grouped = new Topology({ layers: 2, heads: 4, kvPorts: 2, parallel: false });
    const kept = setOf(
      grouped,
      'input->a0.kv1<k>',
      'a0.h2->m0',
      'a0.h3->logits',
      'input->a0.kv0<v>',
      'a0.h1->a1.kv1<v>',
      'a1.h2->logits',
      'a0.h0->a1.kv0<k>',
    );
    const pruned = pruneDisconnected(kept, false);
    expect(names(pruned)).toEqual(
      ['input->a0.kv0<v>', 'input->a0.kv1<k>', 'a0.h1->a1.kv1<v>', 'a0.h3->logits', 'a1.h2->logits'].sort(
        (a, b) => grouped.edgeId(a)! - grouped.edgeId(b)!,
      ),
    );
    expect(pruneDisconnected(pruned, false).equals(pruned)).toBe(true);
  });

  it('is the fixpoint of removing unconnected nodes, and again changes nothing', () => {
    fc.assert(
      fc.property(
        anyScores(false),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.boolean(),
        (scores, threshold, absolute) => {
          const { kept } = select(scores, { rule: 'threshold', threshold, absolute, prune: false });
          const pruned = select(scores, { rule: 'threshold', threshold, absolute, prune: true });
          expect(new Set(names(pruned.kept))).toEqual(pruneByRounds(kept));
          expect(pruneDisconnected(pruned.kept, false).equals(pruned.kept)).toBe(true);
          expect(pruned.left.edges).toBe(pruned.kept.additionSize);
        },
      ),
    );
  });

  it('with direct edges: again changes nothing, and each edge left has an open port and a sender that is fed', () => {
    fc.assert(
      fc.property(anyScores(true), fc.boolean(), (scores, absolute) => {
        const { kept } = select(scores, { rule: 'threshold', threshold: 0.2, absolute, prune: true });
        const direct = directScored(scores);
        expect(pruneDisconnected(kept, direct).equals(kept)).toBe(true);
        if (!direct) return;
        for (const name of names(kept)) {
          const [from, to] = name.split('->') as [string, string];
          if (to.includes('<')) expect(all(kept)).toContain(`${to}->${to.replace(/<.>/, '')}`);
          if (from !== 'input')
            expect(names(kept).some((other) => other.split('->')[1]!.replace(/<.>/, '') === from)).toBe(true);
        }
      }),
    );
  });
});
