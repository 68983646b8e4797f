import { expect, test } from 'vitest';
import { Topology } from '../../../../src/circuit/topology.js';
import { jobSize } from '../../../../src/gpu/kernel.js';
import { layOutTables, tableWords, type JobTable } from '../../../../src/pass/tables/table-layout.js';
import { PLAIN_PIECES } from '../../../support/layouts.js';

const topology = new Topology({ layers: 2, heads: 3, parallel: false });
const layout = {
  width4: 6,
  head4: 2,
  mlp4: 24,
  vocabStride: 128,
  projectionHeads: { q: 3, k: 3, v: 3 },
  ...PLAIN_PIECES,
};
const shape = { circuits: 4, prompts: 5, sequence: 7, cutSums: 2 };

test('tables and row lists follow one another without a gap, and the lists of writers come last', () => {
  const { rowsAt, layers, logits, listsAt, words } = layOutTables(topology, layout, shape, 1 << 20);
  const sizes = new Map<number, number>([
    [rowsAt.every, 35],
    [rowsAt.differing, 35],
    [rowsAt.metric, 5],
    [rowsAt.logits, 5],
  ]);
  const add = ({ jobsAt }: JobTable, size: number): unknown => sizes.set(jobsAt, size);
  const [input, base, product] = [jobSize('port_inputs'), jobSize('cut_sums'), jobSize('matmul')];
  for (const layer of layers) {
    add(layer.headInputs.cutSums, 9 * base);
    add(layer.headInputs.inputs, 4 * 9 * input);
    layer.projections.forEach((table) => add(table, 4 * (9 + 1) * product));
    add(layer.replaced, 4 * 9 * jobSize('copy_rows'));
    add(layer.heads, 4 * 3 * jobSize('attention_pattern'));
    layer.attentionOut.forEach((table) => add(table, 4 * 3 * product));
    add(layer.mlpInput.cutSums, base);
    add(layer.mlpInput.inputs, 4 * input);
    layer.mlpIn.forEach((table) => add(table, product));
    layer.mlpOut.forEach((table) => add(table, product));
  }
  add(logits.cutSums, base);
  add(logits.inputs, 4 * input);
  let end = 0;
  for (const at of [...sizes.keys()].sort((a, b) => a - b)) {
    expect(at).toBe(end);
    end += sizes.get(at)!;
  }
  expect(listsAt).toBe(end);
  // Each writer of a port once per circuit, and once more to bring a kept sum up to date. Then the rows of
  // the MLPs of all circuits.
  expect(words).toBe(end + 5 * topology.additionEdges + 2 * 4 * 35);
  expect(tableWords(topology, layout, shape, 1 << 20)).toBe(words);
});

test('a matrix in chunks has a table for each', () => {
  // A panel of the MLP's first matrix [24, 96] takes 64 * 6 * 32 bytes; its 24 vec4 columns lie in one.
  const wide = { ...layout, mlp4: 70 };
  const { layers } = layOutTables(topology, wide, shape, 64 * 6 * 32);
  expect(layers[0]!.mlpIn).toHaveLength(3);
});
