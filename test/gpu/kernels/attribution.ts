import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { describe, expect, test } from 'vitest';
import { proximity } from '../../oracle/gradient-ops.js';
import { expectRounded, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

/** Of runs over the same tokens; the one of weight 0 must not be read. */
const WEIGHTS = [[0.25], [0.25, 0, -1.5]] as const;

/** Writers, ports, prompts, tokens per prompt, width. */
const SHAPES = [
  [1, 1, 1, 1, 1],
  [3, 2, 1, 2, 5],
  [4, 8, 2, 3, 8],
  [9, 17, 3, 5, 30],
  [13, 36, 1, 7, 131],
] as const;

export function edgeScoresTests(device: TestDevice): void {
  const rng = randomNumbers(71);
  const cases = WEIGHTS.flatMap((weights) => SHAPES.map((shape) => [...shape, weights] as const));
  test.each(cases)('%i writers, %i ports, %i prompts of %i tokens, width %i, runs %j', async (...shape) => {
    const [writers, ports, prompts, sequence, width, weights] = shape;
    const tokens = prompts * sequence;
    const runs = weights.length;
    const [firstWriter, firstPort, outAt] = [2, 1, 3];
    const portStride = writers + 1;
    const stride = outAt + ports * portStride;
    const differences = rng.normals((firstWriter + writers) * tokens * width);
    const gradients = rng
      .normals((firstPort + ports) * runs * tokens * width)
      .map((x, i) => (weights[Math.floor(i / (tokens * width)) % runs] === 0 ? Number.NaN : x));
    const got = new Float32Array(
      await runKernel(device.gpu, 'edge_scores', {
        buffers: {
          weight: Float32Array.from(weights),
          differences: paddedRows(differences, width),
          gradients: paddedRows(gradients, width),
          scores: new Float32Array(prompts * stride).fill(2),
        },
        params: {
          tokens,
          sequence,
          width4: Math.ceil(width / 4),
          first_writer: firstWriter,
          writers,
          first_port: firstPort,
          ports,
          out_at: outAt,
          port_stride: portStride,
          stride,
          runs,
        },
        overrides: {},
        grid: [Math.ceil(writers / 4), Math.ceil(ports / 8), prompts],
        read: 'scores',
      }),
    );
    const expected = new Float64Array(prompts * stride).fill(2);
    const sizes = new Float64Array(expected.length).fill(0);
    for (let n = 0; n < prompts; n++) {
      for (let p = 0; p < ports; p++) {
        for (let u = 0; u < writers; u++) {
          const at = n * stride + outAt + p * portStride + u;
          sizes[at] = 2;
          for (const [run, weight] of weights.entries()) {
            if (weight === 0) continue;
            for (let i = 0; i < sequence * width; i++) {
              const d = differences[((firstWriter + u) * tokens + n * sequence) * width + i]!;
              const g = gradients[(((firstPort + p) * runs + run) * tokens + n * sequence) * width + i]!;
              expected[at]! += weight * d * g;
              sizes[at]! += Math.abs(weight * d * g);
            }
          }
        }
      }
    }
    expectRounded('scores', got, expected, sizes, 8);
  });
}

export function neuronScoresTests(device: TestDevice): void {
  const rng = randomNumbers(72);
  const cases = WEIGHTS.flatMap((weights) => SHAPES.map((shape) => [...shape, weights] as const));
  test.each(cases)('%i writers, (%i ports), %i prompts of %i tokens, width %i, runs %j', async (...shape) => {
    const [writers, , prompts, sequence, width, weights] = shape;
    const tokens = prompts * sequence;
    const runs = weights.length;
    const [firstWriter, total] = [1, writers + 2];
    const width4 = Math.ceil(width / 4);
    const differences = rng.normals(total * tokens * width);
    const gradient = rng
      .normals(runs * tokens * width)
      .map((x, i) => (weights[Math.floor(i / (tokens * width))] === 0 ? Number.NaN : x));
    const got = new Float32Array(
      await runKernel(device.gpu, 'neuron_scores', {
        buffers: {
          weight: Float32Array.from(weights),
          differences: paddedRows(differences, width),
          gradient: paddedRows(gradient, width),
          scores: new Float32Array(prompts * total * 4 * width4),
        },
        params: { tokens, sequence, width4, first_writer: firstWriter, writers, writer_total: total, runs },
        overrides: {},
        grid: [groupsOf64(writers * width4), prompts],
        read: 'scores',
      }),
    );
    const expected = new Float64Array(prompts * total * 4 * width4);
    const sizes = new Float64Array(expected.length);
    for (let n = 0; n < prompts; n++) {
      for (let u = firstWriter; u < firstWriter + writers; u++) {
        for (let i = 0; i < sequence * width; i++) {
          const [t, c] = [Math.floor(i / width), i % width];
          const at = (n * total + u) * 4 * width4 + c;
          for (const [run, weight] of weights.entries()) {
            if (weight === 0) continue;
            const product =
              weight *
              differences[(u * tokens + n * sequence + t) * width + c]! *
              gradient[(run * tokens + n * sequence + t) * width + c]!;
            expected[at]! += product;
            sizes[at]! += Math.abs(product);
          }
        }
      }
    }
    expectRounded('scores', got, expected, sizes, 6);
  });
}

export function movedStreamsTests(device: TestDevice): void {
  const rng = randomNumbers(73);
  test.each([
    [1, 1, 0],
    [3, 20, 2],
    [7, 130, 1],
  ])('%i writers, %i vec4s', async (writers, size, firstWriter) => {
    const [stream, differences] = [rng.normals(4 * size), rng.normals(4 * size * (firstWriter + writers))];
    const got = await runKernel(device.gpu, 'moved_streams', {
      buffers: { stream, differences, moved: untouched(4 * size * writers + 4) },
      params: { size, first_writer: firstWriter, writers },
      overrides: {},
      grid: { rows: groupsOf64(size * writers) },
      read: 'moved',
    });
    const expected = Array.from({ length: 4 * size * writers }, (_, i) => {
      return Math.fround(stream[i % (4 * size)]! + differences[4 * size * firstWriter + i]!);
    });
    expectSame('streams', new Float32Array(got), [...expected, ...untouched(4)]);
  });
}

export function addToStreamTests(device: TestDevice): void {
  const rng = randomNumbers(74);
  describe.each([
    ['no shift', 0],
    ['shift 0', 2],
    ['shift', 3],
    ['shifts of three runs', 3],
  ])('%s', (what, shifted) => {
    test.each([
      [1, 1, 0],
      [3, 5, 1],
      [9, 66, 4],
      [6, 3, 2],
    ])('%i tokens of %i vec4s, %i outputs', async (tokens, width4, parts) => {
      const size = tokens * 4 * width4;
      const [firstWriter, group] = [1, 2];
      const runs = what === 'shifts of three runs' && tokens % 3 === 0 ? 3 : 1;
      const ofRun = size / runs;
      const amounts = [what.startsWith('shifts') || what === 'shift' ? 0.375 : 0, -2, 0.5];
      const outputs = rng.normals(Math.max(1, parts) * size);
      const [before, after] = [rng.normals(4 * width4), rng.normals(4 * width4)];
      const stream = rng.normals(size);
      // Without an amount it must not be read.
      const differences = rng
        .normals((firstWriter + Math.max(1, shifted)) * ofRun)
        .map((x) => (amounts[0] ? x : Number.NaN));
      const got = new Float32Array(
        await runKernel(device.gpu, 'add_to_stream', {
          buffers: {
            outputs,
            bias_before: before,
            bias_after: after,
            shift: Float32Array.from(amounts.slice(0, runs).flatMap((amount) => [9, 9, amount, 9])),
            differences,
            stream: Float32Array.from([...stream, ...untouched(4)]),
          },
          params: { tokens, width4, parts, group, first_writer: firstWriter, shifted, groups: 4, runs },
          overrides: {},
          grid: { rows: groupsOf64(tokens * width4) },
          read: 'stream',
        }),
      );
      expectSame('beyond the last', got.subarray(size), untouched(4));
      const changes = (i: number): number[] => {
        const amount = amounts[Math.floor(i / ofRun)]!;
        return Array.from({ length: amount ? shifted : 0 }, (_, u) => {
          return amount * differences[(firstWriter + u) * ofRun + (i % ofRun)]!;
        });
      };
      const terms = (i: number): number[] => [
        stream[i]!,
        after[i % (4 * width4)]!,
        -before[i % (4 * width4)]!,
        ...Array.from({ length: parts }, (_, p) => outputs[p * size + i]!),
        ...changes(i),
      ];
      const sum = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0);
      const expected = Array.from({ length: size }, (_, i) => sum(terms(i)));
      const sizes = Array.from({ length: size }, (_, i) => sum(terms(i).map(Math.abs)));
      expectRounded('stream', got.subarray(0, size), expected, sizes, 4);
    });
  });
}

