import { expect, test } from 'vitest';

import type { CircuitDetails, PromptDetails } from '../../../../src/circuit/details.js';
import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import type { CircuitDocument } from '../../../../viewer/data/document.js';
import { openDocument } from '../../../../viewer/data/open-document.js';
import { stripOf } from '../../../../viewer/view/prompt-strip.js';
import { sampleGraph } from '../../../support/attribution-graph.js';
import { sampleCircuit } from '../../../support/sample-circuit.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const bare = openCircuitDocument(sourceFile('c', CIRCUIT_WRITERS.json(sampleCircuit())));
const prompt: PromptDetails = {
  clean: ['<s>', 'When', ' Paul', ' and', ' James', ' met', ',', ' James', ' told'],
  corrupted: ['<s>', 'When', ' Paul', ' and', ' James', ' met', ',', ' Mary', ' told'],
  position: 8,
  correct: [' Paul'],
  wrong: [' James'],
  metrics: { whole: 0, circuit: 0.3, empty: 10 },
  logitDifference: 9.98,
  top: [],
  probability: { correct: 0.97, wrong: 0.01 },
};

function withPrompts(...prompts: PromptDetails[]): CircuitDocument {
  return { ...bare, details: { prompts } as unknown as CircuitDetails };
}

test('marks what differs, the answers, and where is measured', () => {
  const strip = stripOf(withPrompts(prompt), 0)!;
  expect(strip.tokens.map(({ text }) => text)).toEqual(prompt.clean);
  expect(strip.tokens.flatMap(({ instead }, i) => (instead === null ? [] : [[i, instead]]))).toEqual([[7, ' Mary']]);
  expect(strip.tokens.flatMap(({ role }, i) => (role ? [[i, role]] : []))).toEqual([
    [2, 'answer'],
    [4, 'wrong'],
    [7, 'wrong'],
  ]);
  expect(strip.tokens.flatMap(({ measured }, i) => (measured ? [i] : []))).toEqual([8]);
  expect(strip).toMatchObject({
    answer: { text: ' Paul', others: 0, probability: 0.97 },
    logitDifference: 9.98,
    index: 0,
    of: 1,
  });
});

test('shows the chosen prompt, and the first one for the mean', () => {
  const second = { ...prompt, clean: ['x'], corrupted: ['x'], position: 0 };
  const document = withPrompts(prompt, second);
  expect(stripOf(document, 1)).toMatchObject({ index: 1, of: 2, tokens: [{ text: 'x', instead: null }] });
  expect(stripOf(document, null)).toMatchObject({ index: 0, of: 2 });
  expect(stripOf(document, 2)).toBeNull();
});

test('says only what was measured', () => {
  const plain = { ...prompt, correct: [], wrong: [], logitDifference: null, probability: null };
  expect(stripOf(withPrompts(plain), 0)).toMatchObject({ answer: null, logitDifference: null });
  expect(stripOf(withPrompts({ ...prompt, probability: null }), 0)!.answer).toEqual({
    text: ' Paul',
    others: 0,
    probability: null,
  });
  expect(stripOf(withPrompts({ ...prompt, correct: ['1', '2', '3', ' Paul'] }), 0)).toMatchObject({
    answer: { others: 3 },
    tokens: expect.not.arrayContaining([expect.objectContaining({ role: 'answer' })]),
  });
  expect(stripOf(withPrompts({ ...prompt, wrong: [' ', ''] }), 0)!.tokens.every(({ role }) => role !== 'wrong')).toBe(
    true,
  );
  expect(stripOf(bare, 0)).toBeNull();
});

test('shows the prompt and the likeliest token of an attribution graph', () => {
  const strip = stripOf(openDocument(sourceFile('g', JSON.stringify(sampleGraph()))), null)!;
  expect(strip.answer).toEqual({ text: ' Austin', others: 0, probability: 0.43 });
  expect(strip.tokens.map(({ text, measured }) => [text, measured])).toEqual([
    ['<bos>', false],
    [' Texas', false],
    [' is', true],
  ]);
  const none = openDocument(sourceFile('g', JSON.stringify(sampleGraph({ nodes: [], links: [] }))));
  expect(stripOf(none, null)!.answer).toBeNull();
});
