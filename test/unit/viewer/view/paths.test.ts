import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toCircuitData, type CircuitData, type EdgeRecord } from '../../../../viewer/data/circuit-data.js';
import { strongestPaths } from '../../../../viewer/view/paths.js';
import { reachBetween, reachOf } from '../../../../viewer/view/reach.js';
import { anyCircuit } from '../../../support/any-circuit.js';
import { sampleCircuit, sampleSharedCircuit } from '../../../support/sample-circuit.js';

function keptOf(data: CircuitData): readonly EdgeRecord[] {
  return data.edges.filter(({ inCircuit }) => inCircuit);
}

/** How strong an edge counts, said once more: what is not known of a kept edge bounds nothing. */
function strength(edge: EdgeRecord): number {
  return edge.effect === null ? Infinity : Math.abs(edge.effect);
}

interface Walk {
  readonly edges: readonly EdgeRecord[];
  readonly steps: readonly string[];
}

/** Every way from a node onwards, step by step, by the names of nodes and ports alone. */
function walksFrom(data: CircuitData, edges: readonly EdgeRecord[], start: string): Map<string, Walk[]> {
  const ends = new Map<string, Walk[]>();
  const direct = data.edges.some(({ kind }) => kind === 'direct');
  const go = (node: string, walk: Walk): void => {
    ends.set(node, [...(ends.get(node) ?? []), walk]);
    for (const edge of edges) {
      if (edge.kind === 'direct' || edge.source !== node) continue;
      const step = `${edge.target} ${edge.port}`;
      const through = edges.find(
        ({ kind, target, port }) => kind === 'direct' && target === edge.target && port === edge.port,
      );
      if (edge.port !== 'out' && direct && !through) continue;
      const passed = edge.port !== 'out' && through ? [edge, through] : [edge];
      go(edge.target, { edges: [...walk.edges, ...passed], steps: [...walk.steps, step] });
    }
    const at = data.nodeById.get(node)!;
    if (at.kind !== 'kv') return;
    for (const head of data.nodes) {
      if (head.kind !== 'head' || head.layer !== at.layer || head.kvGroup !== at.kvGroup) continue;
      go(head.id, { ...walk, steps: [...walk.steps, `${head.id} ${walk.steps.at(-1)?.split(' ')[1]}`] });
    }
  };
  go(start, { edges: [], steps: [] });
  return ends;
}

const weakest = ({ edges }: Walk): number => Math.min(Infinity, ...edges.map(strength));
const sum = ({ edges }: Walk): number =>
  edges.reduce((total, edge) => total + (Number.isFinite(strength(edge)) ? strength(edge) : 0), 0);

/** Few enough edges to walk every way. */
const small = anyCircuit
  .map((circuit) => {
    const data = toCircuitData(circuit, 'as-stated');
    return { data, shown: keptOf(data).slice(0, 24) };
  })
  .filter(({ shown }) => shown.length > 0);

describe('strongestPaths', () => {
  it('are the strongest of all ways from the input to the logits', () => {
    fc.assert(
      fc.property(small, fc.integer({ min: 1, max: 12 }), ({ data, shown }, count) => {
        const all = walksFrom(data, shown, 'input').get('logits') ?? [];
        const best = [...all].sort((a, b) => weakest(b) - weakest(a) || sum(b) - sum(a)).slice(0, count);
        const paths = strongestPaths(data, shown, count);
        expect(paths.map(({ edges }) => [weakest({ edges, steps: [] }), sum({ edges, steps: [] })])).toEqual(
          best.map((walk) => [weakest(walk), sum(walk)]),
        );
        const names = paths.map(({ nodes }) =>
          nodes
            .slice(1)
            .map(({ id, port }) => `${id} ${port}`)
            .join(),
        );
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(all.map(({ steps }) => steps.join())).toContain(name);
        for (const path of paths) {
          const known = path.edges.filter(({ effect }) => effect !== null);
          if (path.weakest) expect(strength(path.weakest)).toBe(Math.min(...known.map(strength)));
          else expect(known).toEqual([]);
        }
        expect(strongestPaths(data, shown, count)).toEqual(paths);
      }),
      { numRuns: 200 },
    );
  });

  it('name nodes, ports and the weakest edge', () => {
    const data = toCircuitData(sampleCircuit(), 'as-stated');
    const told = strongestPaths(data, keptOf(data), 10).map(({ nodes, weakest: edge }) => [
      nodes.map(({ id, port }) => `${id} ${port}`).join(' > '),
      edge!.id,
    ]);
    expect(told).toEqual([
      ['input out > a0.h1 v > a1.h0 v > logits out', 'a1.h0->logits'],
      ['input out > a0.h1 v > a1.h0 q > logits out', 'a1.h0->logits'],
      ['input out > a0.h1 v > a1.h0 k > logits out', 'a0.h1->a1.h0<k>'],
    ]);
  });

  it('go over key/value heads', () => {
    const data = toCircuitData(sampleSharedCircuit(), 'as-stated');
    const [first] = strongestPaths(data, keptOf(data), 1);
    expect(first!.nodes.map(({ id }) => id)).toEqual(['input', 'm0', 'a1.kv1', 'a1.h3', 'logits']);
  });
});

