import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { describe, expect, test } from 'vitest';
import { widened, type StoredValues } from '../../../src/base/stored-values.js';
import { Arena } from '../../../src/gpu/arena.js';
import { packColumns } from '../../../src/gpu/product/panels.js';
import { PANEL4 } from '../../../src/gpu/product/matrix.js';
import { expectSame, runKernel, untouched, type TestDevice } from '../../support/gpu.js';
import { paddedRows } from '../../support/padded-rows.js';
import { panels } from '../../support/panels.js';
import { randomNumbers } from '../../support/random.js';

export function embedTests(device: TestDevice): void {
  const rng = randomNumbers(12);

  // With positions a power of two, so that the one rounding is that of the sum.
  describe.each([
    [0, 1],
    [1, 1],
    [0, Math.fround(Math.sqrt(1152))],
    [1, 4],
  ])('positions in the input writer: %i, scale %d', (addPositions, scale) => {
    test.each([
      ['one token', 1, 1, 1, 1, 1, 1],
      ['two circuits, three prompts', 2, 3, 9, 30, 67, 1],
      ['several panels', 1, 4, 33, 6, 515, 5],
      ['a matrix in chunks', 3, 4, 33, 5, 515, 1],
      ['a matrix in chunks of two panels', 1, 4, 33, 5, 515, 2],
    ])('%s', async (_, circuits, prompts, sequence, width, vocab, panelsPerChunk) => {
      const tokens = prompts * sequence;
      const writers = 3;
      const width4 = Math.ceil(width / 4);
      const table = rng.normals(vocab * width);
      const positions = rng.normals((sequence + 2) * width);
      const ids = rng.ids(tokens, vocab);
      ids.splice(0, Math.min(2, tokens), ...[vocab - 1, 0].slice(0, tokens));
      const idsPerChunk = panelsPerChunk * 4 * PANEL4;
      let outputs = untouched(circuits * writers * tokens * 4 * width4);
      for (let first = 0; first < vocab; first += idsPerChunk) {
        const held = Math.min(idsPerChunk, vocab - first);
        const got = await runKernel(device.gpu, 'embed', {
          buffers: {
            weight: panels(table.subarray(first * width, (first + held) * width), width),
            ids: Uint32Array.from(ids),
            positions: paddedRows(positions, width),
            outputs,
          },
          params: {
            tokens,
            sequence,
            width4,
            first_id: first,
            ids_held: held,
            add_positions: addPositions,
            circuit_stride: writers * tokens * width4,
            scale,
          },
          overrides: {},
          grid: [groupsOf64(tokens * width4), circuits],
          read: 'outputs',
        });
        outputs = new Float32Array(got);
      }
      // A copy, a multiplication or an addition: exact.
      const input = Float32Array.from({ length: tokens * width }, (_unused, i) => {
        const [token, column] = [Math.floor(i / width), i % width];
        const embedded = scale * table[ids[token]! * width + column]!;
        return embedded + addPositions * positions[(token % sequence) * width + column]!;
      });
      const circuit = [...paddedRows(input, width), ...untouched((writers - 1) * tokens * 4 * width4)];
      expectSame('outputs', outputs, Array.from({ length: circuits }, () => circuit).flat());
    });
  });

  test.each(['f16', 'bf16'] as const)('every %s there is', async (storage) => {
    // 512 tokens of 128 numbers.
    const [vocab, width] = [512, 128];
    const stored = { storage, values: Uint16Array.from({ length: vocab * width }, (_, i) => i) };
    const run = async (weights: StoredValues): Promise<Float32Array> => {
      const arena = new Arena(device.gpu);
      try {
        const matrix = await packColumns(arena, 'embedding', weights, width);
        const outputs = arena.tensor('outputs', [vocab, width]);
        const operation = await arena.operation('embed', {
          buffers: {
            weight: matrix.chunks[0]!.data,
            ids: arena.upload(
              'ids',
              Uint32Array.from({ length: vocab }, (_, id) => id),
            ),
            positions: arena.tensor('positions', [4]),
            outputs,
          },
          params: {
            tokens: vocab,
            sequence: 1,
            width4: width / 4,
            first_id: 0,
            ids_held: vocab,
            add_positions: 0,
            circuit_stride: 0,
            scale: 1,
          },
          overrides: {},
        });
        const recording = device.gpu.record();
        recording.dispatch(operation, groupsOf64((vocab * width) / 4));
        recording.submit();
        return new Float32Array(await device.gpu.read(outputs));
      } finally {
        arena.dispose();
      }
    };
    const wide = widened(stored);
    const got = await run(stored);
    expectSame('as f32', got, await run({ storage: 'f32', values: wide }));
    // Numbers below 2^-126 may count as 0, which only bfloat16 has.
    expectSame(
      'values',
      got.filter((_, i) => !(Math.abs(wide[i]!) < 2 ** -126)),
      wide.filter((value) => !(Math.abs(value) < 2 ** -126)),
    );
    expect(wide.filter((value) => Math.abs(value) < 2 ** -126)).toHaveLength(storage === 'f16' ? 2 : 256);
  });
}
