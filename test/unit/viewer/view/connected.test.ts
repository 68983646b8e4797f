import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { connectedLevels, edgeStrengths, pathStrengths } from '../../../../src/circuit/connected-levels.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { pruneDisconnected } from '../../../../src/circuit/prune.js';
import { toCircuitData, type CircuitData } from '../../../../viewer/data/circuit-data.js';
import { connectedCircuits, levelWithin, onPaths } from '../../../../viewer/view/connected.js';
import { keepsToPaths } from '../../../../viewer/view/pool.js';
import { select } from '../../../../viewer/view/selection.js';
import { DEFAULT_EDGES, DEFAULT_VIEW } from '../../../../viewer/view/view-state.js';
import { anyCircuit } from '../../../support/any-circuit.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import {
  SAMPLE_TOPOLOGY,
  sampleCircuit,
  sampleDirectCircuit,
  sampleSharedCircuit,
} from '../../../support/sample-circuit.js';
import { ids, sourceFile, view, openCircuitDocument } from '../../../support/viewer.js';

const mib = sharedFixtures === undefined ? '' : `${sharedFixtures}mib/ioi-eap-ig.json`;

function keptOf(data: CircuitData) {
  return data.edges.filter(({ inCircuit }) => inCircuit);
}

describe('connectedCircuits', () => {
  it('are those of the circuit itself, for circuits of any shape', () => {
    fc.assert(
      fc.property(anyCircuit, (circuit) => {
        const { topology, kept, directTested } = circuit;
        const expected = pathStrengths(kept, edgeStrengths(circuit), directTested);
        const data = toCircuitData(circuit, 'as-stated');
        const edges = keptOf(data);
        const { paths, levels } = connectedCircuits(data, edges);
        edges.forEach(({ id }, i) => expect([id, paths[i]]).toEqual([id, expected[topology.edgeId(id)!]]));
        expect(levels).toEqual(connectedLevels(expected));
      }),
      { numRuns: 300 },
    );
  });

  it('leave what pruning leaves', () => {
    fc.assert(
      fc.property(anyCircuit, (circuit) => {
        const { topology, kept, directTested } = circuit;
        const data = toCircuitData(circuit, 'as-stated');
        const left = pruneDisconnected(kept, directTested);
        const names = [...left]
          .filter((id) => directTested || id < topology.additionEdges)
          .map((id) => topology.edgeName(id));
        expect(ids(onPaths(data, keptOf(data))).toSorted()).toEqual(names.toSorted());
      }),
      { numRuns: 300 },
    );
  });

  it('gives the largest within a number, and at least the smallest', () => {
    const data = toCircuitData(sampleCircuit(), 'as-stated');
    // Of the sample only input -> 0.1 v -> 1.0 (by q, k or v) -> logits lies on a path.
    const connected = connectedCircuits(data, keptOf(data));
    expect(connected.levels).toEqual([
      { edges: 4, strength: 0.0625 },
      { edges: 5, strength: 0 },
    ]);
    expect([0, 1, 3, 4, 5, 99].map((most) => levelWithin(connected.levels, most)?.edges)).toEqual([4, 4, 4, 4, 5, 5]);
    expect(levelWithin(connectedCircuits(data, []).levels, 9)).toBeNull();
  });
});

