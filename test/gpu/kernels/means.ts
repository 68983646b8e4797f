import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { test } from 'vitest';
import { expectRounded, expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows, unpaddedRows } from '../../support/padded-rows.js';
import { randomNumbers } from '../../support/random.js';

const NO_GROUP = 0xffffffff;

export function accumulateMeansTests(device: TestDevice): void {
  const rng = randomNumbers(14);

  test.each([
    ['one token', 1, 1, 1, 1],
    ['one mean of all', 4, 23, 30, 1],
    ['one mean per position', 3, 27, 6, 9],
    ['many tokens', 2, 1001, 5, 1],
  ])('%s', async (_, writers, tokens, width, groups) => {
    const width4 = Math.ceil(width / 4);
    const values = [rng.normals(writers * tokens * width), rng.normals(writers * tokens * width)];
    // Two batches one after the other; some tokens are in no group.
    const groupOf = values.map(() =>
      Array.from({ length: tokens }, (_unused, t) => (t > 0 && t % 5 === 1 ? NO_GROUP : t % groups)),
    );
    const scale = Float32Array.from({ length: groups }, (_unused, g) => {
      return 1 / groupOf.flat().filter((group) => group === g).length;
    });
    let means: Float32Array = new Float32Array(writers * groups * 4 * width4);
    for (const [batch, writersOfBatch] of values.entries()) {
      const got = await runKernel(device.gpu, 'accumulate_means', {
        buffers: {
          writers: paddedRows(writersOfBatch, width),
          group_of: Uint32Array.from(groupOf[batch]!),
          scale,
          means,
        },
        params: { tokens, groups, width4 },
        overrides: {},
        grid: [groupsOf64(groups * width4), writers],
        read: 'means',
      });
      means = new Float32Array(got);
    }
    const real = unpaddedRows(means, width);
    expectSame('padding', means, paddedRows(real, width));
    const expected = new Float64Array(writers * groups * width);
    const sizes = new Float64Array(writers * groups * width);
    values.forEach((x, batch) => {
      x.forEach((value, i) => {
        const [writer, token, column] = [Math.floor(i / width / tokens), Math.floor(i / width) % tokens, i % width];
        const group = groupOf[batch]![token]!;
        if (group === NO_GROUP) return;
        const at = (writer * groups + group) * width + column;
        expected[at]! += scale[group]! * value;
        sizes[at]! += scale[group]! * Math.abs(value);
      });
    });
    expectRounded('means', real, expected, sizes, 4 + Math.sqrt(tokens / groups) / 8);
  });

  test('tokens cut into batches in any way give the same bits', async () => {
    const [writers, tokens, width] = [2, 24, 12];
    const values = rng.normals(writers * tokens * width);
    const meansOf = async (perBatch: number): Promise<Float32Array> => {
      let means: Float32Array = new Float32Array(writers * width);
      for (let first = 0; first < tokens; first += perBatch) {
        const batch = Array.from({ length: writers }, (_, u) => {
          return [...values.subarray((u * tokens + first) * width, (u * tokens + first + perBatch) * width)];
        });
        const got = await runKernel(device.gpu, 'accumulate_means', {
          buffers: {
            writers: Float32Array.from(batch.flat()),
            group_of: new Uint32Array(perBatch),
            scale: Float32Array.of(1 / tokens),
            means,
          },
          params: { tokens: perBatch, groups: 1, width4: width / 4 },
          overrides: {},
          grid: [1, writers],
          read: 'means',
        });
        means = new Float32Array(got);
      }
      return means;
    };
    const whole = await meansOf(tokens);
    for (const perBatch of [1, 2, 3, 8, 12]) expectSame(`${perBatch} at a time`, await meansOf(perBatch), whole);
  });
}

export function spreadMeansTests(device: TestDevice): void {
  const rng = randomNumbers(15);

  test.each([
    ['one token', 1, 1, 1, 1],
    ['one mean of all', 4, 23, 30, 1],
    ['one mean per position', 3, 27, 6, 9],
  ])('%s', async (_, writers, tokens, width, groups) => {
    const width4 = Math.ceil(width / 4);
    const means = rng.normals(writers * groups * width);
    const size = writers * tokens * 4 * width4;
    const got = await runKernel(device.gpu, 'spread_means', {
      buffers: { means: paddedRows(means, width), ablated: untouched(size + 4) },
      params: { tokens, groups, width4 },
      overrides: {},
      grid: [groupsOf64(tokens * width4), writers],
      read: 'ablated',
    });
    const ablated = new Float32Array(got);
    expectSame('beyond the last writer', ablated.subarray(size), untouched(4));
    const expected = Float32Array.from({ length: writers * tokens * width }, (_unused, i) => {
      const [writer, token, column] = [Math.floor(i / width / tokens), Math.floor(i / width) % tokens, i % width];
      return means[(writer * groups + (token % groups)) * width + column]!;
    });
    expectSame('means', ablated.subarray(0, size), paddedRows(expected, width));
  });
}
