import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '../../../../src/base/json/strict-json.js';

const parse = (text: string): unknown => parseStrictJson(text, 'config.json', 'config');

/** Keys and strings from few characters, so that duplicates and escapes are met often. */
const jsonText = fc.json({ maxDepth: 4 });

describe('parseStrictJson', () => {
  test('agrees with JSON.parse on valid text, spaced or not', () => {
    fc.assert(
      fc.property(jsonText, fc.constantFrom(0, 2), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(parse(spaced)).toEqual(JSON.parse(spaced));
      }),
    );
  });

  test('accepts nothing that JSON.parse refuses, and refuses it with a position', () => {
    const mutated = fc.tuple(
      jsonText,
      fc.nat(),
      fc.constantFrom('', ',', '"', '}', ']', '{', ':', '0', '\\', '\n', 'x'),
    );
    fc.assert(
      fc.property(mutated, ([text, at, insert]) => {
        const position = at % (text.length + 1);
        const broken = text.slice(0, position) + insert + text.slice(position + 1);
        let valid = true;
        try {
          JSON.parse(broken);
        } catch {
          valid = false;
        }
        if (valid) return;
        expect(() => parse(broken)).toThrow(/^config\.json: not valid JSON at line \d+, column \d+: /);
      }),
    );
  });

  test.each([
    ['{"a": 1,\n "b": tru}', 'line 2, column 7: expected a value, got "t"'],
    ['{"a": 1', "line 1, column 8: expected ',' or a closing bracket, got the end"],
    ['{"a" 1}', 'line 1, column 6: expected \':\', got "1"'],
    ['{"a": 1,}', 'line 1, column 9: expected a key, got "}"'],
    ['[1, 2] 3', 'line 1, column 8: expected the end, got "3"'],
    ['', 'line 1, column 1: expected a value, got the end'],
    ['{"a": NaN}', 'line 1, column 7: expected a value, got "N"'],
    ['{"a": 01}', 'line 1, column 8: expected \',\' or a closing bracket, got "1"'],
  ])('%j', (text, message) => {
    expect(() => parse(text)).toThrow(`config.json: not valid JSON at ${message}`);
  });

  test('refuses a key that is there twice in one object, however it is spelt', () => {
    expect(() => parse('{"n_head": 2, "x": {"n_head": 3}, "n\\u005fhead": 4}')).toThrow(
      'line 1, column 35: the key "n_head" is there twice',
    );
    expect(parse('[{"a": 1}, {"a": 2, "b": "a"}]')).toEqual([{ a: 1 }, { a: 2, b: 'a' }]);
  });

  test('takes deep nesting and long strings without running out of stack', () => {
    const depth = 5000;
    expect(() => parse('['.repeat(depth) + ']'.repeat(depth))).not.toThrow();
    expect(() => parse('['.repeat(1_000_000))).toThrow('got the end');
    expect((parse(JSON.stringify('a\\"'.repeat(500_000))) as string).length).toBe(1_500_000);
  });
});
