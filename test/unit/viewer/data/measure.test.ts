import { describe, expect, it } from 'vitest';

import type { Circuit } from '../../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import { measuresOf, numbersOf, signIsKnown, type Measure } from '../../../../viewer/data/measure.js';
import {
  SAMPLE_TOPOLOGY,
  sampleCircuit,
  sampleDirectCircuit,
  sampleSharedCircuit,
} from '../../../support/sample-circuit.js';

/** The circuit with these effects in it. */
function measured(circuit: Circuit, effects: Readonly<Record<string, number>>, idle: readonly string[] = []): Circuit {
  const { topology } = circuit;
  const values = new Float64Array(topology.edgeCount).fill(NaN);
  for (const [name, effect] of Object.entries(effects)) values[topology.edgeId(name)!] = effect;
  return {
    ...circuit,
    inCircuit: { effects: values, idle: idle.map((name) => topology.edgeId(name)!), curve: [] },
  };
}

const IN_CIRCUIT = {
  'm1->logits': 0.25,
  'a1.h0->logits': 0.75,
  'm0->m1': 0,
  'a0.h1->a1.h0<q>': 0.1,
  'a0.h1->a1.h0<k>': 0.3,
  'a0.h1->a1.h0<v>': -0.6,
  'input->a0.h1<v>': 2,
};
const found = measured(sampleCircuit(), IN_CIRCUIT, ['m0->m1']);
const unmeasured = sampleCircuit({ effects: new Float64Array(SAMPLE_TOPOLOGY.edgeCount).fill(NaN) });

describe('measuresOf', () => {
  it('names the best number first, and only numbers that every circuit has', () => {
    expect(measuresOf(found)).toEqual(['circuit', 'decided', 'share']);
    expect(measuresOf(sampleCircuit())).toEqual(['decided', 'share']);
    expect(measuresOf(found, sampleCircuit())).toEqual(['decided', 'share']);
    expect(measuresOf(unmeasured)).toEqual([]);
    expect(measuresOf(measured(unmeasured, IN_CIRCUIT))).toEqual(['circuit', 'share']);
    expect(measuresOf(found, unmeasured)).toEqual([]);
  });
});

