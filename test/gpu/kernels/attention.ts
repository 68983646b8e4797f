import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { describe, test } from 'vitest';
import type { Job } from '../../../src/gpu/kernel.js';
import { LOWEST_SCORE } from '../../../src/block/attention.js';
import { attentionMix } from '../../oracle/ops.js';
import { patternOf, portOf, scoreParams, sees, type ScoreRule } from './attention-rule.js';
import { expectRounded, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { JobWords } from '../../support/job-words.js';
import { randomNumbers } from '../../support/random.js';

interface Shape {
  readonly circuits: number;
  readonly heads: number;
  /** Key ports, and value ports. */
  readonly kvPorts: number;
  readonly window: number;
  readonly prompts: number;
  readonly sequence: number;
  readonly headWidth: number;
}

const SHAPES: readonly (readonly [string, Shape])[] = [
  ['one token', { ...shape(1, 1), prompts: 1, sequence: 1, headWidth: 1 }],
  ['one prompt of two tokens', { ...shape(1, 2), prompts: 1, sequence: 2, headWidth: 4 }],
  ['several prompts, heads and circuits', { ...shape(3, 5), prompts: 3, sequence: 9, headWidth: 6 }],
  ['more tokens than a workgroup', { ...shape(2, 3), prompts: 5, sequence: 17, headWidth: 30 }],
  ['a long prompt', { ...shape(1, 2), prompts: 1, sequence: 131, headWidth: 5 }],
  ['shared keys and values', { ...shape(2, 6, 2), prompts: 2, sequence: 7, headWidth: 6 }],
  ['one key and value for all heads', { ...shape(2, 5, 1), prompts: 2, sequence: 4, headWidth: 3 }],
  ['a window of the query alone', { ...shape(2, 2, 2, 1), prompts: 2, sequence: 5, headWidth: 6 }],
  ['a window of two', { ...shape(1, 4, 2, 2), prompts: 3, sequence: 9, headWidth: 6 }],
  ['a window of some', { ...shape(1, 2, 1, 20), prompts: 1, sequence: 67, headWidth: 5 }],
  ['a window as long as the prompts', { ...shape(1, 2, 2, 6), prompts: 2, sequence: 6, headWidth: 4 }],
  ['a longer window', { ...shape(1, 2, 2, 4096), prompts: 2, sequence: 6, headWidth: 4 }],
];

function shape(circuits: number, heads: number, kvPorts = heads, window = 0) {
  return { circuits, heads, kvPorts, window };
}

const dot = (q: Float32Array, k: Float32Array): number => q.reduce((sum, x, i) => sum + Math.abs(x * k[i]!), 0);

/** q, k and v of every head. */
class Heads {
  readonly shape: Shape;
  /** [C, N, S, ports, dh], unpadded. */
  readonly projections: Float32Array;

  constructor(shape: Shape, projections: Float32Array) {
    this.shape = shape;
    this.projections = projections;
  }

  /** q, k or v (branch 0, 1 or 2) of one head in one prompt [S, dh]. */
  read(circuit: number, branch: number, head: number, prompt: number): Float32Array {
    const { sequence, headWidth } = this.shape;
    return Float32Array.from({ length: sequence * headWidth }, (_, i) => {
      return this.projections[this.at(circuit, branch, head, prompt, Math.floor(i / headWidth)) + (i % headWidth)]!;
    });
  }

  at(circuit: number, branch: number, head: number, prompt: number, position: number): number {
    const { prompts, sequence, headWidth } = this.shape;
    const token = (circuit * prompts + prompt) * sequence + position;
    return (token * portsOf(this.shape) + portOf(this.shape, branch, head)) * headWidth;
  }

  /** Every head of every circuit in every prompt, with the offset of its first row of `rowSize` numbers. */
  *each(rowSize: number): Generator<{ circuit: number; head: number; prompt: number; at: number; name: string }> {
    const { circuits, heads, prompts, sequence } = this.shape;
    for (let circuit = 0; circuit < circuits; circuit++) {
      for (let head = 0; head < heads; head++) {
        for (let prompt = 0; prompt < prompts; prompt++) {
          const at = ((circuit * heads + head) * prompts + prompt) * sequence * rowSize;
          yield { circuit, head, prompt, at, name: `circuit ${circuit}, head ${head}, prompt ${prompt}` };
        }
      }
    }
  }
}

const portsOf = ({ heads, kvPorts }: Shape): number => heads + 2 * kvPorts;

function randomHeads(shape: Shape, seed: number, deviation = 1): Heads {
  const count = shape.circuits * portsOf(shape) * shape.prompts * shape.sequence * shape.headWidth;
  return new Heads(shape, randomNumbers(seed).normals(count, deviation));
}

const LISTED_AT = 2;

/** The list of heads to compute, here all of them and in no natural order, each at `rows`. */
function listed(count: number, rows: readonly number[]): Uint32Array {
  const control = new JobWords('attention_pattern', count, LISTED_AT);
  const list = control.list(rows);
  const job = (i: number): Job<'attention_pattern'> => ({
    circuit_head: count - 1 - i,
    rows_at: list.at,
    rows: list.count,
  });
  return control.words(Array.from({ length: count }, (_, i) => job(i)));
}

const everyRow = (tokens: number): number[] => Array.from({ length: tokens }, (_, t) => t);

/** What a run of the pattern's kernel makes, and of what. */
interface PatternRun {
  /** Default: every row. */
  readonly rows?: readonly number[];
  readonly softcap?: number;
  /** Which halves to make; default both. */
  readonly half?: { readonly SCORES: number; readonly SOFTMAX: number };
  /** What stands in the pattern before. */
  readonly before?: Float32Array;
}

async function pattern(
  device: TestDevice,
  { shape, projections }: Heads,
  scale: number,
  { rows, softcap = 0, half = { SCORES: 1, SOFTMAX: 1 }, before }: PatternRun = {},
): Promise<Float32Array> {
  const { circuits, heads, kvPorts, window, prompts, sequence, headWidth } = shape;
  const tokens = prompts * sequence;
  const got = await runKernel(device.gpu, 'attention_pattern', {
    buffers: {
      control: listed(circuits * heads, rows ?? everyRow(tokens)),
      projections: paddedRows(projections, headWidth),
      pattern: before ?? untouched(circuits * heads * tokens * sequence + 1),
    },
    params: {
      tokens,
      sequence,
      heads,
      kv_ports: kvPorts,
      head4: Math.ceil(headWidth / 4),
      jobs_at: LISTED_AT,
      ...scoreParams({ scale, window, softcap }),
    },
    overrides: half,
    grid: [groupsOf64(tokens), circuits * heads],
    read: 'pattern',
  });
  return new Float32Array(got);
}

/** Fails unless every row of `got` is the softmax of its scores. */
function expectPattern(heads: Heads, got: Float32Array, rule: ScoreRule): void {
  const { sequence, headWidth } = heads.shape;
  for (const { circuit, head, prompt, at, name } of heads.each(sequence)) {
    const [q, k] = [heads.read(circuit, 0, head, prompt), heads.read(circuit, 1, head, prompt)];
    const row = (x: Float32Array, i: number): Float32Array => x.subarray(i * headWidth, (i + 1) * headWidth);
    const expected = patternOf(q, k, headWidth, rule);
    const sizes = expected.map((p, index) => {
      const [i, j] = [Math.floor(index / sequence), index % sequence];
      if (!sees(i, j, rule.window)) return 0; // exactly 0
      // Scores are rounded, and so are the exponentials of the differences of two.
      let largest = 0;
      for (let key = 0; key <= i; key++) largest = Math.max(largest, rule.scale * dot(row(q, i), row(k, key)));
      return p * (1 + 2 * largest);
    });
    expectRounded(name, got.subarray(at, at + sequence * sequence), expected, sizes, 6);
  }
  expectSame('beyond the last row', got.subarray(got.length - 1), untouched(1));
}

export function attentionPatternTests(device: TestDevice): void {
  describe.each([
    ['plain scores', 0],
    ['scores capped at 50', 50],
    ['scores capped at 0.3', Math.fround(0.3)],
  ])('%s', (_, softcap) => {
    test.each(SHAPES)('%s', async (__, shape) => {
      const scale = Math.fround(1 / Math.sqrt(shape.headWidth));
      const heads = randomHeads(shape, 7, 2);
      const got = await pattern(device, heads, scale, { softcap });
      expectPattern(heads, got, { scale, window: shape.window, softcap });
    });

    test.each(SHAPES)('%s: the halves give the same bits', async (__, shape) => {
      const { sequence, window } = shape;
      const scale = Math.fround(1 / Math.sqrt(shape.headWidth));
      const heads = randomHeads(shape, 13, 2);
      const whole = await pattern(device, heads, scale, { softcap });
      const scores = await pattern(device, heads, scale, { softcap, half: { SCORES: 1, SOFTMAX: 0 } });
      for (const { at, name } of heads.each(sequence)) {
        const own = scores.subarray(at, at + sequence * sequence);
        const unseen = own.filter((___, i) => !sees(Math.floor(i / sequence), i % sequence, window));
        expectSame(name, unseen, new Float32Array(unseen.length).fill(LOWEST_SCORE));
      }
      const half = { SCORES: 0, SOFTMAX: 1 };
      expectSame('pattern', await pattern(device, heads, scale, { softcap, half, before: scores }), whole);
    });
  });

  test('some rows: the first rows of a head, with the bits that they have among all', async () => {
    const own = { ...shape(2, 2, 1, 3), prompts: 2, sequence: 5, headWidth: 6 };
    const heads = randomHeads(own, 12);
    const rows = [9, 2, 6];
    const [all, some] = [await pattern(device, heads, 1), await pattern(device, heads, 1, { rows })];
    for (let head = 0; head < 4; head++) {
      rows.forEach((row, r) => {
        const at = (x: Float32Array, i: number): Float32Array =>
          x.subarray((head * 10 + i) * 5, (head * 10 + i + 1) * 5);
        expectSame(`head ${head}, row ${row}`, at(some, r), at(all, row));
      });
      expectSame('beyond them', some.subarray((head * 10 + 3) * 5, (head + 1) * 50), untouched(35));
    }
  });

  test('scores of hundreds, and equal ones', async () => {
    const own = { ...shape(1, 1), prompts: 1, sequence: 4, headWidth: 1 };
    const far = await pattern(
      device,
      new Heads(own, Float32Array.from([1, 300, 0, 1, 0, 0, -1, -300, 0, 0, 300, 0])),
      1,
    );
    const none = 0;
    const rows = [1, 0, 0, 0, 1, none, 0, 0, none, none, 1, 0, 0.25, 0.25, 0.25, 0.25];
    expectRounded('pattern', far.subarray(0, 16), rows, Array<number>(16).fill(1), 1);
  });

  test('what comes after a prompt or a token changes nothing before it', async () => {
    const own = { ...shape(1, 2), prompts: 2, sequence: 6, headWidth: 3 };
    const heads = randomHeads(own, 8);
    const other = new Heads(own, heads.projections.slice());
    for (let branch = 0; branch < 3; branch++) {
      for (let head = 0; head < 2; head++) {
        for (const position of [4, 5]) {
          const at = other.at(0, branch, head, 0, position);
          other.projections.fill(1e30, at, at + 3);
        }
      }
    }
    const [before, after] = [await pattern(device, heads, 1), await pattern(device, other, 1)];
    for (const { prompt, at, name } of heads.each(6)) {
      const real = 6 * (prompt === 0 ? 4 : 6);
      expectSame(name, after.subarray(at, at + real), before.subarray(at, at + real));
    }
  });

  test('what a window leaves behind changes nothing', async () => {
    const own = { ...shape(1, 4, 2, 3), prompts: 2, sequence: 6, headWidth: 3 };
    const heads = randomHeads(own, 14);
    const other = new Heads(own, heads.projections.slice());
    for (let head = 0; head < 4; head++) {
      const at = other.at(0, 1, head, 0, 2);
      other.projections.fill(Number.NaN, at, at + 3);
    }
    const [before, after] = [await pattern(device, heads, 1), await pattern(device, other, 1)];
    for (const { prompt, at, name } of heads.each(6)) {
      // Query 5 sees the keys 3 to 5.
      if (prompt === 0) expectSame(name, after.subarray(at + 30, at + 36), before.subarray(at + 30, at + 36));
      else expectSame(name, after.subarray(at, at + 36), before.subarray(at, at + 36));
    }
  });

  test('capped scores: a product that overflows is the cap, and NaN stays NaN', async () => {
    const own = { ...shape(1, 1), prompts: 1, sequence: 3, headWidth: 1 };
    const heads = new Heads(own, Float32Array.from([1, 1e30, 0, 1, -1e30, 0, 1e30, 1e30, 0]));
    const got = await pattern(device, heads, 1, { softcap: 2, half: { SCORES: 1, SOFTMAX: 0 } });
    expectSame('scores', got.subarray(0, 9), [2, LOWEST_SCORE, LOWEST_SCORE, 2, -2, LOWEST_SCORE, 2, -2, 2]);
    const broken = new Heads(
      own,
      heads.projections.map((value, i) => (i === 4 ? Number.NaN : value)),
    );
    const rows = await pattern(device, broken, 1, { softcap: 2, half: { SCORES: 1, SOFTMAX: 0 } });
    expectSame('broken', rows.subarray(3, 9), [2, Number.NaN, LOWEST_SCORE, 2, Number.NaN, 2]);
  });
}

export function attentionMixTests(device: TestDevice): void {
  test.each(SHAPES)('%s', async (_, shape) => {
    const { circuits, heads, kvPorts, window, prompts, sequence, headWidth } = shape;
    const head4 = Math.ceil(headWidth / 4);
    const tokens = prompts * sequence;
    const values = randomHeads(shape, 9);
    const weights = randomNumbers(10).normals(circuits * heads * tokens * sequence);
    for (let i = 0; i < weights.length; i++) {
      const [query, key] = [Math.floor(i / sequence) % sequence, i % sequence];
      weights[i] = sees(query, key, window) ? Math.abs(weights[i]!) : Number.NaN; // must not be read
    }
    const size = circuits * heads * tokens * 4 * head4;
    const params = { tokens, sequence, heads, kv_ports: kvPorts, head4, jobs_at: LISTED_AT, window };
    const got = await runKernel(device.gpu, 'attention_mix', {
      buffers: {
        control: listed(circuits * heads, everyRow(tokens)),
        projections: paddedRows(values.projections, headWidth),
        pattern: weights,
        z: untouched(size + 4),
      },
      params,
      overrides: {},
      grid: [groupsOf64(tokens * head4), circuits * heads],
      read: 'z',
    });
    const z = new Float32Array(got);
    expectSame('beyond the last row', z.subarray(size), untouched(4));
    const real = unpaddedRows(z.subarray(0, size), headWidth);
    expectSame('padding', z.subarray(0, size), paddedRows(real, headWidth));
    const causal = weights.map((p) => (Number.isNaN(p) ? 0 : p));
    // Some rows: the first ones of each head, with the pattern's rows in the same places.
    const rows = [tokens - 1, 0].slice(0, tokens);
    const someWeights = weights.slice();
    for (let head = 0; head < circuits * heads; head++) {
      rows.forEach((row, r) => {
        const from = weights.subarray((head * tokens + row) * sequence, (head * tokens + row + 1) * sequence);
        someWeights.set(from, (head * tokens + r) * sequence);
      });
    }
    const some = await runKernel(device.gpu, 'attention_mix', {
      buffers: {
        control: listed(circuits * heads, rows),
        projections: paddedRows(values.projections, headWidth),
        pattern: someWeights,
        z: untouched(size),
      },
      params,
      overrides: {},
      grid: [groupsOf64(tokens * head4), circuits * heads],
      read: 'z',
    });
    for (let head = 0; head < circuits * heads; head++) {
      rows.forEach((row, r) => {
        const at = (x: Float32Array, i: number): Float32Array =>
          x.subarray((head * tokens + i) * 4 * head4, (head * tokens + i + 1) * 4 * head4);
        expectSame(`head ${head}, row ${row} of some`, at(new Float32Array(some), r), at(z, row));
      });
    }
    for (const { circuit, head, prompt, at, name } of values.each(headWidth)) {
      const own = causal.subarray((at / headWidth) * sequence, (at / headWidth + sequence) * sequence);
      const v = values.read(circuit, 2, head, prompt);
      const mixed = real.subarray(at, at + sequence * headWidth);
      expectRounded(name, mixed, attentionMix(own, v, headWidth), attentionMix(own, v.map(Math.abs), headWidth), 8);
    }
  });
}
