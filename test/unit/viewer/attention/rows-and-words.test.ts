import { describe, expect, test } from 'vitest';
import { edgeReads, mostChanged, readTokens } from '../../../../viewer/attention/edge-reads.js';
import { stepTo } from '../../../../viewer/attention/steps.js';
import { usedRows } from '../../../../viewer/attention/used-rows.js';
import { ordinal, readWords, rowWords, tokenWords, weightWords } from '../../../../viewer/attention/words.js';
import { unmeasuredDetails, unmeasuredNode, unmeasuredPrompt } from '../../../support/sample-details.js';
import { sampleData } from '../../../support/viewer.js';

const row = (kept: number[], cut: number[], query = kept.length - 1, head = 'a1.h0') => ({
  head,
  query,
  kept: Float32Array.from(kept),
  cut: Float32Array.from(cut),
});
const EDGE = 'a0.h1->a1.h0<q>';
const prompts = (...lengths: number[]) =>
  lengths.map((n) => unmeasuredPrompt({ clean: Array.from({ length: n }, (_, i) => `t${i}`), position: n - 1 }));

describe('the rows that the circuit uses', () => {
  const details = unmeasuredDetails({
    prompts: prompts(4, 4, 4),
    nodes: { 'a1.h0': unmeasuredNode({ at: [1, 1, 2] }), 'a0.h1': unmeasuredNode({ at: [0, 2, 2] }) },
  });

  test('are that of the token where the head stands, and the measured one of a head that writes to the logits', () => {
    // a1.h0->logits is kept in the sample, a0.h1->logits is not.
    expect(usedRows(details, sampleData(), 'a1.h0', 0)).toEqual([1, 3]);
    expect(usedRows(details, sampleData(), 'a0.h1', 0)).toEqual([0]);
  });

  test('of a mean are those of at least half of the prompts', () => {
    expect(usedRows(details, sampleData(), 'a1.h0', null)).toEqual([1, 3]);
    expect(usedRows(details, sampleData(), 'a0.h1', null)).toEqual([2]);
  });

  test('are none where nothing is known', () => {
    expect(usedRows(details, sampleData(), 'a0.h0', 0)).toEqual([]);
    expect(usedRows(unmeasuredDetails(), sampleData(), 'toString', 0)).toEqual([]);
  });
});

describe('the rows of an edge', () => {
  const rows = [[row([0.2, 0.8], [0.6, 0.4])], [row([0.4, 0.6], [0.8, 0.2])]];

  test('are those of the prompt, or the mean over prompts with the same rows', () => {
    const details = unmeasuredDetails({ prompts: prompts(2, 2), reads: { [EDGE]: rows } });
    expect(edgeReads(details, EDGE, 1)!.rows).toBe(rows[1]);
    const mean = edgeReads(details, EDGE, null)!;
    expect(mean.prompt).toBe(null);
    expect([...mean.rows[0]!.kept].map((share) => share.toFixed(3))).toEqual(['0.300', '0.700']);
    expect([...mean.rows[0]!.cut].map((share) => share.toFixed(3))).toEqual(['0.700', '0.300']);
  });

  test('are those of the first prompt where there is no mean, or no other prompt, and say so', () => {
    const other = [rows[0]!, [row([0.1, 0.2, 0.7], [0, 0, 1])]];
    const differing = unmeasuredDetails({ prompts: prompts(2, 3), reads: { [EDGE]: other } });
    expect(edgeReads(differing, EDGE, null)).toMatchObject({ prompt: 0, note: expect.stringMatching(/differ/) });
    // The same lengths, another query.
    const moved = [rows[0]!, [row([0.4, 0.6], [0.8, 0.2], 0)]];
    const elsewhere = unmeasuredDetails({ prompts: prompts(2, 2), reads: { [EDGE]: moved } });
    expect(edgeReads(elsewhere, EDGE, null)!.prompt).toBe(0);
    const first = unmeasuredDetails({ prompts: prompts(2, 2), reads: { [EDGE]: [rows[0]!] } });
    expect(edgeReads(first, EDGE, 1)).toMatchObject({ prompt: 0, note: expect.stringMatching(/prompt 1 alone/) });
    expect(edgeReads(unmeasuredDetails(), EDGE, null)).toBe(null);
    expect(edgeReads(unmeasuredDetails(), 'constructor', null)).toBe(null);
  });

  test('name tokens with attention, and put the others together', () => {
    const { tokens, others } = readTokens(row([0.9, 0.01, 0.09, 0], [0.5, 0.015, 0.005, 0.48]));
    expect(tokens.map(({ key }) => key)).toEqual([0, 2, 3]);
    expect(others.count).toBe(1);
    expect(others.kept).toBeCloseTo(0.01, 6);
    expect(others.cut).toBeCloseTo(0.015, 6);
  });

  test('change most where the shares differ most, or nowhere', () => {
    expect(mostChanged(row([0.86, 0.14], [0.31, 0.69]))).toMatchObject({ key: 0 });
    expect(mostChanged(row([0.1, 0.2, 0.7], [0.1, 0.8, 0.1]))!.key).not.toBe(0);
    expect(mostChanged(row([0.5, 0.5], [0.505, 0.495]))).toBe(null);
  });
});