describe('the number that is drawn', () => {
  const drawn = (circuit: Circuit, measure?: Measure) => toCircuitData(circuit, 'as-stated', true, measure);

  it('is the effect in the circuit where that was measured, and the other one stands beside it', () => {
    const { edges, edgeById, nodeById } = drawn(found);
    expect(edges.slice(0, 7).map(({ id, effect, rank }) => [id, effect, rank])).toEqual([
      ['input->a0.h1<v>', 2, 1],
      ['a1.h0->logits', 0.75, 2],
      ['a0.h1->a1.h0<v>', -0.6, 3],
      ['a0.h1->a1.h0<k>', 0.3, 4],
      ['m1->logits', 0.25, 5],
      ['a0.h1->a1.h0<q>', 0.1, 6],
      ['m0->m1', 0, 7],
    ]);
    expect(edgeById.get('m1->logits')).toMatchObject({
      effect: 0.25,
      inCircuitEffect: 0.25,
      decided: 0.5,
      idle: false,
    });
    // Removed edges are worth nothing in the circuit that can be measured: they have their decision alone.
    expect(edgeById.get('a0.h0->logits')).toMatchObject({ effect: null, rank: null, decided: 0.01 });
    expect(edges.filter(({ idle }) => idle).map(({ id }) => id)).toEqual(['m0->m1']);
    expect(nodeById.get('logits')!.effect).toBe(1);
    expect(nodeById.get('a0.h1')!.effect).toBeCloseTo(-0.2, 12);
  });

  it('is that of the decision where it is asked for, or where nothing else is known', () => {
    for (const data of [drawn(found, 'decided'), drawn(sampleCircuit())]) {
      expect(data.edges[0]).toMatchObject({ id: 'a0.h1->a1.h0<v>', effect: -0.75, decided: -0.75, rank: 1 });
    }
    expect(drawn(unmeasured).edges.every(({ effect, rank }) => effect === null && rank === null)).toBe(true);
  });

  it('is a share of what the reader node gets, with the sign of the effect', () => {
    const { edges, edgeById } = drawn(found, 'share');
    const share = (id: string) => edgeById.get(id)!.effect;
    expect(share('m1->logits')).toBeCloseTo(0.25, 12);
    expect(share('a1.h0->logits')).toBeCloseTo(0.75, 12);
    expect(share('a0.h1->a1.h0<q>')).toBeCloseTo(0.1, 12);
    expect(share('a0.h1->a1.h0<v>')).toBeCloseTo(-0.6, 12);
    expect([share('input->a0.h1<v>'), share('m0->m1'), share('a0.h0->logits')]).toEqual([1, 0, null]);
    expect(edges[0]!.id).toBe('input->a0.h1<v>');
  });

  it('is a share of scores where there are no effects in the circuit, of kept edges alone', () => {
    const shares = numbersOf(sampleCircuit(), 'share');
    const of = (name: string) => shares[SAMPLE_TOPOLOGY.edgeId(name)!];
    expect(of('m1->logits')).toBeCloseTo(0.5 / 0.5625, 12);
    expect(of('input->logits')).toBeNaN();
    const direct = sampleDirectCircuit();
    expect(numbersOf(direct, 'share')[direct.topology.edgeId('a1.h0<q>->a1.h0')!]).toBeNaN();
  });

  it('takes a key/value head as one reader, and the heads that share it as others', () => {
    const shared = sampleSharedCircuit();
    const shares = numbersOf(shared, 'share');
    const of = (name: string) => shares[shared.topology.edgeId(name)!];
    expect(of('a0.h0->a1.kv1<k>')).toBeCloseTo(0.125 / 0.875, 12);
    expect(of('m0->a1.kv1<v>')).toBeCloseTo(-0.75 / 0.875, 12);
    expect(of('input->a1.h3<q>')).toBe(1);
  });

  it('has shares of huge numbers', () => {
    const effects = new Float64Array(SAMPLE_TOPOLOGY.edgeCount).fill(1.5e308);
    const shares = numbersOf(
      sampleCircuit({ effects, kept: EdgeSet.full(SAMPLE_TOPOLOGY), untestedRemovals: [] }),
      'share',
    );
    const first = SAMPLE_TOPOLOGY.firstEdge(SAMPLE_TOPOLOGY.logitsPort);
    const fanIn = SAMPLE_TOPOLOGY.fanIn(SAMPLE_TOPOLOGY.logitsPort);
    expect(shares[first]).toBeCloseTo(1 / fanIn, 12);
  });
});

describe('signIsKnown', () => {
  it('always of effects in the circuit, of scores where somebody says so', () => {
    const foreign = sampleCircuit({ provenance: null });
    expect(signIsKnown(foreign, 'as-stated', 'decided')).toBe(false);
    expect(signIsKnown(foreign, 'as-stated', 'share')).toBe(false);
    expect(signIsKnown(foreign, 'negative-helps', 'decided')).toBe(true);
    expect(signIsKnown(sampleCircuit(), 'as-stated', 'decided')).toBe(true);
    const inspected = measured(foreign, IN_CIRCUIT);
    expect(signIsKnown(inspected, 'as-stated', 'circuit')).toBe(true);
    expect(signIsKnown(inspected, 'as-stated', 'share')).toBe(true);
    expect(signIsKnown(inspected, 'as-stated', 'decided')).toBe(false);
    // The reader's choice turns scores, and no effects in the circuit.
    const turned = toCircuitData(inspected, 'negative-helps').edgeById.get('m1->logits');
    expect(turned).toMatchObject({ effect: 0.25, decided: -0.5 });
  });
});
