import { describe, expect, test } from 'vitest';
import { cutBefore, liesOnPath, promptNumbers } from '../../../../viewer/view/edge-worth.js';
import { writtenOver } from '../../../../viewer/view/edge-written.js';
import { unmeasuredDetails, unmeasuredNode } from '../../../support/sample-details.js';
import { sampleData } from '../../../support/viewer.js';

const label = (node: string): string => node.toUpperCase();
const words = (...tokens: string[]) => tokens.map((token, i) => ({ token, logit: 1 / (i + 1) }));
const edge = (id: string) => sampleData().edgeById.get(id)!;
const V = 'a0.h1->a1.h0<v>';

describe('what is written over an edge', () => {
  const sender = unmeasuredNode({ writes: words('b'), promotes: words('c') });

  test('is taken through the reader, or else by the sender alone, or else at the measured token', () => {
    const through = unmeasuredDetails({ writtenThrough: { [V]: words('a') }, nodes: { 'a0.h1': sender } });
    expect(writtenOver(through, edge(V), label)).toMatchObject({
      tokens: [{ token: 'a' }],
      how: expect.stringMatching(/A0.H1.*A1.H0/),
    });
    const alone = unmeasuredDetails({ nodes: { 'a0.h1': sender } });
    expect(writtenOver(alone, edge(V), label)!.tokens[0]!.token).toBe('b');
    expect(writtenOver(alone, edge(V), label)!.how).toMatch(/by itself/);
    const old = unmeasuredDetails({ nodes: { 'a0.h1': unmeasuredNode({ promotes: words('c') }) } });
    expect(writtenOver(old, edge(V), label)!.tokens[0]!.token).toBe('c');
    expect(writtenOver(old, edge(V), label)!.how).toMatch(/measured token/);
  });

  test('is the embedding of each token where the input writes, and unknown where nothing was measured', () => {
    expect(writtenOver(unmeasuredDetails(), edge('input->a0.h1<v>'), label)).toMatchObject({ tokens: [] });
    expect(writtenOver(unmeasuredDetails(), edge(V), label)).toBe(null);
    expect(writtenOver(unmeasuredDetails({ nodes: { 'a0.h1': unmeasuredNode() } }), edge(V), label)).toBe(null);
  });
});

test('effects of an edge prompt by prompt: in the circuit first; none where the file has none', () => {
  const details = unmeasuredDetails({ inCircuit: { [V]: [1, 2] }, edges: { [V]: [3, 4], m: [] } });
  expect(promptNumbers(details, V)).toEqual([
    { measure: 'circuit', effects: [1, 2] },
    { measure: 'decided', effects: [3, 4] },
  ]);
  expect(promptNumbers(details, 'm')).toEqual([]);
  expect(promptNumbers(details, 'constructor')).toEqual([]);
});

test('what was left when an edge was decided on', () => {
  const step = (name: string, kept: boolean, at: number) => ({ step: at, edge: name, before: 0, after: 0, kept });
  const trace = [step('a', false, 0), step('b', true, 1), step('c', false, 2), step('d', true, 3)] as never;
  expect(cutBefore(trace, 'a')).toBe('none of 4 tested edges had been cut by then');
  expect(cutBefore(trace, 'c')).toBe('1 of 4 tested edges had been cut by then');
  expect(cutBefore(trace, 'd')).toBe('2 of 4 tested edges had been cut by then');
  expect(cutBefore(trace, 'e')).toBe(null);
  expect(cutBefore(null, 'a')).toBe(null);
});

test('an edge lies on a path only if something reaches its sender and its reader reaches the logits', () => {
  const data = sampleData();
  expect(liesOnPath(data, edge(V))).toBe(true);
  expect(liesOnPath(data, edge('input->a0.h1<v>'))).toBe(true);
  // Nothing enters m0 in the sample.
  expect(liesOnPath(data, edge('m0->m1'))).toBe(false);
  expect(liesOnPath(data, edge('m1->logits'))).toBe(false);
  // It was removed.
  expect(liesOnPath(data, edge('a0.h0->logits'))).toBe(false);
});
