import { expect, test } from 'vitest';

import type { CircuitDetails, NodeDetails, PromptDetails } from '../../../../src/circuit/details.js';
import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import type { CircuitDocument } from '../../../../viewer/data/document.js';
import { firstToOpen } from '../../../../viewer/data/first-to-open.js';
import { openDocument } from '../../../../viewer/data/open-document.js';
import { sampleGraph } from '../../../support/attribution-graph.js';
import { sampleCircuit } from '../../../support/sample-circuit.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const opened = openCircuitDocument(sourceFile('c', CIRCUIT_WRITERS.json(sampleCircuit())));
const prompt = { correct: ['a'], wrong: ['b'] } as unknown as PromptDetails;
const head = (...direct: number[]) => ({ attention: [], direct }) as unknown as NodeDetails;
const mlp = { attention: null, direct: [9, 9] } as unknown as NodeDetails;

/** A document whose details are the default ones with changes. */
function document(name: string, change: Partial<CircuitDetails> | null): CircuitDocument {
  const details = { prompts: [prompt], nodes: {}, curve: [], ...change } as unknown as CircuitDetails;
  return { ...opened, name, details: change && details };
}

const first = (...documents: CircuitDocument[]): string | undefined => firstToOpen(documents)?.name;

test('the document with the most to tell is opened first', () => {
  const bare = document('bare', null);
  const uncurved = document('uncurved', { curve: null, nodes: { a: head(1, 1), b: head(1, 1) } });
  const unanswered = document('unanswered', { prompts: [prompt, { ...prompt, wrong: [] }], nodes: { a: head(1, 1) } });
  const plain = document('plain', {});
  const wordless = document('wordless', { nodes: { a: head(1, -1), m: mlp } });
  const answering = document('answering', { nodes: { a: head(1, 1), m: mlp } });
  const order = [bare, uncurved, unanswered, plain, answering];
  for (let i = 1; i < order.length; i++) {
    expect(first(order[i - 1]!, order[i]!)).toBe(order[i]!.name);
    expect(first(order[i]!, order[i - 1]!)).toBe(order[i]!.name);
  }
  expect(first(wordless, answering)).toBe('answering');
});

test('among equals it is the first one', () => {
  expect(first(document('a', {}), document('b', {}))).toBe('a');
  expect(first(document('a', { nodes: { m: mlp } }), document('b', {}))).toBe('a');
  expect(firstToOpen([])).toBeUndefined();
  const graph = openDocument(sourceFile('g', JSON.stringify(sampleGraph())));
  expect(firstToOpen([graph, document('a', { curve: null })])?.name).toBe('a');
  expect(firstToOpen([graph])?.name).toBe('g');
});

test('a head counts that raises the answer on nine of ten prompts', () => {
  const nine = head(...Array.from({ length: 10 }, (_, i) => (i === 0 ? -1 : 1)));
  const eight = head(...Array.from({ length: 10 }, (_, i) => (i < 2 ? -1 : 1)));
  expect(first(document('eight', { nodes: { a: eight } }), document('nine', { nodes: { a: nine } }))).toBe('nine');
});
