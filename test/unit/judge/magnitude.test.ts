import { expect, test } from 'vitest';
import { edgeMagnitudes } from '../../../src/judge/magnitude.js';
import { gpt2Spec, randomModel } from '../../../src/model/random-model.js';
import { layerTensor, type TensorName } from '../../../src/model/weight-table.js';
import { topologyOf } from '../../../src/run/identity.js';

test('an edge is as strong as what writes into it times what reads from it, entry by entry', async () => {
  const sizes = { layers: 2, heads: 3, headWidth: 4, mlpWidth: 7, vocab: 11, maxPositions: 5 };
  const model = await randomModel(gpt2Spec(sizes), 5);
  const topology = topologyOf(model);
  const magnitudes = await edgeMagnitudes(model, topology);
  const { heads, headWidth, mlpWidth, vocab } = sizes;
  const width = heads * headWidth;
  /** Norm of the entries of a row-major matrix that lie in these rows and columns. */
  const norm = async (name: TensorName, columns: number, rows: [number, number], within: [number, number]) => {
    const matrix = await model.weights.read(name);
    let sum = 0;
    for (let row = rows[0]; row < rows[1]; row++) {
      for (let column = within[0]; column < within[1]; column++) sum += matrix[row * columns + column]! ** 2;
    }
    return Math.sqrt(sum);
  };
  const ofHead = (head: number): [number, number] => [head * headWidth, (head + 1) * headWidth];
  const writes: Record<string, number> = {
    'a0.h1': await norm(layerTensor(0, 'wo'), width, ofHead(1), [0, width]),
    m0: await norm(layerTensor(0, 'wout'), width, [0, mlpWidth], [0, width]),
    input: await norm('embed', width, [0, vocab], [0, width]),
  };
  const reads: Record<string, number> = {
    'a1.h2<k>': await norm(layerTensor(1, 'wk'), width, [0, width], ofHead(2)),
    'a1.h0<v>': await norm(layerTensor(1, 'wv'), width, [0, width], ofHead(0)),
    m1: await norm(layerTensor(1, 'win'), mlpWidth, [0, width], [0, mlpWidth]),
    logits: await norm('embed', width, [0, vocab], [0, width]),
  };
  for (const [writer, wrote] of Object.entries(writes)) {
    for (const [reader, read] of Object.entries(reads)) {
      const found = magnitudes[topology.edgeId(`${writer}->${reader}`)!]!;
      expect(Math.abs(found / (wrote * read) - 1), `${writer}->${reader}`).toBeLessThan(1e-6);
    }
  }
  expect(magnitudes.slice(topology.additionEdges).every(Number.isNaN)).toBe(true);
  expect(magnitudes.slice(0, topology.additionEdges).every((value) => value > 0)).toBe(true);
});