describe('sentences', () => {
  const tokens = [' Paul', ' and', ' Paul', ' to'];

  test('name a token, and which mention of it', () => {
    expect(tokenWords(tokens, 1)).toBe('“\u00a0and”');
    expect(tokenWords(tokens, 2)).toBe('“\u00a0Paul” (2nd)');
    expect(tokenWords(['   '], 0)).toBe('“␣␣␣”');
    expect(tokenWords(tokens, 9)).toBe('token 9');
    expect([1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal)).toEqual([
      '1st',
      '2nd',
      '3rd',
      '4th',
      '11th',
      '12th',
      '13th',
      '21st',
      '102nd',
      '111th',
    ]);
  });

  test('say what cutting an edge does to a row, or that it does nothing', () => {
    expect(readWords(row([0.1, 0.02, 0.86, 0.02], [0.6, 0.05, 0.31, 0.04]), tokens, '1.0')).toBe(
      'From “\u00a0to” 1.0 looks with the edge 86.0 % at “\u00a0Paul” (2nd), without it 31.0 %.',
    );
    expect(readWords(row([0.1, 0.9], [0.1, 0.9], 1), tokens, '1.0')).toMatch(
      /^From .* 1\.0 looks 90\.0 % at “\u00a0and”, with the edge and without it\.$/,
    );
  });

  test('say where a row looks, among the tokens up to its query', () => {
    const weights = Float32Array.from([1, 0, 0.3, 0.7]);
    expect(rowWords({ head: 'a0.h0', weights }, ['a', 'b'], 1, '0.0')).toBe('From “b” 0.0 looks 70.0 % at “b”.');
    expect(rowWords({ head: 'a0.h0', weights }, ['a', 'b'], 0, '0.0')).toBe('From “a” 0.0 looks 100 % at “a”.');
  });

  test('have a sign for differences alone', () => {
    expect(weightWords(0.5, false)).toBe('0.500');
    expect([0.5, -0.25, 0.0001].map((weight) => weightWords(weight, true))).toEqual(['+0.500', '−0.250', '0.000']);
    expect(weightWords(Number.NaN, true)).toBe('–');
  });
});

test('arrow keys go from cell to cell of the rows that are drawn, and stay inside', () => {
  expect(stepTo(null, 'ArrowDown', [1, 3], 4)).toEqual({ query: 3, key: 3 });
  expect(stepTo({ query: 3, key: 3 }, 'ArrowUp', [1, 3], 4)).toEqual({ query: 1, key: 3 });
  expect(stepTo({ query: 1, key: 0 }, 'ArrowUp', [1, 3], 4)).toEqual({ query: 1, key: 0 });
  expect(stepTo({ query: 1, key: 0 }, 'ArrowLeft', [1, 3], 4)).toEqual({ query: 1, key: 0 });
  expect(stepTo({ query: 1, key: 3 }, 'ArrowRight', [1, 3], 4)).toEqual({ query: 1, key: 3 });
  expect(stepTo({ query: null, key: 2 }, 'ArrowLeft', [1, 3], 4)).toEqual({ query: 3, key: 1 });
  expect(stepTo(null, 'Enter', [1], 4)).toBe(null);
  expect(stepTo(null, 'ArrowDown', [], 0)).toBe(null);
});
