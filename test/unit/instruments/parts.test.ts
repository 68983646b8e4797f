import { describe, expect, test } from 'vitest';
import { averagedTraces, positionsByRole, rolesOfPairs } from '../../../src/instruments/by-role.js';
import { mergedChanges } from '../../../src/instruments/changes.js';
import { drawNoise, readNoise } from '../../../src/instruments/noise.js';
import { positionsOfText } from '../../../src/instruments/subject-positions.js';
import { windowAt } from '../../../src/instruments/windows.js';
import type { CausalTrace } from '../../../src/files/own/tracing-json.js';
import type { PromptPair } from '../../../src/task/types.js';

const pair = (more: Partial<PromptPair>): PromptPair => ({
  clean: [1, 2, 3, 4],
  corrupted: [1, 5, 3, 4],
  position: 3,
  correct: [2],
  wrong: [9],
  ...more,
});

test('a window of even width leans to earlier layers, and none leaves the model', () => {
  expect(windowAt(0, 1, 4)).toEqual([0]);
  expect(windowAt(2, 3, 4)).toEqual([1, 2, 3]);
  expect(windowAt(2, 2, 4)).toEqual([1, 2]);
  expect(windowAt(3, 3, 4)).toEqual([2, 3]);
  expect(windowAt(0, 10, 4)).toEqual([0, 1, 2, 3]);
});

describe('positions of a text', () => {
  const tokens = ['<bos>', 'When', ' Mar', 'y', ' saw', ' John', ','];
  const texts = { clean: tokens, corrupted: tokens };
  const of = (text: string): number[] => positionsOfText(pair({ clean: [0, 1, 2, 3, 4, 5, 6], texts }), text);

  test('are those of the tokens that spell it, once', () => {
    expect(of('Mary')).toEqual([2, 3]);
    expect(of(' Mary ')).toEqual([2, 3]);
    expect(of('saw John')).toEqual([4, 5]);
    expect(of('ohn')).toEqual([5]);
  });

  test('there are none of a text that the prompt does not have, of spaces, and without texts of tokens', () => {
    expect(of('Anna')).toEqual([]);
    expect(of('  ')).toEqual([]);
    expect(positionsOfText(pair({}), 'Mary')).toEqual([]);
  });
});

describe('noise', () => {
  test('is the same for the same seed and prompt, and other for others', () => {
    const size = { positions: 2, width: 3 };
    const draw = (seed: number, prompt: number) => drawNoise({ samples: 2, seed }, 0.5, prompt, size);
    expect(draw(1, 0)).toEqual(draw(1, 0));
    expect(draw(1, 0)).not.toEqual(draw(2, 0));
    expect(draw(1, 0)).not.toEqual(draw(1, 1));
    expect(draw(1, 0).map(({ length }) => length)).toEqual([6, 6]);
    const many = drawNoise({ samples: 1, seed: 3 }, 0.5, 0, { positions: 100, width: 100 })[0]!;
    const square = many.reduce((sum, value) => sum + value * value, 0) / many.length;
    expect(Math.sqrt(square)).toBeGreaterThan(0.49);
    expect(Math.sqrt(square)).toBeLessThan(0.51);
  });

  test('as numbers has the shape that is asked for, or is refused in one line', () => {
    expect(readNoise([[[1, 2]]], 1, 2, 'n.json')).toEqual([Float32Array.of(1, 2)]);
    const refused = (given: unknown, message: RegExp) =>
      expect(() => readNoise(given, 1, 2, 'n.json')).toThrow(message);
    refused({}, /^n\.json: the file is no array, expected an array of samples x 1 x 2 numbers$/);
    refused([], /no sample/);
    refused([[[1, 2, 3]]], /sample 0, position 0 has 3 entries/);
    refused(
      [
        [
          [1, 2],
          [1, 2],
        ],
      ],
      /sample 0 has 2 entries/,
    );
    refused([[[1, null]]], /sample 0, position 0, entry 1 is no finite number/);
    refused([[[1, 1e300]]], /entry 1 is no finite number/);
  });
});

describe('changes of several lanes', () => {
  const row = (first: number) => Float32Array.of(first, first + 1);

  test('of one kind are one set of the place, heads before rows', () => {
    const heads = [0, 2];
    const values = (base: number) => Float32Array.of(...row(base), ...row(base + 10));
    const merged = mergedChanges([
      { change: { place: 'mixed', layer: 1, heads, positions: [4], values: values(0) }, rows: [4] },
      { change: { place: 'mixed', layer: 1, heads, positions: [1], values: values(100) }, rows: [17] },
    ]);
    expect(merged).toEqual([
      {
        part: { place: 'mixed', layers: [1], heads, rows: [4, 17] },
        values: Float32Array.of(0, 1, 100, 101, 10, 11, 110, 111),
        how: 'set',
      },
    ]);
  });

  test('of other layers, constants and kinds stay apart', () => {
    const change = { place: 'residual', layer: 0, values: 1 } as const;
    const merged = mergedChanges([
      { change, rows: [0] },
      { change: { ...change, layer: 1 }, rows: [1] },
      { change: { ...change, values: 2 }, rows: [2] },
      { change: { ...change, how: 'add' }, rows: [3] },
      { change, rows: [4] },
    ]);
    expect(merged.map(({ part }) => part.rows)).toEqual([[0, 4], [1], [2], [3]]);
  });

  test('that touch one row come one after the other, in their order', () => {
    const merged = mergedChanges([
      { change: { place: 'residual', layer: 0, values: 1 }, rows: [0, 1] },
      { change: { place: 'residual', layer: 0, values: 1 }, rows: [1] },
      { change: { place: 'residual', layer: 0, values: 1 }, rows: [5] },
    ]);
    expect(merged.map(({ part }) => part.rows)).toEqual([[0, 1, 5], [1]]);
  });
});

describe('traces by role', () => {
  const trace = (base: number): CausalTrace => ({
    answer: 1,
    high: 1,
    low: base,
    embed: [0, 1, 2, 3].map((t) => base + t),
    resid_post: [0, 1, 2, 3].map((t) => [base + 10 * t]),
    attn_out: { '1': [0, 1, 2, 3].map((t) => [base - t]) },
  });

  test('are means over the prompts that have a role of the means over its positions', () => {
    // Roles: first, answer, other, measured; and first, changed, answer, measured.
    const pairs = [pair({}), pair({ clean: [1, 7, 2, 4], corrupted: [1, 8, 2, 4] })];
    const roles = rolesOfPairs(pairs);
    const averaged = averagedTraces([trace(0), trace(100)], roles);
    expect(averaged.roles).toEqual(['answer', 'changed', 'measured', 'first', 'other']);
    expect(averaged.embed).toEqual([(1 + 102) / 2, 101, (3 + 103) / 2, 50, 2]);
    expect(averaged.resid_post).toEqual([[(10 + 120) / 2], [110], [(30 + 130) / 2], [50], [20]]);
    expect(averaged.attn_out['1']).toEqual([[(-1 + 98) / 2], [99], [(-3 + 97) / 2], [50], [-2]]);
    expect([averaged.high, averaged.low, averaged.prompts]).toEqual([1, 50, 2]);
    expect(averaged.mlp_out).toBeUndefined();
    expect(positionsByRole(roles).find(({ role }) => role === 'answer')!.positions).toEqual([[1], [2]]);
  });
});
