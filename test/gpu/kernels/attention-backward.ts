import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { describe, expect, test } from 'vitest';
import { attentionPattern } from '../../oracle/ops.js';
import { expectRounded, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

const SHAPES = [
  { heads: 1, prompts: 1, sequence: 1, headWidth: 1 },
  { heads: 2, prompts: 1, sequence: 2, headWidth: 4 },
  { heads: 3, prompts: 3, sequence: 9, headWidth: 6 },
  { heads: 2, prompts: 5, sequence: 17, headWidth: 30 },
  { heads: 2, prompts: 1, sequence: 70, headWidth: 5 },
] as const;

interface Rows {
  readonly values: Float32Array;
  /** Heads side by side in a row of a token. */
  readonly heads: number;
  readonly headWidth: number;
}

const row = ({ values, heads, headWidth }: Rows, token: number, head: number): Float32Array =>
  values.subarray((token * heads + head) * headWidth, (token * heads + head + 1) * headWidth);
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const absoluteDot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + Math.abs(x * b[i]!), 0);

export function attentionPatternGradientsTests(device: TestDevice): void {
  const rng = randomNumbers(61);
  test.each(SHAPES)('%o', async ({ heads, prompts, sequence, headWidth }) => {
    const tokens = prompts * sequence;
    const dz = { values: rng.normals(tokens * heads * headWidth), heads, headWidth };
    const projections = { values: rng.normals(tokens * 3 * heads * headWidth), heads: 3 * heads, headWidth };
    const got = new Float32Array(
      await runKernel(device.gpu, 'attention_pattern_gradients', {
        buffers: {
          dz: paddedRows(dz.values, headWidth),
          projections: paddedRows(projections.values, headWidth),
          dp: untouched(heads * tokens * sequence + 1),
        },
        params: { tokens, sequence, heads, head4: Math.ceil(headWidth / 4) },
        overrides: {},
        grid: [groupsOf64(tokens), heads],
        read: 'dp',
      }),
    );
    const expected = new Float64Array(heads * tokens * sequence);
    const sizes = new Float64Array(expected.length);
    for (let at = 0; at < expected.length; at++) {
      const [head, token, key] = [
        Math.floor(at / (tokens * sequence)),
        Math.floor(at / sequence) % tokens,
        at % sequence,
      ];
      if (key > token % sequence) continue; // exactly 0
      const v = row(projections, token - (token % sequence) + key, 2 * heads + head);
      expected[at] = dot(row(dz, token, head), v);
      sizes[at] = absoluteDot(row(dz, token, head), v);
    }
    expectRounded('gradient at the pattern', got.subarray(0, expected.length), expected, sizes, 8);
    expectSame('beyond the last row', got.subarray(expected.length), untouched(1));
  });
}

export function attentionGradientsTests(device: TestDevice): void {
  const rng = randomNumbers(62);
  describe.each([
    ['over keys', 0],
    ['over queries', 1],
  ])('%s', (_, overQueries) => {
    test.each(SHAPES)('%o', async ({ heads, prompts, sequence, headWidth }) => {
      const tokens = prompts * sequence;
      const [xHeads, xFirst, outFirst, factor] = [heads + 2, 1, 2, 0.25];
      const x = { values: rng.normals(tokens * xHeads * headWidth), heads: xHeads, headWidth };
      const w = rng.normals(heads * tokens * sequence);
      const queryOf = (at: number): number => Math.floor(at / sequence) % sequence;
      const unread = w.map((value, at) => (at % sequence > queryOf(at) ? Number.NaN : value));
      const stride = 4 * Math.ceil(headWidth / 4);
      const skipped = outFirst * tokens * stride;
      const size = heads * tokens * stride;
      const got = new Float32Array(
        await runKernel(device.gpu, 'attention_gradients', {
          buffers: { w: unread, x: paddedRows(x.values, headWidth), out: untouched(skipped + size + 4) },
          params: {
            tokens,
            sequence,
            head4: stride / 4,
            x_heads: xHeads,
            x_first: xFirst,
            out_first: outFirst,
            factor,
          },
          overrides: { OVER_QUERIES: overQueries },
          grid: [groupsOf64((tokens * stride) / 4), heads],
          read: 'out',
        }),
      );
      expectSame('before its part', got.subarray(0, skipped), untouched(skipped));
      expectSame('after it', got.subarray(skipped + size), untouched(4));
      const own = got.subarray(skipped, skipped + size);
      const real = unpaddedRows(own, headWidth);
      expectSame('padding', own, paddedRows(real, headWidth));
      const expected = new Float64Array(heads * tokens * headWidth);
      const sizes = new Float64Array(expected.length);
      for (let head = 0; head < heads; head++) {
        for (let token = 0; token < tokens; token++) {
          const at = token % sequence;
          const others = Array.from({ length: sequence }, (__, i) => i).filter((i) =>
            overQueries ? i >= at : i <= at,
          );
          for (const other of others) {
            const [query, key] = overQueries ? [other, at] : [at, other];
            const weight = w[(head * tokens + token - at + query) * sequence + key]!;
            row(x, token - at + other, xFirst + head).forEach((value, c) => {
              expected[(head * tokens + token) * headWidth + c]! += factor * weight * value;
              sizes[(head * tokens + token) * headWidth + c]! += Math.abs(factor * weight * value);
            });
          }
        }
      }
      expectRounded('sum', real, expected, sizes, 10);
    });
  });
}

