/** Estimates of the work that a search still has. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import type { CircuitEvaluator, EvaluationCosts } from '../../../src/circuit/evaluator.js';
import { nodesInUse, REACH } from '../../../src/circuit/reachability.js';
import { Topology } from '../../../src/circuit/topology.js';
import { acdc, type AcdcProgress } from '../../../src/discover/acdc.js';
import { acdcOrder } from '../../../src/discover/acdc-order.js';
import { firstState, nextState } from '../../../src/discover/acdc-walk.js';
import { exactEffects, type ExactProgress } from '../../../src/discover/exact.js';
import { SearchWork } from '../../../src/discover/search-work.js';
import { workOfTest } from '../../../src/discover/test-work.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });
const full = EdgeSet.full(topology);
/** A head's port costs 1 at the metric position and 10 at more, an MLP twice that, the logits 5; a step costs 100. */
const costs: EvaluationCosts = {
  port: (port, reach) =>
    ({ head: 1, kv: 1, mlp: 2, logits: 5 })[topology.ports[port]!.kind] *
    (reach > REACH.metric && topology.ports[port]!.kind !== 'logits' ? 10 : 1),
  step: 100,
};

describe('a test', () => {
  const work = (circuit: EdgeSet, port: number): number => workOfTest(circuit, nodesInUse(circuit), port, costs);

  test('computes its receiver and what is downstream of it, where that reaches the metric', () => {
    expect(work(full, topology.logitsPort)).toBe(100 + 5);
    expect(work(full, topology.mlpPort(1))).toBe(200 + 2 + 5);
    // A query is read at the metric position alone, a value wherever it is attended to.
    expect(work(full, topology.headPort(1, 'q', 0))).toBe(300 + 1 + 2 + 5);
    expect(work(full, topology.headPort(1, 'v', 0))).toBe(300 + 10 + 2 + 5);
    // The MLP of layer 0: all six ports of both heads of layer 1, its MLP, the logits.
    expect(work(full, topology.mlpPort(0))).toBe(400 + 20 + 2 * (1 + 10 + 10) + 2 + 5);
  });

  test('computes nothing that its circuit has cut off', () => {
    const only = EdgeSet.where(
      topology,
      (id) => id >= topology.additionEdges || topology.edgeName(id) === 'm0->logits',
    );
    expect(work(only, topology.mlpPort(0))).toBe(200 + 2 + 5);
  });
});

const evaluator = (most: number): CircuitEvaluator => ({
  most,
  costs,
  perPrompt: (circuits) => Promise.resolve(circuits.map((one) => [topology.edgeCount - one.size])),
});

test('a search tells it with every report: nothing is left at its end, and what others measured is not done', async () => {
  const options = { absolute: false, senderHeads: 'descending', directEdges: true } as const;
  const neighbour = await acdc(evaluator(1), full, { ...options, threshold: 0.5 });
  for (const threshold of [0.5, 2]) {
    const reports: AcdcProgress[] = [];
    const onProgress = (report: AcdcProgress): void => void reports.push(report);
    await acdc(evaluator(3), full, { ...options, threshold }, { onProgress });
    const done = reports.flatMap(({ work }) => work?.done ?? []);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done[0]).toBeGreaterThan(0);
    expect(reports.findLast(({ work }) => work)!.work!.left()).toBe(0);
    const again: AcdcProgress[] = [];
    await acdc(evaluator(3), full, { ...options, threshold: 0.5 }, { neighbour, onProgress: (one) => again.push(one) });
    expect(again.findLast(({ work }) => work)!.work!.done).toBe(0);
  }
});

test('exact effects tell it to the last unit', async () => {
  const edges = acdcOrder(topology, 'descending', true).flatMap((receiver) => receiver.edges);
  const reports: ExactProgress[] = [];
  await exactEffects(evaluator(4), EdgeSet.full(topology), edges, (report) => reports.push(report));
  const sums = reports.map(({ work }) => work!.done + work!.left()!);
  expect(new Set(sums).size).toBe(1);
  expect(reports.at(-1)!.work!.left()).toBe(0);
});

// Decisions of real searches: the shipped ones.
const SHIPPED = new Topology({ layers: 4, heads: 8, parallel: false });
const real: EvaluationCosts = {
  port: (port, reach) =>
    ({ head: 7e3, kv: 7e3, mlp: 2.6e5, logits: 1.6e5 })[SHIPPED.ports[port]!.kind] *
    (reach > REACH.metric && SHIPPED.ports[port]!.kind !== 'logits' ? 12 : 1),
  step: 2e4,
};

test.each(['ioi', 'docstring', 'induction', 'agreement', 'greater-than', 'gendered-pronoun'])(
  'the shipped search of %s: within a factor of 2.7 from a tenth of the work on',
  (task) => {
    const url = new URL(`../../../graphs/tasks-4l.${task}.acdc.trace.jsonl`, import.meta.url);
    const decisions = readFileSync(url, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kept: boolean }).kept);
    const receivers = acdcOrder(SHIPPED, 'descending', false);
    const work = new SearchWork(SHIPPED, receivers, real);
    let state = firstState(receivers, EdgeSet.full(SHIPPED));
    const said: { done: number; left: number | undefined }[] = [];
    for (const [i, kept] of decisions.entries()) {
      work.decided(state, kept, true);
      state = nextState(receivers, state, !kept);
      const at = work.at(state);
      if (i % 5 === 0) said.push({ done: at.done, left: at.left() });
    }
    const total = work.at(state).done;
    const late = said.filter(({ done }) => done > total / 10 && done < 0.98 * total);
    expect(late.length).toBeGreaterThan(10);
    for (const { done, left } of late) {
      expect(left, `at ${done} of ${total}`).toBeDefined();
      const ratio = left! / (total - done);
      expect(ratio > 1 / 2.7 && ratio < 2.7, `at ${done / total}: ${ratio}`).toBe(true);
    }
  },
);
