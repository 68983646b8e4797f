import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EdgewiseError } from '../../../src/base/errors.js';
import { firstLine, oneLine, printable, quote, quoteList } from '../../../src/base/text.js';

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe('text from outside in a message', () => {
  test.each([
    ['\u001b[31mred', '\\u001b[31mred'],
    ['a\nb\tc\r', 'a\\nb\\tc\\r'],
    ['right\u202eleft', 'right\\u202eleft'],
    ['half \ud800', 'half \\ud800'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
    ['\u2028', '\\u2028'],
    ['name "x" \\ y', 'name "x" \\ y'],
    ['日本', '日本'],
  ])('oneLine shows %j', (text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });

  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [Infinity, 'Infinity'],
    [true, 'true'],
    [[2, 'b', null], '[2, "b", null]'],
    [[], 'an array'],
    [[[1]], 'an array'],
    [Array(11).fill(0), 'an array'],
    [['x'.repeat(190), 'y'.repeat(190)], 'an array'],
    [{ a: 1 }, 'an object'],
    ['plain', '"plain"'],
    ['say "x" \\', '"say \\"x\\" \\\\"'],
    ['\u001b', '"\\u001b"'],
    ['', '""'],
  ])('quote shows %j', (value, expected) => {
    expect(quote(value)).toBe(expected);
  });

  test('what is nested without end is not followed', () => {
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(quote(deep)).toBe('an array');
  });

  test('no more than 200 characters are shown', () => {
    const long = 'x'.repeat(10_000_000);
    expect(oneLine(long)).toBe(`${'x'.repeat(200)}...`);
    expect(quote(long)).toBe(`"${'x'.repeat(200)}"...`);
    expect(quote('\u0000'.repeat(1000)).length).toBeLessThan(210);
    expect(quote('x'.repeat(200))).toBe(`"${'x'.repeat(200)}"`);
  });

  test('a list shows its first ten values', () => {
    expect(quoteList(['a', 1])).toBe('"a", 1');
    expect(quoteList(Array(2010).fill(0))).toBe('0, 0, 0, 0, 0, 0, 0, 0, 0, 0 and 2,000 more');
  });

  test('of any text nothing unseen is left, in one short line', () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(anyText, (text) => {
        for (const line of [oneLine(text), quote(text), firstLine(new Error(text))]) {
          expect(line).not.toMatch(UNSEEN);
          expect(line.length).toBeLessThan(210);
        }
        expect(printable(text)).not.toMatch(UNSEEN);
      }),
    );
  });
});

describe('an error', () => {
  test('is one line without control characters', () => {
    const error = new EdgewiseError('config', 'a\u001b[2Jb', 'first\n  second\u202e');
    expect(error.message).toBe('a\\u001b[2Jb: first second\\u202e');
  });

  test('has an end, whatever it was made of', () => {
    expect(new EdgewiseError('config', 'f', 'x'.repeat(1_000_000)).message.length).toBeLessThan(5100);
  });
});