export function queryKeyFixTests(device: TestDevice): void {
  const rng = randomNumbers(63);
  const WEIGHT = 0.5;
  const writers = 2;

  async function fix(
    { heads, prompts, sequence, headWidth }: (typeof SHAPES)[number],
    keys: number,
    projections: Float32Array,
    moved: Float32Array,
    dp: Float32Array,
    scale: number,
  ): Promise<Float32Array> {
    const stride = 3 + heads * 5;
    const got = await runKernel(device.gpu, 'query_key_fix', {
      buffers: {
        weight: Float32Array.of(WEIGHT),
        moved: paddedRows(moved, headWidth),
        projections: paddedRows(projections, headWidth),
        dp,
        scores: new Float32Array(prompts * stride).fill(1),
      },
      params: {
        tokens: prompts * sequence,
        sequence,
        heads,
        head4: Math.ceil(headWidth / 4),
        scale,
        out_at: 3,
        port_stride: 5,
        stride,
      },
      overrides: { KEYS: keys },
      grid: [writers, heads, prompts],
      read: 'scores',
    });
    return new Float32Array(got);
  }

  describe.each([
    ['queries', 0],
    ['keys', 1],
  ])('%s', (_, keys) => {
    test.each(SHAPES)('%o', async (shape) => {
      const { heads, prompts, sequence, headWidth } = shape;
      const tokens = prompts * sequence;
      const scale = Math.fround(1 / Math.sqrt(headWidth));
      const projections = { values: rng.normals(tokens * 3 * heads * headWidth), heads: 3 * heads, headWidth };
      const moved = { values: rng.normals(writers * tokens * 2 * heads * headWidth), heads: 2 * heads, headWidth };
      const dp = rng.normals(heads * tokens * sequence);
      const got = await fix(shape, keys, projections.values, moved.values, dp, scale);
      const stride = 3 + heads * 5;
      const expected = new Float64Array(prompts * stride).fill(1);
      const sizes = new Float64Array(expected.length).fill(1);
      const head = (from: Rows, first: number, part: number): Float32Array =>
        Float32Array.from(
          Array.from({ length: sequence }, (__, i) => i).flatMap((i) => [...row(from, first + i, part)]),
        );
      for (let n = 0; n < prompts; n++) {
        for (let h = 0; h < heads; h++) {
          const [q, k] = [head(projections, n * sequence, h), head(projections, n * sequence, heads + h)];
          const before = attentionPattern(q, k, headWidth, scale);
          for (let b = 0; b < writers; b++) {
            const from = b * tokens + n * sequence;
            const after = attentionPattern(
              keys ? q : head(moved, from, h),
              keys ? head(moved, from, heads + h) : k,
              headWidth,
              scale,
            );
            const at = n * stride + 3 + h * 5 + b;
            after.forEach((p, i) => {
              const gradient = dp[(h * tokens + n * sequence) * sequence + i]!;
              expected[at]! += WEIGHT * (p - before[i]!) * gradient;
              sizes[at]! += WEIGHT * (p + before[i]!) * Math.abs(gradient) * (4 + headWidth);
            });
          }
        }
      }
      expectRounded('scores', got, expected, sizes, 8);
    });

    test('an edge that changes nothing scores exactly 0', async () => {
      const shape = SHAPES[2];
      const { heads, prompts, sequence, headWidth } = shape;
      const tokens = prompts * sequence;
      const projections = rng.normals(tokens * 3 * heads * headWidth);
      const own = Array.from({ length: tokens }, (__, t) => {
        return [...projections.subarray(t * 3 * heads * headWidth, (t * 3 + 2) * heads * headWidth)];
      }).flat();
      const dp = rng.normals(heads * tokens * sequence);
      const scores = await fix(shape, keys, projections, Float32Array.from([...own, ...own]), dp, 0.4);
      expect(new Set(scores)).toEqual(new Set([1]));
    });
  });
}
