import { describe, expect, it } from 'vitest';

import type { TraceStep } from '../../../../src/files/index.js';
import { decisionAt, replay, stepOf } from '../../../../viewer/view/replay.js';
import { select } from '../../../../viewer/view/selection.js';
import { SAMPLE_TOPOLOGY, sampleCircuit } from '../../../support/sample-circuit.js';
import { ids, sampleData, view } from '../../../support/viewer.js';

const circuit = sampleCircuit();
const data = sampleData();
const trace = [...circuit.steps.keys()]
  .filter((id) => circuit.steps[id]! >= 0)
  .sort((a, b) => circuit.steps[a]! - circuit.steps[b]!)
  .map((id, step): TraceStep => ({
    step,
    edge: SAMPLE_TOPOLOGY.edgeName(id),
    before: 1,
    after: 1 + circuit.effects[id]!,
    kept: circuit.kept.has(id),
  }));

describe('replay', () => {
  it('starts with every edge in the circuit and none decided', () => {
    const start = replay(data, trace, 0);
    expect(start.edges.length).toBe(data.edges.length);
    expect(
      start.edges.every((edge) => edge.pending && edge.inCircuit && edge.effect === null && edge.rank === null),
    ).toBe(true);
    expect(start.nodes.every((node) => node.effect === 0)).toBe(true);
  });

  it('ends with the circuit', () => {
    expect(replay(data, trace, trace.length)).toBe(data);
    expect(replay(data, trace, 1e9)).toBe(data);
  });

  it('has, in between, the first decisions made and the rest pending', () => {
    const moment = replay(data, trace, 2);
    expect(moment.edgeById.get('m1->logits')).toEqual(data.edgeById.get('m1->logits'));
    expect(moment.edgeById.get('m0->m1')).toMatchObject({ pending: true, inCircuit: true, effect: null, step: 2 });
    expect(moment.nodeById.get('m1')!.effect).toBe(0.5);
    expect(moment.nodeById.get('m0')!.effect).toBe(0);
    // Measured edges first, then the others by what will be found.
    expect(ids(moment.edges).slice(0, 4)).toEqual([
      'm1->logits',
      'a1.h0->logits',
      'a0.h1->a1.h0<v>',
      'input->a0.h1<v>',
    ]);
  });

  it('removes an edge at its decision, and untested ones at the last', () => {
    const before = replay(data, trace, 7);
    const after = replay(data, trace, 8);
    expect(before.edgeById.get('input->logits')).toMatchObject({ inCircuit: true, pending: true });
    expect(after.edgeById.get('input->logits')).toMatchObject({ inCircuit: false, pending: false, effect: -1e-7 });
    expect(after.edgeById.get('input->a0.h0<q>')).toMatchObject({ inCircuit: true, pending: true });
    expect(replay(data, trace, 9).edgeById.get('input->a0.h0<q>')).toMatchObject({ inCircuit: false, pending: false });
    expect(ids(select(after, view()).edges)).not.toContain('input->logits');
  });

  it('keeps every edge once, measured ones before the rest, at any step', () => {
    for (let steps = 0; steps <= trace.length; steps++) {
      const moment = replay(data, trace, steps);
      expect(ids(moment.edges).toSorted()).toEqual(ids(data.edges).toSorted());
      const first = moment.edges.findIndex((edge) => edge.effect === null);
      expect(moment.edges.slice(first).every((edge) => edge.effect === null)).toBe(true);
      if (steps < trace.length) expect(moment.edges.filter((edge) => !edge.pending).length).toBe(steps);
    }
  });

  it('knows the decision at a step, and the step of a decision', () => {
    expect(decisionAt(trace, 0)).toBeNull();
    expect(decisionAt(trace, 1)).toBe(trace[0]);
    expect(decisionAt(trace, 99)).toBe(trace.at(-1));
    expect(stepOf(trace, 'm0->m1')).toBe(3);
    expect(stepOf(trace, 'input->a0.h0<q>')).toBeNull();
    expect(stepOf(trace, '__proto__')).toBeNull();
  });
});
