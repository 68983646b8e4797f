/** How many prompts and circuits go through a pass at once, and what the plan says when not even one does. */
import { expect, test } from 'vitest';
import { Topology } from '../../../src/circuit/topology.js';
import { tensorBytes } from '../../../src/pass/pass-plan.js';
import { layoutOf } from '../../../src/model/layout.js';
import type { ModelSpec } from '../../../src/model/spec.js';
import { gpt2Spec, randomModel } from '../../../src/model/random-model.js';
import { planRun, type RunLimits, type RunPlan, type RunSize } from '../../../src/evaluate/memory-plan.js';
import { planFor, type PlanOptions } from '../../../src/run/identity.js';

const spec = gpt2Spec({ layers: 3, heads: 4, headWidth: 8, mlpWidth: 128, vocab: 500, maxPositions: 32 });
const topology = new Topology({ layers: 3, heads: 4, parallel: false });
const layout = layoutOf(spec);
const SIZE: RunSize = { prompts: 12, sequence: 20, directEdges: true, circuits: 8, resident: true };
const LIMITS: RunLimits = { maxBinding: 1e9, maxWorkgroups: 65535, budget: 1e9 };

const plan = (size: Partial<RunSize>, limits: Partial<RunLimits>): RunPlan =>
  planRun(topology, layout, { ...SIZE, ...size }, { ...LIMITS, ...limits });

test('every tensor is sized in one table, whose sum is what the run takes', () => {
  const { tensors, bytes, shape, microBatches } = plan({}, {});
  expect([shape.prompts, shape.circuits, microBatches]).toEqual([12, 8, 1]);
  for (const tensor of tensors) expect(tensor.bytes).toBe(tensorBytes(tensor.shape));
  expect(bytes).toBe(tensors.reduce((sum, tensor) => sum + tensor.bytes * tensor.count, 0));
  expect(new Set(tensors.map(({ name }) => name)).size).toBe(tensors.length);
});

test('the less there is, the fewer circuits, then the fewer prompts; never more than fits', () => {
  const whole = plan({}, {}).bytes;
  let last = { circuits: Infinity, prompts: Infinity };
  const seen = new Set<string>();
  for (let budget = 1.05 * whole; ; budget *= 0.9) {
    let found: RunPlan;
    try {
      found = plan({}, { budget });
    } catch {
      break;
    }
    const { shape, microBatches, bytes } = found;
    expect(bytes).toBeLessThanOrEqual(budget);
    expect(microBatches).toBe(Math.ceil(12 / shape.prompts));
    expect(shape.circuits === 1 || shape.prompts === 12).toBe(true);
    expect(shape.circuits).toBeLessThanOrEqual(last.circuits);
    expect(shape.prompts).toBeLessThanOrEqual(last.prompts);
    last = shape;
    seen.add(`${shape.circuits} x ${shape.prompts}`);
  }
  expect([...seen]).toEqual(expect.arrayContaining(['8 x 12', '4 x 12', '2 x 12', '1 x 12', '1 x 6', '1 x 4']));
});

test('no tensor is larger than a binding, no dispatch larger than the adapter takes', () => {
  const widest = (found: RunPlan): number => Math.max(...found.tensors.map(({ bytes }) => bytes));
  const bound = plan({}, { maxBinding: 2e5 });
  expect(widest(bound)).toBeLessThanOrEqual(2e5);
  expect(bound.microBatches).toBeGreaterThan(1);
  const rows = plan({}, { maxWorkgroups: 10 }).shape;
  expect((rows.prompts * rows.sequence) / 8).toBeLessThanOrEqual(10);
});

test('sums over cut edges take an eighth of the budget at most, and none where circuits do not follow one another', () => {
  const { tensors, shape } = plan({ circuits: 1 }, { budget: 2e6 });
  const cutSums = tensors.find(({ name }) => name === 'cutSums')!;
  expect(cutSums.bytes * cutSums.count).toBeLessThanOrEqual(2e6 / 8);
  expect(shape.cutSums).toBeGreaterThan(0);
  expect(shape.cutSums).toBeLessThan(topology.ports.length);
  expect(plan({}, {}).shape.cutSums).toBe(topology.ports.length);
  expect(plan({ resident: false }, {}).shape.cutSums).toBe(0);
});

test('sums over cut edges take what is left, and never what prompts or circuits need', () => {
  for (const circuits of [1, 8]) {
    const most = plan({ circuits }, {});
    const bytes = bytesWithoutBases(most);
    const slot = most.tensors.find(({ name }) => name === 'cutSums')!.bytes / most.shape.cutSums;
    const exact = plan({ circuits }, { budget: bytes });
    expect(exact.shape).toEqual({ ...most.shape, cutSums: 0 });
    expect(exact.bytes).toBe(bytes);
    expect(plan({ circuits }, { budget: bytes + 3 * slot }).shape).toEqual({ ...most.shape, cutSums: 3 });
    expect(plan({ circuits }, { budget: bytes - 1 }).shape).not.toMatchObject({ circuits, prompts: 12 });
  }
});

