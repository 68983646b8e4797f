import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mean } from '../../../src/base/mean.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { sharesOf, SplitEvaluator } from '../../../src/evaluate/split-evaluator.js';
import type { TaskEvaluator } from '../../../src/evaluate/task-evaluator.js';

const topology = new Topology({ layers: 1, heads: 2, parallel: false, attentionOnly: false });
const CIRCUITS = [EdgeSet.full(topology), EdgeSet.empty(topology)];

test('shares are neighbours in order, equal but for one, the first the largest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 9 }), (prompts, devices) => {
      const shares = sharesOf(prompts, devices);
      expect(shares.flat()).toEqual(prompts);
      const sizes = shares.map(({ length }) => length);
      expect(sizes).toHaveLength(Math.max(1, Math.min(devices, prompts.length)));
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
      expect(sizes[0]! - sizes.at(-1)!).toBeLessThanOrEqual(1);
    }),
  );
  expect(sharesOf([1, 2, 3, 4, 5], 2)).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

/** Knows prompts by number: a value tells the circuit and the prompt. */
function fake(prompts: readonly number[], most: number, log: string[] = []): TaskEvaluator {
  const values = (circuit: EdgeSet): number[] => prompts.map((n) => circuit.additionSize + n / 10);
  return {
    topology,
    most,
    costs: { port: () => 1, step: prompts[0]! },
    evaluate: async (circuits, metrics) => {
      log.push(`begun ${prompts.join()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push(`done ${prompts.join()}`);
      return circuits.map((one) => Object.fromEntries(metrics.map((name) => [name, values(one)])));
    },
    perPrompt: async (circuits) => circuits.map(values),
    metric: async () => Number.NaN,
    observe: async () => prompts as never,
    dispose: () => void log.push(`disposed ${prompts.join()}`),
  };
}

test('values of all prompts stand in their order, and the mean is taken over all of them', async () => {
  const split = new SplitEvaluator([fake([0, 1, 2], 4), fake([3, 4], 3)]);
  const [full, empty] = await split.perPrompt(CIRCUITS);
  expect(full).toEqual([0, 1, 2, 3, 4].map((n) => topology.additionEdges + n / 10));
  expect(empty).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
  expect(await split.evaluate(CIRCUITS, ['kl', 'nll'])).toEqual([
    { kl: full, nll: full },
    { kl: empty, nll: empty },
  ]);
  // A mean of the means of shares would be another number.
  expect(await split.metric(CIRCUITS[1]!)).toBe(mean(empty!));
  expect(split.most).toBe(3);
  expect(split.costs.step).toBe(0);
  expect(await split.observe(CIRCUITS[0]!, () => undefined as never)).toEqual([0, 1, 2, 3, 4]);
});

test('devices work at the same time, and all are disposed of', async () => {
  const log: string[] = [];
  const split = new SplitEvaluator([fake([0], 1, log), fake([1], 1, log)]);
  await split.evaluate(CIRCUITS, ['kl']);
  split.dispose();
  expect(log).toEqual(['begun 0', 'begun 1', 'done 0', 'done 1', 'disposed 0', 'disposed 1']);
});

test('where one device fails, its error comes after the others have ended', async () => {
  const log: string[] = [];
  const failing = { ...fake([0], 1), evaluate: () => Promise.reject(new Error('lost')) };
  await expect(new SplitEvaluator([failing, fake([1], 1, log)]).evaluate(CIRCUITS, ['kl'])).rejects.toThrow('lost');
  expect(log).toEqual(['begun 1', 'done 1']);
});
