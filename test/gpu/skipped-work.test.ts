import { expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import type { PatchingEvaluator } from '../../src/evaluate/evaluator.js';
import { uploadModel, withEvaluator } from '../support/evaluators.js';
import { useDevice } from '../support/gpu.js';
import { withSides } from '../support/sides.js';

// A pass leaves out nodes without effect and layers that the last pass has already computed. Neither may change a bit,
// in whatever order circuits come: here sparse and dense ones in turn, and ones that differ in a single edge, so that
// nodes die and come back to life.

const device = useDevice();
const spec = gpt2Spec({ layers: 4, heads: 3, headWidth: 5, mlpWidth: 22, vocab: 37, maxPositions: 8 });

function circuits(topology: EdgeSet['topology']): EdgeSet[] {
  const rng = createRng(5);
  const list: EdgeSet[] = [];
  for (let i = 0; i < 12; i++) {
    const density = [0.05, 0.9, 0.2, 0.02, 0.5][i % 5]!;
    const circuit = EdgeSet.where(topology, (id) => rng.next() < (id < topology.additionEdges ? density : 0.8));
    list.push(circuit);
    // Edges into the logits decide which nodes are in use, those of early layers which values they have.
    for (const port of [topology.logitsPort, topology.logitsPort, topology.mlpPort(2), topology.headPort(1, 'k', 2)]) {
      const id = topology.firstEdge(port) + rng.below(topology.fanIn(port));
      const last = list.at(-1)!;
      list.push(last.has(id) ? last.without(id) : last.with(id));
    }
  }
  return [...list, EdgeSet.full(topology), EdgeSet.empty(topology), EdgeSet.full(topology)];
}

test('circuits in any order give the bits that each gives alone', async () => {
  const model = await uploadModel(device.gpu, await randomModel(spec, 3));
  const rng = createRng(6);
  const pairs = Array.from({ length: 3 }, () => {
    const prompt = (): number[] => Array.from({ length: 6 }, () => rng.below(spec.vocab));
    return { clean: prompt(), corrupted: prompt(), position: 5, correct: [1], wrong: [2] };
  });
  const all = circuits(model.topology);
  const choice = { directEdges: true } as const;
  // A pass over other prompts in between leaves nothing that the next could build on.
  const alone = await withSides(model, pairs, 'token', async (evaluate) => {
    const values: number[][] = [];
    for (const circuit of all) {
      await evaluate('corrupted', EdgeSet.full(model.topology), ['kl']);
      values.push((await evaluate('clean', circuit, ['kl'])).kl!);
    }
    return values;
  });
  await withEvaluator(model, pairs, choice, async (evaluator) => {
    for (const [i, circuit] of all.entries()) {
      expect((await evaluator.evaluate([circuit], ['kl']))[0]!.kl, `circuit ${i}`).toEqual(alone[i]);
    }
  });
  for (const several of [3, 4]) {
    await withEvaluator(model, pairs, { ...choice, circuits: several }, async (evaluator) => {
      const values = await evaluator.evaluate(all, ['kl']);
      values.forEach(({ kl }, i) => expect(kl, `circuit ${i}, ${several} at once`).toEqual(alone[i]));
    });
  }
  expect(new Set(alone.map(String)).size).toBeGreaterThan(25);
  model.weights.dispose();
});

test('a pass that failed leaves nothing that the next would build on', async () => {
  const model = await uploadModel(device.gpu, await randomModel(spec, 4));
  const { topology } = model;
  const pairs = [{ clean: [1, 2, 3], corrupted: [1, 5, 6], position: 2, correct: [], wrong: [] }];
  const circuit = EdgeSet.full(topology).without(topology.firstEdge(topology.mlpPort(0)));
  const cutDirect = circuit.without(topology.directEdge(topology.headPort(2, 'v', 1)));
  const value = (evaluator: PatchingEvaluator): Promise<number> => evaluator.metric(circuit);
  const expected = await withEvaluator(model, pairs, {}, value);
  await withEvaluator(model, pairs, {}, async (evaluator) => {
    await expect(evaluator.metric(cutDirect)).rejects.toThrow(/direct edges/);
    expect(await value(evaluator)).toBe(expected);
  });
  expect(expected).toBeGreaterThan(0);
  model.weights.dispose();
});

test('a sum over cut edges that a failed pass would have kept is formed anew', async () => {
  const model = await uploadModel(device.gpu, await randomModel(spec, 4));
  const { topology } = model;
  const pairs = [{ clean: [1, 2, 3], corrupted: [4, 5, 6], position: 2, correct: [], wrong: [] }];
  // The last eight writers that the logits read: two layers, so that part of the sum is kept at once and all of it the
  // second time.
  const last = topology.firstEdge(topology.logitsPort) + topology.fanIn(topology.logitsPort);
  const cut = (count: number): EdgeSet => EdgeSet.where(topology, (id) => id < last - count || id >= last);
  const circuit = cut(8);
  const cutDirect = circuit.without(topology.directEdge(topology.headPort(1, 'v', 1)));
  const next = [circuit, cut(9), circuit.without(topology.firstEdge(topology.mlpPort(1))), EdgeSet.full(topology)];
  const values = async (evaluator: PatchingEvaluator): Promise<number[]> => {
    const found: number[] = [];
    for (const one of next) found.push(await evaluator.metric(one));
    return found;
  };
  const choice = { cutSums: topology.ports.length };
  const expected = await withEvaluator(model, pairs, choice, values);
  expect(new Set(expected).size).toBe(next.length);
  for (const failures of [1, 2, 3]) {
    await withEvaluator(model, pairs, choice, async (evaluator) => {
      for (let i = 0; i < failures; i++) await expect(evaluator.metric(cutDirect)).rejects.toThrow(/direct edges/);
      expect(await values(evaluator), `after ${failures} failures`).toEqual(expected);
    });
  }
  // Also what was kept before the failure is formed anew.
  await withEvaluator(model, pairs, choice, async (evaluator) => {
    for (let i = 0; i < 3; i++) await evaluator.metric(cut(6));
    for (let i = 0; i < 2; i++) await expect(evaluator.metric(cutDirect)).rejects.toThrow(/direct edges/);
    expect(await values(evaluator)).toEqual(expected);
  });
  model.weights.dispose();
});

test('a mean over many prompts takes no more memory than a mean over few', async () => {
  const model = await uploadModel(device.gpu, await randomModel(spec, 5));
  const pair = { clean: [1, 2, 3], corrupted: [1, 5, 6], position: 2, correct: [], wrong: [] };
  const peak = async (prompts: number): Promise<number> => {
    const meanSource = { pairs: Array.from({ length: prompts }, () => pair), side: 'clean' as const };
    const before = device.gpu.peakBytes;
    await withEvaluator(model, [pair], { ablation: 'mean', meanSource }, (evaluator) =>
      evaluator.metric(EdgeSet.empty(model.topology)),
    );
    return device.gpu.peakBytes - before;
  };
  await peak(2);
  expect(await peak(40)).toBe(0);
  model.weights.dispose();
});