test('means of mean ablation are in the table: of every writer, one or one per position', async () => {
  const model = await randomModel(spec, 1);
  const pairs = [5, 7].map((length) => ({ clean: Array.from({ length }, () => 1), correct: [2], wrong: [3] }));
  const longer = [{ clean: Array.from({ length: 11 }, () => 1) }];
  const found = (options: PlanOptions): RunPlan => planFor(model, topology, pairs, false, LIMITS, options);
  const means = ({ tensors }: RunPlan): object => tensors.find(({ name }) => name === 'means')!;
  const writers = topology.writers.length;
  const row = (groups: number): object => ({ bytes: groups * writers * 32 * 4, count: 1 });
  expect(means(found({ ablation: 'mean-positional' }))).toMatchObject(row(7));
  expect(means(found({ ablation: 'mean' }))).toMatchObject(row(1));
  // The prompts that a mean is over pass through the same tensors; without a mean they matter to nothing.
  expect(means(found({ ablation: 'mean-positional', meanPairs: longer }))).toMatchObject(row(11));
  expect(found({ ablation: 'mean', meanPairs: longer }).shape).toMatchObject({ prompts: 2, sequence: 11 });
  for (const ablation of ['resample', 'zero'] as const) {
    expect(found({ ablation, meanPairs: longer })).toEqual(found({ ablation }));
    expect(means(found({ ablation }))).toMatchObject({ bytes: 16 });
  }
});

test('columns of answers are in the table where logits are capped or biased, and of no more answers than are gathered', async () => {
  const answered = (ids: readonly number[]) => [{ clean: [1, 2], correct: ids, wrong: [0] }];
  const rows = async (changes: Partial<ModelSpec>, ids: readonly number[]) => {
    const model = await randomModel({ ...spec, ...changes }, 1);
    const { tensors } = planFor(model, topology, answered(ids), false, LIMITS);
    const found = (name: string): number | undefined =>
      tensors.filter((one) => one.name === name).map(({ bytes, count }) => bytes * count)[0];
    return { directions: found('directions'), panels: found('answerPanels'), rows: found('answerRows') };
  };
  const column = 32 * 4;
  expect(await rows({}, [1, 2])).toEqual({ directions: column, panels: undefined, rows: undefined });
  // Three answers, the wrong one included; panels have 128 columns.
  const few = { directions: undefined, panels: 128 * column, rows: 3 * column };
  expect(await rows({ logitSoftcap: 3 }, [1, 2])).toEqual(few);
  expect(await rows({ logitBias: true }, [1, 2])).toEqual(few);
  expect(await rows({ logitBias: true }, [1, 1, 2])).toEqual(few);
  // A batch with more answers than 64 computes all logits; a smaller one beside it may still gather so many.
  const many = Array.from({ length: 100 }, (_, i) => i);
  expect(await rows({ logitSoftcap: 3 }, many)).toEqual({ ...few, rows: 64 * column });
});

test('each micro-batch keeps its own state', () => {
  const { tensors, microBatches } = plan({ circuits: 1 }, { budget: 2e6 });
  expect(microBatches).toBeGreaterThan(1);
  const counts = Object.fromEntries(tensors.map(({ name, count }) => [name, count]));
  expect(counts).toMatchObject({
    inputs: 1,
    tables: 1,
    outputs: microBatches,
    projections: 3 * microBatches,
    ablated: microBatches,
    reference: microBatches,
  });
});

test('what does not fit one prompt at a time is refused with the numbers', () => {
  expect(() => plan({}, { budget: 1e5 })).toThrow(
    /^memory plan: the run takes \d+(\.\d+)? MB one prompt at a time, the limit is 0\.10 MB \(12 prompts of 20 tokens\)$/,
  );
  // Sums over cut edges give way, nothing else can.
  const bytes = bytesWithoutBases(plan({ prompts: 1, circuits: 1 }, {}));
  expect(() => plan({ prompts: 1, circuits: 1 }, { budget: bytes - 1 })).toThrow(
    `memory plan: the run takes ${(bytes / 1e6).toFixed(2)} MB one prompt at a time`,
  );
  const widest = plan({ prompts: 1, circuits: 1 }, {})
    .tensors.filter(({ name }) => name !== 'cutSums')
    .reduce((a, b) => (b.bytes > a.bytes ? b : a));
  expect(() => plan({}, { maxBinding: widest.bytes - 4 })).toThrow(
    new RegExp(
      `^memory plan: ${widest.name} takes ${(widest.bytes / 1e6).toFixed(2)} MB for a single prompt, ` +
        `this adapter binds at most ${((widest.bytes - 4) / 1e6).toFixed(2)} MB \\(12 prompts of 20 tokens\\)$`,
    ),
  );
});

/** What the plan would take without sums over cut edges. */
function bytesWithoutBases({ tensors, bytes }: RunPlan): number {
  const cutSums = tensors.find(({ name }) => name === 'cutSums')!;
  return bytes - cutSums.bytes * cutSums.count + tensorBytes([0]);
}
