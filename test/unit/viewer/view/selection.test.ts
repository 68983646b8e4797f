import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { assemble, toCircuitData, type CircuitData } from '../../../../viewer/data/circuit-data.js';
import { incidentEdges } from '../../../../viewer/view/incident.js';
import { tieWords } from '../../../../viewer/view/format.js';
import { defaultScope, poolOf } from '../../../../viewer/view/pool.js';
import { select } from '../../../../viewer/view/selection.js';
import { DEFAULT_EDGES, DEFAULT_VIEW, type LimitKind, type ViewState } from '../../../../viewer/view/view-state.js';
import { SAMPLE_KEPT, SAMPLE_TOPOLOGY, sampleCircuit, sampleDirectCircuit } from '../../../support/sample-circuit.js';
import { ids, sampleData, view } from '../../../support/viewer.js';

const data = sampleData();
const total = Object.values<number>(SAMPLE_KEPT).reduce((sum, effect) => sum + Math.abs(effect), 0);

/** Edges by number, unless the limit is of another kind. */
function top(changes: Partial<ViewState> = {}): ViewState {
  return view({ limitBy: 'top', ...changes });
}

function shown(changes: Partial<ViewState> = {}, of: CircuitData = data): string[] {
  return ids(select(of, top(changes)).edges);
}

/** Data whose edges have these effects, in the order of edge ids. */
function withEffects(effects: readonly (number | null)[]): CircuitData {
  const values = new Float64Array(SAMPLE_TOPOLOGY.edgeCount).fill(NaN);
  effects.forEach((effect, id) => (values[id] = effect ?? NaN));
  return toCircuitData(
    sampleCircuit({ effects: values, kept: EdgeSet.full(SAMPLE_TOPOLOGY), untestedRemovals: [] }),
    'as-stated',
  );
}