export function subtractOutputsTests(device: TestDevice): void {
  const rng = randomNumbers(75);
  test.each([
    [1, 1, 1, 0],
    [3, 2, 2, 0],
    [5, 17, 3, 1],
    [2, 1, 4, 1],
  ])('%i tokens of %i vec4s, %i writers, one row for all tokens: %i', async (tokens, width4, parts, same) => {
    const size = tokens * 4 * width4;
    const first = 1;
    const x = rng.normals(parts * (same ? 4 * width4 : size));
    const y = rng.normals((first + parts + 1) * size);
    const got = await runKernel(device.gpu, 'subtract_outputs', {
      buffers: { x, y },
      params: { tokens, width4, parts, first },
      overrides: { SAME_AT_EVERY_TOKEN: same },
      grid: { rows: groupsOf64(parts * tokens * width4) },
      read: 'y',
    });
    const expected = y.map((value, at) => {
      const i = at - first * size;
      if (i < 0 || i >= parts * size) return value;
      return Math.fround(value - x[same ? Math.floor(i / size) * 4 * width4 + (i % (4 * width4)) : i]!);
    });
    expectSame('differences', new Float32Array(got), expected);
  });
}

export function proximityTests(device: TestDevice): void {
  const rng = randomNumbers(76);
  test.each([
    [1, 1, 1],
    [3, 2, 5],
    [9, 7, 30],
    [2, 3, 770],
  ])('%i writers, %i tokens, width %i', async (writers, tokens, width) => {
    const x = rng.normals(tokens * width);
    const y = rng.normals(writers * tokens * width, 0.5);
    y.set(x.map((value) => -value)); // writer 0 goes the other way: it leads away
    const got = new Float32Array(
      await runKernel(device.gpu, 'proximity', {
        buffers: { x: paddedRows(x, width), y: paddedRows(y, width), nearness: untouched(writers * tokens + 1) },
        params: { tokens, writers, width4: Math.ceil(width / 4) },
        overrides: {},
        grid: { rows: writers * tokens },
        read: 'nearness',
      }),
    );
    const rows = Array.from({ length: writers * tokens }, (_, row) => ({
      x: x.subarray((row % tokens) * width, ((row % tokens) + 1) * width),
      y: y.subarray(row * width, (row + 1) * width),
    }));
    const expected = rows.map((row) => proximity(row.x, row.y));
    const sizes = rows.map((row) => row.x.reduce((sum, v, i) => sum + 2 * Math.abs(v) + Math.abs(row.y[i]!), 0));
    expectRounded('proximity', got.subarray(0, rows.length), expected, sizes, 4);
    const lengths = rows.slice(0, tokens).map((row) => row.x.reduce((sum, v) => sum - Math.abs(v), 0));
    expectRounded('of the opposite', got.subarray(0, tokens), lengths, sizes.slice(0, tokens), 4);
    expectSame('beyond the last row', got.subarray(rows.length), untouched(1));
  });

  test('NaN in the sum or in a writer stays NaN, and stays where it is', async () => {
    const [writers, tokens, width] = [3, 4, 6];
    const x = rng.normals(tokens * width);
    const y = rng.normals(writers * tokens * width);
    x[2 * width + 5] = Number.NaN; // token 2, for every writer
    y[(tokens + 1) * width] = Number.NaN; // token 1 of writer 1
    const got = await runKernel(device.gpu, 'proximity', {
      buffers: { x: paddedRows(x, width), y: paddedRows(y, width), nearness: untouched(writers * tokens) },
      params: { tokens, writers, width4: Math.ceil(width / 4) },
      overrides: {},
      grid: { rows: writers * tokens },
      read: 'nearness',
    });
    const broken = [...new Float32Array(got).entries()].filter(([, nearness]) => Number.isNaN(nearness));
    expect(broken.map(([row]) => row)).toEqual([2, tokens + 1, tokens + 2, 2 * tokens + 2]);
  });
}
