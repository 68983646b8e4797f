import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { fileTopology, parseCircuit, resolveCircuit, writeTrace, type TraceStep } from '../../../../src/files/index.js';
import { checkTrace, readTrace, traceOf } from '../../../../viewer/data/read-trace.js';
import { decisionAt, replay, stepOf } from '../../../../viewer/view/replay.js';
import { select } from '../../../../viewer/view/selection.js';
import { SAMPLE_TOPOLOGY, sampleCircuit, sampleProvenance } from '../../../support/sample-circuit.js';
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

describe('readTrace', () => {
  it('reads what is written', () => {
    expect(readTrace(writeTrace(trace), 't')).toEqual(trace);
    expect(readTrace('', 't')).toEqual([]);
    const metric = fc.double({ noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), metric, metric, (edges, before, after) => {
        const steps = edges.map((edge, step) => ({
          step,
          edge,
          before: before + 0,
          after: after + 0,
          kept: step % 2 === 0,
        }));
        expect(readTrace(writeTrace(steps).replaceAll('\n', '\r\n'), 't')).toEqual(steps);
      }),
    );
  });

  const line = '{"step":0,"edge":"m0->m1","before":0,"after":1,"kept":true}';
  it.each([
    ['x', 't, line 1: not valid JSON'],
    [`${line}\n[]`, 't, line 2: got an array, expected an object'],
    [line.replace(':0,"edge', ':0.5,"edge'), 't, line 1: step: got 0.5, expected an integer from 0'],
    [line.replace('"m0->m1"', '3'), 't, line 1: edge: got 3, expected the name of an edge'],
    [line.replace('"before":0', '"before":"0"'), 't, line 1: before: got "0", expected a number or null'],
    [line.replace('true', '1'), 't, line 1: kept: got 1, expected true or false'],
    [`${line}\n${line}`, 't: edge "m0->m1" is decided on twice'],
    [`${line}\n${line.replace('m0->m1', 'm0->logits')}`, 't: step 0 follows step 0'],
    [line.slice(0, 30), 't, line 1: not valid JSON'],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => readTrace(text, 't')).toThrow(
      new EdgewiseError('circuit', message.split(': ')[0]!, message.slice(message.indexOf(': ') + 2)),
    );
  });

  it('is compared with the circuit', () => {
    expect(checkTrace(trace, circuit, 't')).toBe(trace);
    expect(() => checkTrace([{ ...trace[0]!, edge: 'm9->logits' }], circuit, 't')).toThrow(
      't: the circuit has no edge "m9->logits"',
    );
    expect(() => checkTrace([{ ...trace[0]!, kept: false }], circuit, 't')).toThrow(
      't: edge "m1->logits" is removed here and kept in the circuit',
    );
  });
});

describe('traceOf', () => {
  it('follows from steps and effects', () => {
    const text = readFileSync(
      fileURLToPath(new URL('../../../../graphs/tasks-4l.ioi.acdc.json', import.meta.url)),
      'utf8',
    );
    const file = parseCircuit(text, 'ioi');
    const ioi = resolveCircuit(file, fileTopology(file));
    const found = traceOf(ioi)!;
    expect(found.length).toBe(499);
    expect(found[0]!.before).toBe(0);
    expect(checkTrace(readTrace(writeTrace(found), 't'), ioi, 't').length).toBe(499);
    const last = found.at(-1)!;
    expect(last.kept ? last.before : last.after).toBeCloseTo(ioi.provenance!.metrics.final!, 6);
  });

  it('has no metrics where they do not add up, and is not there without every step or ACDC', () => {
    expect(traceOf(circuit)!.map(({ before }) => before)).toEqual(trace.map(() => NaN));
    expect(traceOf(circuit)!.map(({ edge }) => edge)).toEqual(trace.map(({ edge }) => edge));
    const steps = circuit.steps.map((step) => (step >= 3 ? step + 1 : step));
    expect(traceOf(sampleCircuit({ steps }))).toBeNull();
    expect(traceOf(sampleCircuit({ provenance: null }))).toBeNull();
    expect(traceOf(sampleCircuit({ provenance: sampleProvenance({ method: 'eap' }) }))).toBeNull();
    expect(traceOf(sampleCircuit({ steps: circuit.steps.map(() => -1) }))).toBeNull();
  });
});