describe('a step of the slider', () => {
  it('goes over no edge outside of the scope, and finds the connected circuits of the scope once', () => {
    let reads = 0;
    const edges = new Proxy(data.edges, {
      get(target, key, receiver) {
        reads++;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    const watched = { ...data, edges };
    const at = (limit: number, limitBy: LimitKind) => view({ scope: 'circuit', limitBy, limit });
    select(watched, at(7, 'circuit'));
    expect(reads).toBeGreaterThan(data.edges.length);
    const [before, connected] = [reads, poolOf(watched, at(7, 'circuit')).connected()];
    for (const limit of [1, 2, 3, 4, 5, 6]) {
      expect(ids(select(watched, at(limit, 'circuit')).edges)).toEqual(ids(select(data, at(limit, 'circuit')).edges));
      expect(ids(select(watched, at(limit, 'top')).edges)).toEqual(ids(select(data, at(limit, 'top')).edges));
      expect(poolOf(watched, at(limit, 'top')).connected()).toBe(connected);
    }
    expect(reads).toBe(before);
  });

  it('has the share of the edges that it shows, summed from the strongest', () => {
    for (let limit = 0; limit <= 7; limit++) {
      const { edges, share } = select(data, top({ limit }));
      const sum = edges.reduce((part, { effect }) => part + Math.abs(effect ?? 0), 0);
      expect(share).toBeCloseTo(sum / total, 12);
    }
  });
});

describe('select', () => {
  it('shows the circuit at first, and counts it', () => {
    const selection = select(data, DEFAULT_VIEW);
    expect(ids(selection.edges).toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    expect(selection.available).toBe(7);
    expect(selection.share).toBe(1);
    expect([...selection.nodes].toSorted()).toEqual(['a0.h1', 'a1.h0', 'input', 'logits', 'm0', 'm1']);
  });

  it('shows no more than the default number', () => {
    const many = withEffects(Array.from({ length: SAMPLE_TOPOLOGY.additionEdges }, (_, i) => i + 1));
    const factor = 8;
    const edges = Array.from({ length: factor }, (_, i) =>
      many.edges.map((edge) => ({ ...edge, id: `${edge.id} ${i}` })),
    );
    const large = assemble(many, edges.flat());
    expect(large.edges.length).toBeGreaterThan(DEFAULT_EDGES);
    expect(shown({}, large).length).toBe(DEFAULT_EDGES);
  });

  it('takes the strongest k', () => {
    expect(shown({ limit: 2 })).toEqual(['a0.h1->a1.h0<v>', 'm1->logits']);
    expect(shown({ limit: 0 })).toEqual([]);
    expect(shown({ limit: -3 })).toEqual([]);
    expect(shown({ limit: 1e9 }).length).toBe(7);
    expect(shown({ limit: NaN }).length).toBe(7);
    expect(shown({ limit: 1e9, scope: 'all' }).length).toBe(SAMPLE_TOPOLOGY.additionEdges);
  });

  it('takes all from an effect on, the limit included', () => {
    expect(shown({ limitBy: 'effect', limit: 0.5 })).toEqual(['a0.h1->a1.h0<v>', 'm1->logits']);
    expect(shown({ limitBy: 'effect', limit: 0.51 })).toEqual(['a0.h1->a1.h0<v>']);
    expect(shown({ limitBy: 'effect', limit: 10 })).toEqual([]);
    expect(shown({ limitBy: 'effect', limit: 0 }).length).toBe(7);
    expect(shown({ limitBy: 'effect', limit: 0, scope: 'all' }).length).toBe(9);
  });

  it('takes the fewest that reach a share', () => {
    expect(shown({ limitBy: 'share', limit: 0 })).toEqual([]);
    expect(shown({ limitBy: 'share', limit: 0.75 / total })).toEqual(['a0.h1->a1.h0<v>']);
    expect(shown({ limitBy: 'share', limit: 0.76 / total })).toEqual(['a0.h1->a1.h0<v>', 'm1->logits']);
    expect(shown({ limitBy: 'share', limit: 1 })).toEqual(shown({ limit: 6 }));
    expect(select(data, top({ limit: 1 })).share).toBeCloseTo(0.75 / total, 12);
  });

  it('gives limits of every kind that show the same edges', () => {
    const effect = fc.oneof(
      fc.constant(null),
      fc.double({ min: -10, max: 10, noNaN: true }),
      fc.constantFrom(0, 1, -1),
    );
    fc.assert(
      fc.property(fc.array(effect, { minLength: 1, maxLength: 40 }), fc.nat(50), (effects, limit) => {
        const some = withEffects(effects);
        const { edges, limits, share } = select(some, top({ limit, scope: 'all' }));
        const again = (limitBy: LimitKind): string[] => shown({ limitBy, limit: limits[limitBy], scope: 'all' }, some);
        expect(again('top')).toEqual(ids(edges));
        const measured = some.edges.filter((edge) => edge.effect !== null).length;
        expect([limits.top, limits.effect, limits.share].every(Number.isFinite)).toBe(true);
        expect(share === null).toBe(some.edges.every((edge) => !edge.effect));
        if (measured === 0) return;
        if (new Set(some.edges.map(({ effect: value }) => value && Math.abs(value))).size === 1) {
          expect(ids(edges)).toEqual(ids(some.edges));
          return;
        }
        // A limit by effect shows all edges of equal strength. A limit by share leaves out edges of effect 0.
        const least = Math.min(...edges.map((edge) => Math.abs(edge.effect ?? 0)));
        const strong = some.edges.filter((edge) => edge.effect !== null && Math.abs(edge.effect) >= least);
        expect(again('effect')).toEqual(ids(edges.length > 0 ? strong : []));
        const byShare = again('share');
        const allZero = some.edges.every((edge) => !edge.effect);
        const measuredIds = ids(some.edges.filter((edge) => edge.effect !== null));
        if (allZero) expect(byShare).toEqual(edges.length > 0 ? measuredIds : []);
        else expect(byShare).toEqual(ids(edges).slice(0, byShare.length));
        expect(select(some, top({ limitBy: 'share', limit: limits.share, scope: 'all' })).share).toBe(share);
      }),
      {
        examples: [
          [[0], 0],
          [[0, 0, null], 1],
          [[0, 0, 0], 2],
        ],
        numRuns: 300,
      },
    );
  });

  it('shows the circuit where nothing was measured, whatever the limit means', () => {
    const none = toCircuitData(
      sampleCircuit({ effects: new Float64Array(SAMPLE_TOPOLOGY.edgeCount).fill(NaN) }),
      'as-stated',
    );
    for (const limitBy of ['top', 'effect', 'share'] as const) {
      const { edges, share, limits } = select(none, top({ limitBy, limit: limitBy === 'top' ? 100 : 0.5 }));
      expect(ids(edges).toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
      expect([share, limits.top, limits.effect]).toEqual([null, 7, 0]);
    }
  });

  it('filters by port, kind of node and layer', () => {
    const ports = DEFAULT_VIEW.ports;
    expect(shown({ ports: { ...ports, out: false, q: false, v: false } })).toEqual(['a0.h1->a1.h0<k>']);
    expect(shown({ ports: { ...ports, q: false, k: false, v: false } })).toEqual([
      'm1->logits',
      'a1.h0->logits',
      'm0->m1',
    ]);
    const kinds = DEFAULT_VIEW.kinds;
    expect(shown({ kinds: { ...kinds, head: false } })).toEqual(['m1->logits', 'm0->m1']);
    expect(shown({ kinds: { ...kinds, logits: false, mlp: false } }).length).toBe(4);
    expect(shown({ layers: [1, 1] })).toEqual(['m1->logits', 'a1.h0->logits']);
    expect(shown({ layers: [0, 0] })).toEqual(['input->a0.h1<v>']);
    expect(select(data, top({ layers: [0, 0] })).available).toBe(1);
    expect(select(data, top({ layers: [0, 0] })).share).toBe(1);
  });

  it('knows direct edges by their port', () => {
    const direct = toCircuitData(sampleDirectCircuit(), 'as-stated');
    expect(shown({ scope: 'all' }, direct)).toContain('a1.h0<q>->a1.h0');
    expect(shown({ scope: 'all', ports: { ...DEFAULT_VIEW.ports, q: false } }, direct)).not.toContain(
      'a1.h0<q>->a1.h0',
    );
  });
});

describe('ties', () => {
  const all = SAMPLE_TOPOLOGY.additionEdges;

  it('shows everything where nothing ranks the edges, whatever the limit', () => {
    for (const value of [null, 0, -0.5]) {
      const even = withEffects(Array.from({ length: all }, (_, i) => (value !== null && i % 2 ? -value : value)));
      for (const limit of [null, 0, 3, 0.5]) {
        for (const limitBy of ['top', 'effect', 'share'] as const) {
          const { edges, ranked, tie } = select(even, top({ limit, limitBy, scope: 'all' }));
          expect([edges.length, ranked, tie]).toEqual([all, false, null]);
        }
      }
    }
    expect(select(withEffects([1, ...Array.from({ length: all - 1 }, () => 0)]), top({ scope: 'all' })).ranked).toBe(
      true,
    );
  });

  it('has no share of a sum that is 0', () => {
    expect(select(withEffects(Array.from({ length: all }, () => 0)), top({ scope: 'all' })).share).toBeNull();
  });

  it('says what a limit through a tie leaves out', () => {
    const data = withEffects([3, -2, 2, 2, 1]);
    const tie = (limit: number) => select(data, top({ limit, scope: 'all' })).tie;
    expect(tie(1)).toBeNull();
    expect(tie(2)).toEqual({ strength: 2, shown: 1, tied: 3 });
    expect(tie(3)).toEqual({ strength: 2, shown: 2, tied: 3 });
    expect([tie(4), tie(5)]).toEqual([null, null]);
    expect(tie(6)).toEqual({ strength: null, shown: 1, tied: all - 5 });
    expect(tieWords(tie(3)!)).toMatch(/^2 of 3 edges with \|effect\| 2\.00 are shown/);
    expect(tieWords(tie(6)!)).toMatch(/edges without a measure are shown/);
  });

  it('cuts through no tie at first', () => {
    /** Data of many edges with these strengths, each so many times. */
    type Run = readonly [effect: number, count: number];
    const runs = (...parts: readonly Run[]): CircuitData => {
      const edge = data.edges[0]!;
      const edges = parts.flatMap(([effect, count], run) =>
        Array.from({ length: count }, (_, i) => ({ ...edge, id: `${run}.${i}`, effect, inCircuit: true })),
      );
      return assemble(data, edges);
    };
    const first = (...parts: readonly Run[]): number => select(runs(...parts), top()).edges.length;
    expect(first([2, 150], [1, 1000])).toBe(150);
    expect(first([2, 50], [1, 200])).toBe(250);
    expect(first([2, 963], [0, 1])).toBe(963);
    expect(first([2, DEFAULT_EDGES], [1, 9])).toBe(DEFAULT_EDGES);
  });
});

describe('defaultScope', () => {
  const scopeOf = (kept: readonly string[]): string =>
    defaultScope(
      assemble(
        data,
        data.edges.map((edge) => ({ ...edge, inCircuit: kept.includes(edge.id) })),
      ),
    );

  it('is the circuit where the file chooses, otherwise everything', () => {
    expect(scopeOf(['m1->logits'])).toBe('circuit');
    expect(scopeOf([])).toBe('all');
    expect(scopeOf(ids(data.edges))).toBe('all');
  });
});

describe('incidentEdges', () => {
  it('splits the edges of a node by side and sign, with shares of each side', () => {
    const { incoming, outgoing } = incidentEdges(data, select(data, DEFAULT_VIEW), 'a1.h0');
    expect(incoming.helps).toEqual([{ edge: data.edgeById.get('a0.h1->a1.h0<q>'), share: 0.125 / 0.875 }]);
    expect(incoming.hurts).toEqual([{ edge: data.edgeById.get('a0.h1->a1.h0<v>'), share: 0.75 / 0.875 }]);
    expect(incoming.neutral.map(({ edge }) => edge.id)).toEqual(['a0.h1->a1.h0<k>']);
    expect(outgoing.helps.map(({ edge, share }) => [edge.id, share])).toEqual([['a1.h0->logits', 1]]);
  });

  it('takes several nodes as one, without the edges between them', () => {
    const { incoming, outgoing } = incidentEdges(data, select(data, DEFAULT_VIEW), ['a0.h1', 'a1.h0', 'toString']);
    expect([...incoming.helps, ...incoming.hurts, ...incoming.neutral].map(({ edge }) => edge.id)).toEqual([
      'input->a0.h1<v>',
    ]);
    expect(outgoing.helps.map(({ edge }) => edge.id)).toEqual(['a1.h0->logits']);
  });

  it('counts direct edges among the incoming ones', () => {
    const direct = toCircuitData(sampleDirectCircuit(), 'as-stated');
    const { incoming, outgoing } = incidentEdges(direct, select(direct, DEFAULT_VIEW), 'a1.h0');
    expect(incoming.helps.map(({ edge }) => edge.id)).toEqual(['a1.h0<q>->a1.h0', 'a0.h1->a1.h0<q>']);
    expect(outgoing.helps.length).toBe(1);
  });
});
