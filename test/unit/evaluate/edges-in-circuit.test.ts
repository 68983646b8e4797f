/** Effects of edges in a circuit, over evaluators that are plain functions of the circuit. */
import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import type { CircuitEvaluator } from '../../../src/circuit/evaluator.js';
import { edgesInCircuit } from '../../../src/evaluate/edges-in-circuit.js';
import { measureEdges } from '../../../src/evaluate/measured-edges.js';
import { SAMPLE_KEPT, SAMPLE_TOPOLOGY as topology, sampleCircuit } from '../../support/sample-circuit.js';

const sample = sampleCircuit();

/**
 * Two prompts. Cutting edge e of the sample costs e on the first and -e / 2 on the second, but k edges cost nothing.
 */
function evaluatorOf(): CircuitEvaluator & { readonly asked: EdgeSet[] } {
  const asked: EdgeSet[] = [];
  return {
    most: 3,
    asked,
    perPrompt(circuits) {
      asked.push(...circuits);
      return Promise.resolve(
        circuits.map((circuit) => {
          const cut = [...sample.kept].filter((id) => !circuit.has(id) && !topology.edgeName(id).includes('<k>'));
          const sum = cut.reduce((total, id) => total + id, 0);
          return [4 + sum, 2 - sum / 2];
        }),
      );
    },
  };
}

const id = (name: string): number => topology.edgeId(name)!;

test('each kept edge is cut alone from the circuit; with resample ablation what lies on no path is not tested', async () => {
  const evaluator = evaluatorOf();
  const { effects, idle, perPrompt } = await edgesInCircuit(evaluator, sample, 'resample');
  const kept = Object.keys(SAMPLE_KEPT).map(id);
  expect([...perPrompt.keys()]).toEqual(kept.toSorted((a, b) => a - b));
  const off = ['m0->m1', 'm1->logits'].map(id);
  for (const edge of kept) {
    const cost = off.includes(edge) || edge === id('a0.h1->a1.h0<k>') ? 0 : edge;
    expect(perPrompt.get(edge)).toEqual([cost, cost === 0 ? 0 : -cost / 2]);
    expect(effects[edge]).toBe(cost / 4);
  }
  expect(idle).toEqual([...off, id('a0.h1->a1.h0<k>')].toSorted((a, b) => a - b));
  expect([...effects.keys()].filter((edge) => !kept.includes(edge)).every((edge) => Number.isNaN(effects[edge]))).toBe(
    true,
  );
  // The circuit itself, then one circuit for each edge on a path, each with one edge less.
  expect(evaluator.asked[0]!.equals(sample.kept)).toBe(true);
  expect(evaluator.asked.slice(1).map((circuit) => circuit.size)).toEqual(Array(5).fill(sample.kept.size - 1));
});

test('with other ablations a writer that nothing feeds still writes, so its edges are tested', async () => {
  const evaluator = evaluatorOf();
  const { idle } = await edgesInCircuit(evaluator, sample, 'mean');
  expect(idle).toEqual([id('a0.h1->a1.h0<k>')]);
  expect(evaluator.asked).toHaveLength(8);
  // An edge into a node that nothing reads is idle whatever the ablation is.
  const unread = { kept: sample.kept.with(id('input->a1.h1<q>')), directTested: false };
  expect((await edgesInCircuit(evaluatorOf(), unread, 'mean')).idle).toContain(id('input->a1.h1<q>'));
});

test('idle edges are kept and named, or left out where that is asked for', async () => {
  const kept = await measureEdges(evaluatorOf(), sample, { ablation: 'resample', dropIdle: false });
  expect(kept.circuit.kept.equals(sample.kept)).toBe(true);
  expect(kept.circuit.inCircuit!.idle).toHaveLength(3);
  expect(kept.dropped).toEqual([]);
  expect(kept.circuit.provenance!.dropIdle).toBeUndefined();

  const dropped = await measureEdges(evaluatorOf(), sample, { ablation: 'resample', dropIdle: true });
  expect(dropped.dropped.toSorted()).toEqual(['a0.h1->a1.h0<k>', 'm0->m1', 'm1->logits']);
  expect(dropped.circuit.kept.additionSize).toBe(4);
  expect(dropped.circuit.inCircuit!.idle).toEqual([]);
  expect(Object.keys(dropped.inCircuit)).toHaveLength(4);
  expect(dropped.circuit.provenance!.dropIdle).toBe(true);
  expect(dropped.circuit.effects).toBe(sample.effects);
});

test('an empty circuit has nothing to measure', async () => {
  const empty = sampleCircuit({ kept: EdgeSet.empty(topology) });
  const { circuit, inCircuit } = await measureEdges(evaluatorOf(), empty, { ablation: 'resample', dropIdle: true });
  expect(circuit.inCircuit!.curve).toEqual([]);
  expect(inCircuit).toEqual({});
});
