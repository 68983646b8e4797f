import { groupsOf64 } from '../../../src/gpu/workgroups.js';
import { test } from 'vitest';
import { expectSame, runKernel, type TestDevice } from '../../support/gpu.js';
import { JobWords } from '../../support/job-words.js';
import { randomNumbers } from '../../support/random.js';

export function replaceProjectionsTests(device: TestDevice): void {
  const rng = randomNumbers(11);

  test.each([
    ['one port', 1, 1, 1, 1, 1, [[0, 0]]],
    [
      'some projections of some circuits',
      3,
      2,
      13,
      5,
      2,
      [
        [2, 0],
        [0, 14],
        [0, 3],
        [2, 7],
      ],
    ],
    ['every port', 2, 1, 70, 2, 3, [0, 1].flatMap((c) => [0, 1, 2, 3, 4, 5].map((p) => [c, p]))],
  ])('%s', async (_, circuits, layers, tokens, heads, head4, jobs) => {
    const headPorts = 3 * heads;
    const layerSize = tokens * headPorts * 4 * head4;
    const projections = rng.normals(circuits * layerSize);
    const ablated = rng.normals(layers * layerSize);
    const layer = layers - 1;
    const all = Array.from({ length: tokens }, (_unused, t) => t);
    const control = new JobWords('replace_projections', jobs.length, 1);
    const rowsAt = control.list(all).at;
    // The last of several jobs leaves out the last token.
    const rowsOf = (j: number): number[] => (j > 0 && j === jobs.length - 1 ? all.slice(0, -1) : all);
    const got = await runKernel(device.gpu, 'replace_projections', {
      buffers: {
        control: control.words(
          jobs.map(([circuit, port], j) => ({
            circuit: circuit!,
            port: port!,
            rows_at: rowsAt,
            rows: rowsOf(j).length,
          })),
        ),
        ablated_projections: ablated,
        projections,
      },
      params: { tokens, head_ports: headPorts, head4, layer, jobs_at: control.jobsAt },
      overrides: {},
      grid: [groupsOf64(tokens * head4), jobs.length],
      read: 'projections',
    });
    const expected = projections.slice();
    for (const [j, [circuit, port]] of jobs.entries()) {
      for (const token of rowsOf(j)) {
        const at = (token * headPorts + port!) * 4 * head4;
        const values = ablated.subarray(layer * layerSize + at, layer * layerSize + at + 4 * head4);
        expected.set(values, circuit! * layerSize + at);
      }
    }
    expectSame('projections', new Float32Array(got), expected);
  });
}
