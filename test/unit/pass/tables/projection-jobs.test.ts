/** Jobs of projections where ports and columns of the matrix are two numbers. */
import { describe, expect, test } from 'vitest';
import { columnRuns } from '../../../../src/block/projected-ports.js';
import { BRANCHES } from '../../../../src/circuit/nodes.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { kernels } from '../../../../src/gpu/kernels.gen.js';
import { matrixChunks, PANEL4 } from '../../../../src/gpu/product/matrix.js';
import { projectionColumn4, projectionColumns4, type Layout } from '../../../../src/model/layout.js';
import { JobWriter } from '../../../../src/pass/tables/job-writer.js';
import { PLAIN_PIECES } from '../../../support/layouts.js';
import { writeProjections } from '../../../../src/pass/tables/projection-jobs.js';

const FIELDS = kernels.matmul.job;

/** A layer of 6 heads that share `shared` key and value heads. */
function layer(shared: number, head4: number): { readonly topology: Topology; readonly layout: Layout } {
  const topology = new Topology({ layers: 1, heads: 6, parallel: false });
  const projectionHeads = { q: 6, k: shared, v: shared };
  return { topology, layout: { width4: 3, head4, mlp4: 4, vocabStride: 8, projectionHeads, ...PLAIN_PIECES } };
}

test('ports whose columns lie side by side are one run', () => {
  const alike = layer(6, 5);
  expect(columnRuns(alike.topology, alike.layout, BRANCHES)).toEqual([{ first: 0, out: 0, columns: 90 }]);
  const { topology, layout } = layer(2, 5);
  expect(columnRuns(topology, layout, BRANCHES)[0]).toEqual({ first: 0, out: 0, columns: 35 });
  expect(columnRuns(topology, layout, ['q'])).toEqual([{ first: 0, out: 0, columns: 30 }]);
});

describe.each([
  ['every head its own', 6, 5],
  ['two key and value heads', 2, 5],
  ['one, wider than a panel', 1, PANEL4 + 7],
])('%s', (_, shared, head4) => {
  test.each([1, 40, 1000])(
    'every column of every computed port is made once, from its own column (%i panels a chunk)',
    (panels) => {
      const { topology, layout } = layer(shared, head4);
      const ports = topology.attentionPorts;
      const tokens = 2;
      const chunks = matrixChunks(layout.width4, projectionColumns4(layout), 64 * layout.width4 * PANEL4 * panels);
      const room = 200 * FIELDS.length;
      const tables = chunks.map((_chunk, i) => ({ jobsAt: i * room, count: 0, rows: 0 }));
      const writer = new JobWriter(chunks.length * room, chunks.length * room);
      // Two circuits. Ports share inputs here and there, and some are not computed.
      const inputs = Array.from({ length: 2 * ports }, (_unused, p) => ({
        firstRow: 10 * p,
        rows: { count: 3, at: 7 },
      }));
      const slots = inputs.map((own, p) =>
        p % 7 === 3 ? undefined : p % 5 === 1 && (p - 1) % 7 !== 3 ? inputs[p - 1] : own,
      );
      const runs = columnRuns(topology, layout, BRANCHES);
      writeProjections(writer, tables, chunks, { ports, runs, head4, width4: layout.width4, tokens }, slots);

      const made = new Map<number, { readonly column: number; readonly a: number }>();
      tables.forEach(({ jobsAt, count }, i) => {
        for (let j = 0; j < count; j++) {
          const at = jobsAt + j * FIELDS.length;
          const job = Object.fromEntries(FIELDS.map((field, f) => [field, writer.words[at + f]!]));
          const panel = job['weight']! / (4 * layout.width4);
          for (let c = job['first']!; c < job['end']!; c++) {
            const out = job['out']! + c;
            expect(made.has(out), `column ${out} is made twice`).toBe(false);
            expect(job['bias']!).toBe(chunks[i]!.firstColumn4 + panel);
            made.set(out, { column: chunks[i]!.firstColumn4 + panel + c, a: job['a']! });
          }
        }
      });
      const wanted = new Map<number, { readonly column: number; readonly a: number }>();
      for (let c = 0; c < 2; c++) {
        for (const branch of BRANCHES) {
          for (let head = 0; head < 6; head++) {
            const port = topology.attentionPort(branch, head);
            const slot = slots[c * ports + port];
            for (let k = 0; slot && k < head4; k++) {
              const out = (c * tokens * ports + port) * head4 + k;
              const column = projectionColumn4(layout, branch, head) + k;
              wanted.set(out, { column, a: slot.firstRow * layout.width4 });
            }
          }
        }
      }
      expect(new Map([...made].sort(([a], [b]) => a - b))).toEqual(new Map([...wanted].sort(([a], [b]) => a - b)));
    },
  );
});
