import { describe, expect, it } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { standingPositions, type StandingUse } from '../../../src/circuit/standing-positions.js';
import { Topology } from '../../../src/circuit/topology.js';

const toy = new Topology({ layers: 2, heads: 2, parallel: false });
const LENGTH = 4;

/** Every query attends to `key`, or to itself where that comes later. */
function lookingAt(key: number): Float32Array {
  const pattern = new Float32Array(LENGTH * LENGTH);
  for (let query = 0; query < LENGTH; query++) pattern[query * LENGTH + Math.min(key, query)] = 1;
  return pattern;
}

/** Positions by the names of writers, on one prompt measured at its last token. */
function standing(
  edges: readonly string[],
  looks: Readonly<Record<string, number>>,
  {
    weights = {},
    topology = toy,
    directTested = false,
    closed = [],
  }: {
    readonly weights?: Readonly<Record<string, number>>;
    readonly topology?: Topology;
    readonly directTested?: boolean;
    readonly closed?: readonly string[];
  } = {},
): Record<string, number> {
  const ids = edges.map((name) => topology.edgeId(name)!);
  const kept = EdgeSet.where(
    topology,
    (id) => ids.includes(id) || (id >= topology.additionEdges && !closed.includes(topology.edgeName(id))),
  );
  const use: StandingUse = {
    circuit: { topology, kept, directTested },
    prompts: [{ length: LENGTH, position: LENGTH - 1 }],
    attention: new Map(
      topology.writers.flatMap((_, writer) => {
        const key = looks[topology.writerName(writer)];
        return key === undefined ? [] : [[writer, [lookingAt(key)]] as const];
      }),
    ),
    weight: (edge) => weights[topology.edgeName(edge)] ?? 1,
  };
  const positions = standingPositions(use);
  return Object.fromEntries(topology.writers.map((_, writer) => [topology.writerName(writer), positions[writer]![0]!]));
}

describe('standing positions', () => {
  it('follow queries, MLPs and logits where the reader stands, keys and values where it looks', () => {
    const at = standing(
      ['a1.h0->logits', 'm0->a1.h0<q>', 'a0.h0->a1.h0<v>', 'a0.h1->m0', 'input->a0.h0<k>', 'input->a0.h0<q>'],
      { 'a1.h0': 2, 'a0.h0': 1 },
      { weights: { 'input->a0.h0<k>': 3 } },
    );
    expect(at).toMatchObject({ 'a1.h0': 3, m0: 3, 'a0.h0': 2, 'a0.h1': 3, input: 1 });
  });

  it('go by the sum of the weights; of equal ones the first position wins, and zeros count alike', () => {
    const edges = ['a1.h0->logits', 'a1.h1->logits', 'm0->a1.h0<v>', 'm0->a1.h1<k>', 'm0->logits'];
    const looks = { 'a1.h0': 1, 'a1.h1': 1 };
    const weights = (direct: number, other: number) => ({
      weights: { 'm0->logits': direct, 'm0->a1.h0<v>': other, 'm0->a1.h1<k>': other },
    });
    expect(standing(edges, looks, weights(3, 1)).m0).toBe(3);
    expect(standing(edges, looks, weights(1.5, 1)).m0).toBe(1);
    expect(standing(edges, looks, weights(2, 1)).m0).toBe(1);
    expect(standing(edges, looks, weights(0, 0)).m0).toBe(1);
    expect(standing(edges, looks, weights(Infinity, 1)).m0).toBe(3);
  });

  it('of what nothing reads are the measured one; readers that nothing reads have no vote', () => {
    const at = standing(['a0.h0->a1.h0<v>', 'm0->a1.h1<v>', 'a1.h1->logits'], { 'a1.h0': 0, 'a1.h1': 1 });
    expect(at).toMatchObject({ 'a0.h0': 3, 'a0.h1': 3, 'a1.h0': 3, m0: 1 });
  });

  it('ask each head that reads a shared port, and no port whose direct edge is cut', () => {
    const topology = new Topology({ layers: 2, heads: 4, kvPorts: 2, parallel: false });
    const edges = [
      'm0->a1.kv1<v>',
      'a1.h2->logits',
      'a1.h3->logits',
      'a0.h0->a1.kv0<v>',
      'a1.h1->logits',
      'm0->logits',
    ];
    const looks = { 'a1.h0': 0, 'a1.h1': 2, 'a1.h2': 1, 'a1.h3': 1 };
    expect(standing(edges, looks, { topology, weights: { 'm0->logits': 1.5 } })).toMatchObject({ m0: 1, 'a0.h0': 2 });
    const cut = { topology, directTested: true, closed: ['a1.kv1<v>->a1.kv1'] };
    expect(standing(edges, looks, cut).m0).toBe(3);
  });

  it('chain: what a head reads is looked for from where the head stands', () => {
    const patterns = lookingAt(2);
    patterns[2 * LENGTH + 2] = 0;
    patterns[2 * LENGTH] = 1;
    const topology = new Topology({ layers: 3, heads: 1, parallel: false, attentionOnly: true });
    const ids = ['a2.h0->logits', 'a1.h0->a2.h0<v>', 'a0.h0->a1.h0<k>'].map((name) => topology.edgeId(name)!);
    const positions = standingPositions({
      circuit: { topology, kept: EdgeSet.of(topology, ids), directTested: false },
      prompts: [{ length: LENGTH, position: 3 }],
      attention: new Map([1, 2, 3].map((writer) => [writer, [patterns]])),
      weight: () => 1,
    });
    expect(positions.map(([position]) => position)).toEqual([3, 0, 2, 3]);
  });
});
