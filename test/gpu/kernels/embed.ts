import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { describe, test } from 'vitest';
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
}
