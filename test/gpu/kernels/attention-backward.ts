import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { describe, expect, test } from 'vitest';
import { patternOf, portOf, scoreParams, sees, type ScoreRule } from './attention-rule.js';
import { expectRounded, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

const SHAPES = [
  { heads: 1, kvPorts: 1, window: 0, prompts: 1, sequence: 1, headWidth: 1 },
  { heads: 2, kvPorts: 2, window: 0, prompts: 1, sequence: 2, headWidth: 4 },
  { heads: 3, kvPorts: 3, window: 0, prompts: 3, sequence: 9, headWidth: 6 },
  { heads: 2, kvPorts: 2, window: 0, prompts: 5, sequence: 17, headWidth: 30 },
  { heads: 2, kvPorts: 2, window: 0, prompts: 1, sequence: 70, headWidth: 5 },
  { heads: 6, kvPorts: 2, window: 0, prompts: 2, sequence: 7, headWidth: 6 },
  { heads: 5, kvPorts: 1, window: 1, prompts: 2, sequence: 4, headWidth: 3 },
  { heads: 4, kvPorts: 2, window: 2, prompts: 3, sequence: 9, headWidth: 6 },
  { heads: 2, kvPorts: 2, window: 6, prompts: 2, sequence: 6, headWidth: 4 },
  { heads: 2, kvPorts: 1, window: 4096, prompts: 1, sequence: 70, headWidth: 5 },
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
  test.each(SHAPES)('%o', async ({ heads, kvPorts, window, prompts, sequence, headWidth }) => {
    const ports = heads + 2 * kvPorts;
    const tokens = prompts * sequence;
    const dz = { values: rng.normals(tokens * heads * headWidth), heads, headWidth };
    const projections = { values: rng.normals(tokens * ports * headWidth), heads: ports, headWidth };
    const got = new Float32Array(
      await runKernel(device.gpu, 'attention_pattern_gradients', {
        buffers: {
          dz: paddedRows(dz.values, headWidth),
          projections: paddedRows(projections.values, headWidth),
          dp: untouched(heads * tokens * sequence + 1),
        },
        params: { tokens, sequence, heads, kv_ports: kvPorts, head4: Math.ceil(headWidth / 4), window },
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
      if (!sees(token % sequence, key, window)) continue; // exactly 0
      const v = row(projections, token - (token % sequence) + key, portOf({ heads, kvPorts }, 2, head));
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
    describe.each([
      ['a port of x and of the result for each head', false, false],
      ['heads that share ports of x', true, false],
      ['heads that share ports of the result', false, true],
    ])('%s', (__, sharedX, sharedOut) => {
      test.each(SHAPES)('%o', async ({ heads, kvPorts, window, prompts, sequence, headWidth }) => {
        const tokens = prompts * sequence;
        const [xPorts, outPorts] = [sharedX ? kvPorts : heads, sharedOut ? kvPorts : heads];
        const [xStride, xFirst, outFirst, factor] = [xPorts + 2, 1, 2, 0.25];
        const x = { values: rng.normals(tokens * xStride * headWidth), heads: xStride, headWidth };
        const w = rng.normals(heads * tokens * sequence);
        const queryOf = (at: number): number => Math.floor(at / sequence) % sequence;
        const unread = w.map((value, at) => (sees(queryOf(at), at % sequence, window) ? value : Number.NaN));
        const stride = 4 * Math.ceil(headWidth / 4);
        const skipped = outFirst * tokens * stride;
        const size = outPorts * tokens * stride;
        const got = new Float32Array(
          await runKernel(device.gpu, 'attention_gradients', {
            buffers: { w: unread, x: paddedRows(x.values, headWidth), out: untouched(skipped + size + 4) },
            params: {
              tokens,
              sequence,
              heads,
              head4: stride / 4,
              window,
              x_stride: xStride,
              x_first: xFirst,
              x_ports: xPorts,
              out_first: outFirst,
              out_ports: outPorts,
              factor,
            },
            overrides: { OVER_QUERIES: overQueries },
            grid: [groupsOf64((tokens * stride) / 4), outPorts],
            read: 'out',
          }),
        );
        expectSame('before its part', got.subarray(0, skipped), untouched(skipped));
        expectSame('after it', got.subarray(skipped + size), untouched(4));
        const own = got.subarray(skipped, skipped + size);
        const real = unpaddedRows(own, headWidth);
        expectSame('padding', own, paddedRows(real, headWidth));
        const expected = new Float64Array(outPorts * tokens * headWidth);
        const sizes = new Float64Array(expected.length);
        for (let head = 0; head < heads; head++) {
          const port = Math.floor((head * outPorts) / heads);
          for (let token = 0; token < tokens; token++) {
            const at = token % sequence;
            for (let other = 0; other < sequence; other++) {
              const [query, key] = overQueries ? [other, at] : [at, other];
              if (!sees(query, key, window)) continue;
              const weight = w[(head * tokens + token - at + query) * sequence + key]!;
              row(x, token - at + other, xFirst + Math.floor((head * xPorts) / heads)).forEach((value, c) => {
                expected[(port * tokens + token) * headWidth + c]! += factor * weight * value;
                sizes[(port * tokens + token) * headWidth + c]! += Math.abs(factor * weight * value);
              });
            }
          }
        }
        expectRounded('sum', real, expected, sizes, 10);
      });
    });
  });
}

export function softcapScoresBackwardTests(device: TestDevice): void {
  const rng = randomNumbers(64);
  describe.each([50, 2, Math.fround(0.05)])('cap %f', (softcap) => {
    test.each(SHAPES)('%o', async ({ heads, kvPorts, window, prompts, sequence, headWidth }) => {
      const ports = heads + 2 * kvPorts;
      const tokens = prompts * sequence;
      const scale = Math.fround(1 / Math.sqrt(headWidth));
      const projections = { values: rng.normals(tokens * ports * headWidth, 1.5), heads: ports, headWidth };
      const gradient = rng.normals(heads * tokens * sequence + 1);
      const got = await runKernel(device.gpu, 'softcap_scores_backward', {
        buffers: { projections: paddedRows(projections.values, headWidth), gradient },
        params: {
          tokens,
          sequence,
          heads,
          kv_ports: kvPorts,
          head4: Math.ceil(headWidth / 4),
          window,
          scale: scale / softcap,
        },
        overrides: {},
        grid: [groupsOf64(tokens), heads],
        read: 'gradient',
      });
      const expected = Float64Array.from(gradient);
      const sizes = new Float64Array(expected.length);
      for (let at = 0; at < heads * tokens * sequence; at++) {
        const head = Math.floor(at / (tokens * sequence));
        const token = Math.floor(at / sequence) % tokens;
        const [query, key] = [token % sequence, at % sequence];
        if (!sees(query, key, window)) continue; // left alone
        const q = row(projections, token, head);
        const k = row(projections, token - query + key, portOf({ heads, kvPorts }, 1, head));
        const slope = Math.cosh((scale * dot(q, k)) / softcap) ** -2;
        expected[at]! *= slope;
        // The exponent is rounded to its own size.
        sizes[at] = Math.abs(gradient[at]! * slope) * (1 + (scale * absoluteDot(q, k)) / softcap) + 2 ** -100;
      }
      expectRounded('gradient', new Float32Array(got), expected, sizes, 12);
    });
  });
}

export function queryKeyFixTests(device: TestDevice): void {
  const rng = randomNumbers(63);
  const WEIGHT = 0.5;
  const writers = 2;

  async function fix(
    { heads, kvPorts, prompts, sequence, headWidth }: (typeof SHAPES)[number],
    keys: number,
    projections: Float32Array,
    moved: Float32Array,
    dp: Float32Array,
    rule: ScoreRule,
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
        kv_ports: kvPorts,
        head4: Math.ceil(headWidth / 4),
        ...scoreParams(rule),
        out_at: 3,
        port_stride: 5,
        stride,
      },
      overrides: { KEYS: keys },
      grid: [writers, keys ? kvPorts : heads, prompts],
      read: 'scores',
    });
    return new Float32Array(got);
  }

  describe.each([
    ['queries', 0, 0],
    ['queries, scores capped at 1', 0, 1],
    ['keys', 1, 0],
    ['keys, scores capped at 1', 1, 1],
  ])('%s', (_, keys, softcap) => {
    test.each(SHAPES)('%o', async (shape) => {
      const { heads, kvPorts, window, prompts, sequence, headWidth } = shape;
      const tokens = prompts * sequence;
      const [ports, movedPorts] = [heads + 2 * kvPorts, heads + kvPorts];
      const rule = { scale: Math.fround(1 / Math.sqrt(headWidth)), window, softcap };
      const projections = { values: rng.normals(tokens * ports * headWidth), heads: ports, headWidth };
      const moved = { values: rng.normals(writers * tokens * movedPorts * headWidth), heads: movedPorts, headWidth };
      const dp = rng.normals(heads * tokens * sequence);
      const got = await fix(shape, keys, projections.values, moved.values, dp, rule);
      const stride = 3 + heads * 5;
      const expected = new Float64Array(prompts * stride).fill(1);
      const sizes = new Float64Array(expected.length).fill(1);
      const head = (from: Rows, first: number, part: number): Float32Array =>
        Float32Array.from(
          Array.from({ length: sequence }, (__, i) => i).flatMap((i) => [...row(from, first + i, part)]),
        );
      for (let n = 0; n < prompts; n++) {
        for (let h = 0; h < heads; h++) {
          const keyPort = portOf({ heads, kvPorts }, 1, h);
          const [q, k] = [head(projections, n * sequence, h), head(projections, n * sequence, keyPort)];
          const before = patternOf(q, k, headWidth, rule);
          for (let b = 0; b < writers; b++) {
            const from = b * tokens + n * sequence;
            const after = patternOf(
              keys ? q : head(moved, from, h),
              keys ? head(moved, from, keyPort) : k,
              headWidth,
              rule,
            );
            const at = n * stride + 3 + (keys ? keyPort - heads : h) * 5 + b;
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
      const shape = SHAPES[7];
      const { heads, kvPorts, window, prompts, sequence, headWidth } = shape;
      const tokens = prompts * sequence;
      const ports = heads + 2 * kvPorts;
      const projections = rng.normals(tokens * ports * headWidth);
      const own = Array.from({ length: tokens }, (__, t) => {
        return [...projections.subarray(t * ports * headWidth, (t * ports + heads + kvPorts) * headWidth)];
      }).flat();
      const dp = rng.normals(heads * tokens * sequence);
      const moved = Float32Array.from([...own, ...own]);
      const scores = await fix(shape, keys, projections, moved, dp, { scale: 0.4, window, softcap });
      expect(new Set(scores)).toEqual(new Set([1]));
    });
  });
}
