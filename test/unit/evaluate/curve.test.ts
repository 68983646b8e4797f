/** The circuits of a curve and what is measured of them, over evaluators that are plain functions of the circuit. */
import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import type { CircuitEvaluator } from '../../../src/circuit/evaluator.js';
import { pruneDisconnected } from '../../../src/circuit/prune.js';
import { Topology } from '../../../src/circuit/topology.js';
import { circuitCurve, complementOf, curveCircuits } from '../../../src/evaluate/curve.js';
import { createRng } from '../../../src/base/rng.js';
import { SAMPLE_TOPOLOGY as topology, sampleCircuit, sampleDirectCircuit } from '../../support/sample-circuit.js';

/** Metric 8 - kept addition edges. */
function countingEvaluator(most = 1): { readonly evaluator: CircuitEvaluator; readonly asked: EdgeSet[][] } {
  const asked: EdgeSet[][] = [];
  const perPrompt = (circuits: readonly EdgeSet[]): Promise<number[][]> => {
    asked.push([...circuits]);
    return Promise.resolve(circuits.map((circuit) => [8 - circuit.additionSize]));
  };
  return { evaluator: { most, perPrompt }, asked };
}

const additions = (circuit: EdgeSet): string[] =>
  [...circuit]
    .filter((id) => id < topology.additionEdges)
    .map((id) => topology.edgeName(id))
    .sort();

test('edges enter from the logits down; what lies on no path from input to logits is taken away', () => {
  const circuits = curveCircuits(sampleCircuit());
  // The order of entry is m1->logits 0.5, a1.h0->logits 0.0625, a0.h1->a1.h0<v> -0.75, input->a0.h1<v> 0.3, then
  // a0.h1->a1.h0<q> 0.125, m0->m1 1e-13, a0.h1->a1.h0<k> 0. No path leads through m0 and m1: nothing feeds m0.
  expect(circuits.map(({ edges }) => edges)).toEqual([3, 4, 5]);
  expect(additions(circuits[0]!.kept)).toEqual(['a0.h1->a1.h0<v>', 'a1.h0->logits', 'input->a0.h1<v>']);
  expect(additions(circuits[2]!.kept)).toEqual([
    'a0.h1->a1.h0<k>',
    'a0.h1->a1.h0<q>',
    'a0.h1->a1.h0<v>',
    'a1.h0->logits',
    'input->a0.h1<v>',
  ]);
  for (const { kept } of circuits) expect(kept.size - kept.additionSize).toBe(topology.directEdges);
});

test('direct edges that were decided on close ports', () => {
  const sample = sampleDirectCircuit();
  // a0.h1 has no direct edge left, so nothing that it reads reaches it.
  expect(curveCircuits(sample)).toEqual([]);
  const open = { ...sample, kept: sample.kept.with(topology.directEdge(topology.headPort(0, 'v', 1))) };
  expect(curveCircuits(open).map(({ edges }) => edges)).toEqual([3, 4, 5]);
});

test('an effect that is not a number is the strongest', () => {
  const sample = sampleCircuit();
  const effects = sample.effects.slice();
  effects[topology.edgeId('a0.h1->a1.h0<k>')!] = Number.NaN;
  const [first] = curveCircuits({ ...sample, effects });
  expect(additions(first!.kept)).toEqual(['a0.h1->a1.h0<k>', 'a0.h1->a1.h0<v>', 'a1.h0->logits', 'input->a0.h1<v>']);
});

test('a curve of many sizes has 200 points at most, the largest circuit among them, each inside the next', () => {
  const large = new Topology({ layers: 4, heads: 6, parallel: false });
  const rng = createRng(7);
  const effects = Float64Array.from({ length: large.edgeCount }, () => rng.next() - 0.5);
  const kept = EdgeSet.full(large);
  const circuits = curveCircuits({ kept, directTested: false, effects });
  expect(circuits.length).toBeGreaterThan(100);
  expect(circuits.length).toBeLessThanOrEqual(200);
  expect(circuits.at(-1)!.kept.equals(kept)).toBe(true);
  circuits.forEach((circuit, i) => {
    expect(circuit.edges).toBe(circuit.kept.additionSize);
    expect(pruneDisconnected(circuit.kept, false).equals(circuit.kept)).toBe(true);
    const next = circuits[i + 1];
    if (!next) return;
    expect(next.edges).toBeGreaterThan(circuit.edges);
    expect([...circuit.kept].every((id) => next.kept.has(id))).toBe(true);
  });
});

test('the complement has every addition edge that the circuit lacks, and all direct edges', () => {
  const { kept } = sampleDirectCircuit();
  const rest = complementOf(kept);
  expect(rest.additionSize).toBe(topology.additionEdges - kept.additionSize);
  expect([...rest].some((id) => id < topology.additionEdges && kept.has(id))).toBe(false);
  expect(rest.size - rest.additionSize).toBe(topology.directEdges);
});

test.each([1, 2, 5, 100])('faithfulness and necessity, %d circuits at once', async (most) => {
  const { evaluator, asked } = countingEvaluator(most);
  const reports: number[][] = [];
  const ends = { model: 8 - topology.additionEdges, empty: 8 };
  const points = await circuitCurve(evaluator, sampleCircuit(), ends, (...report) => reports.push(report));
  const share = (edges: number): number => edges / topology.additionEdges;
  expect(points.map(({ edges }) => edges)).toEqual([3, 4, 5]);
  for (const { edges, faithfulness, necessity } of points) {
    expect(faithfulness).toBeCloseTo(share(edges), 12);
    expect(necessity).toBeCloseTo(share(edges), 12);
  }
  const sizes = asked.flat().map((circuit) => circuit.additionSize);
  expect(sizes).toEqual([3, 4, 5, ...[3, 4, 5].map((size) => topology.additionEdges - size)]);
  expect(reports.at(-1)).toEqual([6, 6]);
});

test('no difference to measure by, and no edge at all', async () => {
  const { evaluator } = countingEvaluator();
  const points = await circuitCurve(evaluator, sampleCircuit(), { model: 8, empty: 8 });
  expect(points[0]).toEqual({ edges: 3, faithfulness: null, necessity: null });
  const none = sampleCircuit({ kept: EdgeSet.empty(topology) });
  expect(await circuitCurve(evaluator, none, { model: 0, empty: 8 })).toEqual([]);
});