describe('reachOf', () => {
  it('lights what lies up and down the best ways through a node, by their weakest edge', () => {
    const plain = small.filter(({ data }) => data.edges.every(({ kind }) => kind === 'addition'));
    fc.assert(
      fc.property(plain, fc.nat(), ({ data, shown }, pick) => {
        const { id } = data.nodes[pick % data.nodes.length]!;
        const onwards = [...walksFrom(data, shown, id).values()].flat();
        const into = data.nodes.flatMap((node) => walksFrom(data, shown, node.id).get(id) ?? []);
        const strengths = new Map<string, number>();
        for (const [walks, end] of [
          [onwards, -1],
          [into, 0],
        ] as const) {
          for (const walk of walks) {
            const edge = walk.edges.at(end);
            if (edge) strengths.set(edge.id, Math.max(strengths.get(edge.id) ?? 0, weakest(walk)));
          }
        }
        const most = Math.max(0, ...[...strengths.values()].filter(Number.isFinite));
        const reach = reachOf(data, shown, [id]);
        const expected = [...strengths].map(
          ([name, value]) => [name, most > 0 ? Math.min(1, value / most) : 1] as const,
        );
        expect(new Map(reach.edges)).toEqual(new Map(expected));
        expect(reach.nodes.get(id)).toBe(1);
        const ends = [...strengths.keys()].flatMap((name) => [
          data.edgeById.get(name)!.source,
          data.edgeById.get(name)!.target,
        ]);
        expect([...reach.nodes.keys()].toSorted()).toEqual([...new Set([id, ...ends])].toSorted());
      }),
      { numRuns: 150 },
    );
  });

  it('fades with the weakest edge, through nodes and edges', () => {
    const data = toCircuitData(sampleCircuit(), 'as-stated');
    const kept = keptOf(data);
    const { edges, nodes } = reachOf(data, kept, ['a1.h0']);
    const most = 0.75;
    expect(Object.fromEntries(edges)).toEqual({
      'a0.h1->a1.h0<v>': 1,
      'a0.h1->a1.h0<q>': 0.125 / most,
      'a0.h1->a1.h0<k>': 0,
      'a1.h0->logits': 0.0625 / most,
      'input->a0.h1<v>': 0.3 / most,
    });
    expect(nodes.get('m1')).toBeUndefined();
    expect(nodes.get('a0.h1')).toBe(1);
    const through = reachOf(data, kept, ['a0.h1->a1.h0<q>']);
    expect([...through.edges.keys()].toSorted()).toEqual(['a0.h1->a1.h0<q>', 'a1.h0->logits', 'input->a0.h1<v>']);
    expect(through.edges.get('input->a0.h1<v>')).toBe(1);
    expect(through.edges.get('a1.h0->logits')).toBe(0.5);
    expect(reachOf(data, kept, ['nothing', 'a9.h9']).nodes.size).toBe(0);
    expect([...reachOf(data, [], ['a1.h0']).nodes]).toEqual([['a1.h0', 1]]);
  });

  it('lights the paths between two nodes, whichever comes first, and nothing where there is none', () => {
    const data = toCircuitData(sampleCircuit(), 'as-stated');
    const kept = keptOf(data);
    for (const ends of [
      ['input', 'a1.h0'],
      ['a1.h0', 'input'],
    ] as const) {
      expect(Object.fromEntries(reachBetween(data, kept, ends).edges)).toEqual({
        'a0.h1->a1.h0<v>': 1,
        'a0.h1->a1.h0<q>': 0.125 / 0.3,
        'a0.h1->a1.h0<k>': 0,
        'input->a0.h1<v>': 1,
      });
    }
    expect(reachBetween(data, kept, ['input', 'm1'])).toEqual({ nodes: new Map(), edges: new Map() });
    expect(reachBetween(data, kept, ['input', 'input']).nodes.size).toBe(0);
    expect(reachBetween(data, kept, ['input', 'nothing']).nodes.size).toBe(0);
  });
});
