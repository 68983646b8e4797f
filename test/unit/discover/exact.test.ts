/** Effects of single edges, over evaluators that are plain functions of the circuit. */
import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { acdcOrder } from '../../../src/discover/acdc-order.js';
import { exactEffects, type ExactProgress } from '../../../src/discover/exact.js';
import type { Measurement } from '../../../src/discover/journal.js';
import type { CircuitEvaluator } from '../../../src/circuit/evaluator.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });

/** All edges in the order in which a run measures them. */
function edgesOf(directEdges: boolean): number[] {
  return acdcOrder(topology, 'descending', directEdges).flatMap((receiver) => receiver.edges);
}

interface Asked extends CircuitEvaluator {
  /** How many circuits were asked for at a time. */
  readonly asked: number[];
}

/** Two prompts: the cut edges' ids, and their squares, from where the whole model is. */
function evaluatorOf(most: number, failAfter = Infinity): Asked {
  const asked: number[] = [];
  return {
    most,
    asked,
    perPrompt(circuits) {
      if (asked.length >= failAfter) return Promise.reject(new Error('the device was lost'));
      asked.push(circuits.length);
      expect(circuits.length).toBeLessThanOrEqual(most);
      return Promise.resolve(
        circuits.map((circuit) => {
          const cut = [...EdgeSet.full(topology)].filter((id) => !circuit.has(id));
          expect(cut.length).toBeLessThanOrEqual(1);
          return cut.length === 0 ? [0.5, -2] : [0.5 + cut[0]!, cut[0]! ** 2 - 2];
        }),
      );
    },
  };
}

test.each([
  [false, 1],
  [false, 7],
  [true, 4],
  [true, 1000],
])('every edge alone, less the whole model; direct edges %s, %d at once', async (directEdges, most) => {
  const evaluator = evaluatorOf(most);
  const reports: ExactProgress[] = [];
  const { effects, initial } = await exactEffects(evaluator, EdgeSet.full(topology), edgesOf(directEdges), (report) =>
    reports.push(report),
  );
  const edges = directEdges ? topology.edgeCount : topology.additionEdges;
  expect(initial).toBe(-0.75);
  expect([...effects.keys()]).toEqual(edgesOf(directEdges));
  expect(effects.size).toBe(edges);
  for (const [edge, perPrompt] of effects) expect(perPrompt).toEqual([edge, edge ** 2]);
  expect(evaluator.asked).toHaveLength(1 + Math.ceil(edges / most));
  expect(reports.at(-1)).toEqual({ done: edges, measured: edges, total: edges });
  expect(reports.every(({ done }, i) => i === 0 || done > reports[i - 1]!.done)).toBe(true);
});

test('with a journal it goes on where it stopped, and measures nothing twice', async () => {
  const all: Measurement[] = [];
  const record = (measurement: Measurement): void => void all.push(measurement);
  const whole = await exactEffects(evaluatorOf(3), EdgeSet.full(topology), edgesOf(true), undefined, {
    earlier: [],
    record,
  });
  expect(all.map(({ edge }) => edge)).toEqual([...whole.effects.keys()]);
  for (const done of [0, 1, 5, 30, all.length - 1, all.length]) {
    const further: Measurement[] = [];
    const evaluator = evaluatorOf(4);
    const reports: ExactProgress[] = [];
    const onProgress = (report: ExactProgress): void => void reports.push(report);
    const resumed = await exactEffects(evaluator, EdgeSet.full(topology), edgesOf(true), onProgress, {
      earlier: all.slice(0, done),
      record: (measurement) => void further.push(measurement),
    });
    expect([...resumed.effects]).toEqual([...whole.effects]);
    // What an earlier run measured says nothing of the speed of this one.
    expect(reports.map(({ measured }) => measured)).toEqual(reports.map((report) => Math.max(0, report.done - done)));
    expect(reports.at(-1)).toEqual({ done: all.length, measured: all.length - done, total: all.length });
    expect(further).toEqual(all.slice(done));
    expect(evaluator.asked).toHaveLength(1 + Math.ceil((all.length - done) / 4));
  }
});

test('whatever was measured before a failure is in the journal', async () => {
  const kept: Measurement[] = [];
  const journal = { earlier: [], record: (measurement: Measurement) => void kept.push(measurement) };
  const failing = exactEffects(evaluatorOf(5, 4), EdgeSet.full(topology), edgesOf(false), undefined, journal);
  await expect(failing).rejects.toThrow('the device was lost');
  expect(kept).toHaveLength(15);
  const { effects } = await exactEffects(evaluatorOf(5), EdgeSet.full(topology), edgesOf(false), undefined, {
    ...journal,
    earlier: kept.slice(),
  });
  expect(effects.size).toBe(topology.additionEdges);
  expect(kept).toHaveLength(topology.additionEdges);
});

test('the journal of another order is refused', async () => {
  const [one, two] = acdcOrder(topology, 'descending', false)[0]!.edges as [number, number];
  const earlier = [two, one].map((edge) => ({ edge, without: [0, 0] }));
  const names = [two, one].map((edge) => topology.edgeName(edge));
  await expect(
    exactEffects(evaluatorOf(1), EdgeSet.full(topology), edgesOf(false), undefined, { earlier, record: () => {} }),
  ).rejects.toThrow(`journal: its test 0 is of ${names[0]}, this search would test ${names[1]}`);
});