describe('the circuit mode', () => {
  const data = toCircuitData(sampleCircuit(), 'as-stated');
  const connected = ['a0.h1->a1.h0<v>', 'input->a0.h1<v>', 'a0.h1->a1.h0<q>', 'a1.h0->logits'];

  it('shows a connected circuit, strongest edges first, and says how large it is', () => {
    const { edges, circuit, available, by, limits, tie } = select(data, view({ limit: 4 }));
    expect(ids(edges)).toEqual(connected);
    expect([circuit, available, by, tie]).toEqual([{ edges: 4, next: 5 }, 7, 'circuit', null]);
    expect(limits).toMatchObject({ circuit: 4, top: 4, effect: 0.0625 });
    expect(ids(select(data, view({ limit: 1 })).edges)).toEqual(connected);
    expect(ids(select(data, view({ limit: 6 })).edges)).toEqual([...connected, 'a0.h1->a1.h0<k>']);
  });

  it('ends with the whole circuit, or with all of it that lies on a path', () => {
    const whole = select(data, DEFAULT_VIEW);
    expect([whole.edges.length, whole.circuit, whole.share]).toEqual([7, { edges: 7, next: 7 }, 1]);
    const onPath = select(data, view({ onPaths: true }));
    expect(ids(onPath.edges)).toEqual([...connected, 'a0.h1->a1.h0<k>']);
    expect([onPath.circuit, onPath.available]).toEqual([{ edges: 5, next: 5 }, 5]);
    expect(select(data, view({ limit: 5 })).circuit).toEqual({ edges: 5, next: 7 });
  });

  it('does not change with the filters: they hide a part of it', () => {
    const { edges, circuit, nodes } = select(
      data,
      view({ limit: 4, ports: { q: true, k: true, v: false, out: true } }),
    );
    expect(ids(edges)).toEqual(['a0.h1->a1.h0<q>', 'a1.h0->logits']);
    expect([circuit, [...nodes].toSorted()]).toEqual([{ edges: 4, next: 5 }, ['a0.h1', 'a1.h0', 'logits']]);
  });

  it('goes over key/value heads to the heads that share them', () => {
    const shared = toCircuitData(sampleSharedCircuit(), 'as-stated');
    expect(ids(select(shared, view({ limit: 3 })).edges)).toEqual(['m0->a1.kv1<v>', 'input->m0', 'a1.h3->logits']);
    const onPath = ids(select(shared, view({ onPaths: true })).edges);
    expect(onPath).toEqual(['m0->a1.kv1<v>', 'input->m0', 'a1.h3->logits', 'input->a1.h3<q>']);
  });

  it('passes a port by its direct edge alone where those were decided on', () => {
    const circuit = sampleDirectCircuit();
    const shown = (kept: EdgeSet): string[] =>
      ids(select(toCircuitData({ ...circuit, kept }, 'as-stated'), view({ onPaths: true })).edges);
    const direct = ['q', 'k', 'v'].map((port) => circuit.topology.edgeId(`a0.h1<${port}>->a0.h1`)!);
    const open = EdgeSet.of(circuit.topology, [...circuit.kept, ...direct]);
    expect(shown(open)).toContain('a0.h1->a1.h0<v>');
    expect(shown(open)).toContain('a1.h0<v>->a1.h0');
    const cut = shown(open.without(circuit.topology.edgeId('a1.h0<v>->a1.h0')!));
    expect(cut).toContain('a0.h1->a1.h0<q>');
    expect(cut).not.toContain('a0.h1->a1.h0<v>');
  });

  it('is the strongest edges where no edge lies on a path, and says so', () => {
    const pathless = toCircuitData(
      sampleCircuit({ kept: sampleCircuit().kept.without(SAMPLE_TOPOLOGY.edgeId('input->a0.h1<v>')!) }),
      'as-stated',
    );
    const { edges, by, circuit } = select(pathless, view({ limit: 2, onPaths: true }));
    expect([ids(edges), by, circuit]).toEqual([['a0.h1->a1.h0<v>', 'm1->logits'], 'top', null]);
  });
});

describe('edges on paths alone', () => {
  const data = toCircuitData(sampleCircuit(), 'as-stated');
  const shown = (limit: number, changes = {}) =>
    select(data, view({ limitBy: 'top', limit, onPaths: true, ...changes }));

  it('leave out of the strongest what lies on no path among them', () => {
    expect(ids(shown(7).edges)).toEqual([
      'a0.h1->a1.h0<v>',
      'input->a0.h1<v>',
      'a0.h1->a1.h0<q>',
      'a1.h0->logits',
      'a0.h1->a1.h0<k>',
    ]);
    expect([shown(7).offPaths, shown(7).limits.top]).toEqual([2, 7]);
    expect([shown(4).edges, shown(4).offPaths]).toEqual([[], 4]);
    expect(shown(5).offPaths).toBe(1);
  });

  it('counts what the filters hide as it stands', () => {
    expect(ids(shown(3, { kinds: { ...DEFAULT_VIEW.kinds, mlp: false, input: false } }).edges)).toEqual([
      'a0.h1->a1.h0<v>',
      'a0.h1->a1.h0<q>',
      'a1.h0->logits',
    ]);
  });
});

describe.skipIf(!existsSync(mib))('a published circuit of GPT-2 small', () => {
  it('draws by default no edge that lies on no path, in the circuit mode and in the others', () => {
    const opened = openCircuitDocument(sourceFile('ioi.json', readFileSync(mib, 'utf8')));
    const { circuit } = opened;
    const onPaths = keepsToPaths(DEFAULT_VIEW, opened);
    expect(onPaths).toBe(true);
    const data = toCircuitData(circuit, 'negative-helps');
    const { topology } = circuit;
    const offPaths = (names: readonly string[]): number => {
      const set = EdgeSet.of(topology, [...EdgeSet.empty(topology), ...names.map((name) => topology.edgeId(name)!)]);
      return names.length - pruneDisconnected(set, false).additionSize;
    };
    const strongest = select(data, view({ limitBy: 'top', limit: 60 }));
    expect(offPaths(ids(strongest.edges))).toBe(18);
    const pruned = select(data, view({ limitBy: 'top', limit: 60, onPaths }));
    expect([pruned.edges.length, pruned.offPaths, offPaths(ids(pruned.edges))]).toEqual([42, 18, 0]);
    for (const limit of [null, 5, 60, 100, 200, 700, 1e9]) {
      const { edges, circuit: chosen } = select(data, view({ limit, onPaths }));
      expect(edges.length).toBe(chosen!.edges);
      expect(edges.length).toBeLessThanOrEqual(limit ?? DEFAULT_EDGES);
      expect(edges.length).toBeGreaterThan(0);
      expect(offPaths(ids(edges))).toBe(0);
    }
  });
});
