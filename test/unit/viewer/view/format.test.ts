import { describe, expect, it } from 'vitest';
import {
  effectClass,
  effectWords,
  formatChance,
  formatEffect,
  formatMagnitude,
  formatNumber,
  formatPercent,
  plural,
  visibleToken,
} from '../../../../viewer/view/format.js';

describe('numbers as the viewer writes them', () => {
  it('gives effects three digits and their sign', () => {
    expect([0.03123, -1.2, 0, 123.4].map(formatEffect)).toEqual(['+0.0312', '−1.20', '0', '+123']);
    expect([0.0000123, -4.2e-9, 1e6].map(formatEffect)).toEqual(['+1.2e−5', '−4.2e−9', '+1.0e+6']);
  });

  it('says what was not measured', () => {
    expect([null, NaN, Infinity].map(formatEffect)).toEqual(['not measured', 'not measured', 'not measured']);
    expect([null, NaN].map(formatNumber)).toEqual(['–', '–']);
    expect(formatPercent(null)).toBe('–');
  });

  it('writes magnitudes, shares and counts', () => {
    expect(formatMagnitude(0)).toBe('0');
    expect([0, 1e-5, 0.5, 1].map(formatChance)).toEqual(['0 %', '0.00100 %', '50.0 %', '100 %']);
    expect([0, 0.5, 0.9994, 0.9996, 1].map(formatPercent)).toEqual(['0 %', '50.0 %', '99.9 %', '100 %', '100 %']);
    expect([plural(1, 'edge'), plural(32491, 'edge')]).toEqual(['1 edge', '32,491 edges']);
  });
});

describe('words', () => {
  it('tells help from hurt only where the sign is known', () => {
    expect([0.1, -0.1, 0, null].map((effect) => effectClass(effect, true))).toEqual([
      'helps',
      'hurts',
      'neutral',
      'neutral',
    ]);
    expect([0.1, -0.1].map((effect) => effectClass(effect, false))).toEqual(['neutral', 'neutral']);
    expect([0.1, -0.1].map((effect) => effectWords(effect, false))).toEqual(['positive score', 'negative score']);
  });

  it('makes white space in tokens visible, but for a leading space', () => {
    expect([' a', '\n', '\t', ''].map(visibleToken)).toEqual([' a', '↵', '⇥', '∅']);
    expect(['   ', ' ', '\u00a0', '\n  ', 'a b '].map(visibleToken)).toEqual(['␣␣␣', '␣', '␣', '↵␣␣', 'a b ']);
  });
});
