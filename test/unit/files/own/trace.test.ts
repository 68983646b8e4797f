import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import {
  fileTopology,
  resolveCircuit,
  writeTrace,
  readTrace,
  checkTrace,
  traceOf,
  parseCircuit,
  type TraceStep,
} from '../../../../src/files/index.js';
import { SAMPLE_TOPOLOGY, sampleCircuit, sampleProvenance } from '../../../support/sample-circuit.js';

const circuit = sampleCircuit();
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

describe('trace.jsonl', () => {
  it('has one tested edge a line, in shortest exact numbers', () => {
    const steps = [
      { step: 0, edge: 'm3->logits', before: -9.77, after: -9.44, kept: true },
      { step: 1, edge: 'a3.h0<q>->a3.h0', before: 1 / 3, after: NaN, kept: true },
    ];
    expect(writeTrace(steps)).toBe(
      '{"step":0,"edge":"m3->logits","before":-9.77,"after":-9.44,"kept":true}\n' +
        '{"step":1,"edge":"a3.h0<q>->a3.h0","before":0.3333333333333333,"after":null,"kept":true}\n',
    );
    expect(writeTrace([])).toBe('');
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

  it('may have kept edges that were left out of the circuit afterwards, where the circuit says so', () => {
    const id = SAMPLE_TOPOLOGY.edgeId('m1->logits')!;
    const less = { ...circuit, kept: circuit.kept.without(id) };
    expect(() => checkTrace(trace, less, 't')).toThrow('t: edge "m1->logits" is kept here and removed in the circuit');
    const trimmed = { faithfulness: 0.9, found: 8 };
    for (const why of [{ dropIdle: true as const }, { trimmed }]) {
      const smaller = { ...less, provenance: { ...sampleProvenance(), ...why } };
      expect(checkTrace(trace, smaller, 't')).toBe(trace);
      expect(traceOf({ ...smaller, provenance: { ...smaller.provenance, method: 'acdc' } })).toBeNull();
      const flipped = [{ ...trace[0]!, edge: 'm0->m1', kept: false }];
      expect(() => checkTrace(flipped, smaller, 't')).toThrow('is removed here and kept in the circuit');
    }
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
