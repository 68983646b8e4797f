import { describe, expect, test } from 'vitest';
import { ANY_TOKEN, attentionOf, hasRun } from '../../../../viewer/attention/patterns.js';
import { unmeasuredDetails, unmeasuredNode, unmeasuredPrompt } from '../../../support/sample-details.js';

const prompt = (clean: string[], corrupted = clean.map(() => 'x'), position = clean.length - 1) =>
  unmeasuredPrompt({ clean, corrupted, position });
const pattern = (...weights: number[]): Float32Array => Float32Array.from(weights);
const round = (weights: Float32Array): number[] => [...weights].map((weight) => Number(weight.toFixed(6)));

const EQUAL = unmeasuredDetails({
  prompts: [prompt(['a', 'b']), prompt(['a', 'c'])],
  nodes: {
    'a0.h0': unmeasuredNode({
      attention: [pattern(1, 0, 0.25, 0.75), pattern(1, 0, 0.75, 0.25)],
      corruptedAttention: [pattern(1, 0, 0.5, 0.5), pattern(1, 0, 0.5, 0.5)],
    }),
    'a0.h1': unmeasuredNode({ attention: [pattern(1, 0, 0, 1), pattern(1, 0, 0, 1)] }),
    m0: unmeasuredNode(),
  },
});

describe('the attention that is shown', () => {
  test('is the mean where all prompts have the same length, with the tokens that they share', () => {
    const shown = attentionOf(EQUAL, ['a0.h0', 'm0'], 'clean', null)!;
    expect(shown.prompt).toBe(null);
    expect(shown.note).toBe(null);
    expect(shown.tokens).toEqual(['a', ANY_TOKEN]);
    expect(round(shown.patterns[0]!.weights)).toEqual([1, 0, 0.5, 0.5]);
    expect(shown.missing).toEqual(['m0']);
    expect(shown.most).toBe(1);
    expect(shown.measured).toBe(1);
  });

  test('is the prompt that is asked for', () => {
    const shown = attentionOf(EQUAL, ['a0.h0'], 'clean', 1)!;
    expect(shown.prompt).toBe(1);
    expect(shown.tokens).toEqual(['a', 'c']);
    expect(round(shown.patterns[0]!.weights)).toEqual([1, 0, 0.75, 0.25]);
  });

  test('is the first prompt where the prompts differ in length, and says so', () => {
    const details = unmeasuredDetails({
      prompts: [prompt(['a']), prompt(['a', 'b'])],
      nodes: { 'a0.h0': unmeasuredNode({ attention: [pattern(1), pattern(1, 0, 0.5, 0.5)] }) },
    });
    const shown = attentionOf(details, ['a0.h0'], 'clean', null)!;
    expect(shown.prompt).toBe(0);
    expect(shown.note).toMatch(/differ in length/);
  });

  test('of a difference is clean minus corrupted, in colours that its largest weight fills', () => {
    const shown = attentionOf(EQUAL, ['a0.h0'], 'difference', 1)!;
    expect(round(shown.patterns[0]!.weights)).toEqual([0, 0, 0.25, -0.25]);
    expect(shown.signed).toBe(true);
    expect(shown.most).toBeCloseTo(0.25, 6);
    expect(attentionOf(EQUAL, ['a0.h0'], 'corrupted', 1)!.tokens).toEqual(['x', 'x']);
    // The head without a corrupted run is left out.
    expect(attentionOf(EQUAL, ['a0.h0', 'a0.h1'], 'difference', 0)!.missing).toEqual(['a0.h1']);
    expect(hasRun(EQUAL, ['a0.h1'], 'difference')).toBe(false);
    expect(hasRun(EQUAL, ['a0.h1', 'a0.h0'], 'difference')).toBe(true);
  });

  test('is the first prompt where the file keeps a run for it alone, and says so', () => {
    const nodes = {
      'a0.h0': unmeasuredNode({
        attention: EQUAL.nodes['a0.h0']!.attention,
        corruptedAttention: [pattern(1, 0, 0.5, 0.5)],
      }),
    };
    const details = { ...EQUAL, nodes };
    for (const asked of [1, null]) {
      const shown = attentionOf(details, ['a0.h0'], 'corrupted', asked)!;
      expect(shown.prompt).toBe(0);
      expect(shown.note).toBe('prompt 1: the file keeps this run for prompt 1 alone');
    }
    expect(attentionOf(details, ['a0.h0'], 'corrupted', 0)!.note).toBe(null);
    expect(attentionOf(details, ['a0.h0'], 'clean', 1)!.prompt).toBe(1);
  });

  test('is nothing where no head was measured, and for names that every object has', () => {
    expect(attentionOf(EQUAL, ['m0'], 'clean', null)).toBe(null);
    expect(attentionOf(EQUAL, ['constructor', 'a9.h9'], 'clean', null)).toBe(null);
    expect(attentionOf(unmeasuredDetails(), ['a0.h0'], 'clean', null)).toBe(null);
  });
});
