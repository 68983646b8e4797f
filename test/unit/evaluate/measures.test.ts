/** Measures over an evaluator that is a plain function of the circuit. */
import { describe, expect, test } from 'vitest';
import type { EdgeSet } from '../../../src/circuit/edge-set.js';
import {
  DEFAULT_MEASURES,
  MEASURES,
  measureCircuit,
  reportOf,
  type MeasureName,
  type MetricEvaluator,
} from '../../../src/evaluate/measures.js';
import { randomCircuitLike } from '../../../src/evaluate/random-circuit.js';
import type { MetricName } from '../../../src/readout/metrics.js';
import { SAMPLE_TOPOLOGY as topology, sampleCircuit } from '../../support/sample-circuit.js';

/** KL is the number of cut edges, accuracy is -1 on the first prompt, and -1 on the second one without cuts. */
function countingEvaluator() {
  const calls: { circuits: readonly EdgeSet[]; metrics: readonly MetricName[] }[] = [];
  const values = (circuit: EdgeSet, metric: MetricName): number[] => {
    const cut = topology.additionEdges - circuit.additionSize;
    return metric === 'accuracy' ? [-1, cut > 0 ? 0 : -1] : [cut, cut];
  };
  const evaluator: MetricEvaluator = {
    evaluate(circuits, metrics) {
      calls.push({ circuits, metrics });
      return Promise.resolve(
        circuits.map((circuit) => Object.fromEntries(metrics.map((name) => [name, values(circuit, name)]))),
      );
    },
  };
  return { evaluator, calls };
}

const circuit = sampleCircuit();
const measured = { kept: circuit.kept, circuit };
const pair = { clean: [1], corrupted: [2], position: 0, correct: [3], wrong: [] };
const SETTING = { metric: 'kl', pairs: [pair, pair], seed: 5 } as const;
const ALL = Object.keys(MEASURES) as MeasureName[];

test('all circuits of all measures are evaluated in one call', async () => {
  const { evaluator, calls } = countingEvaluator();
  const { evaluation, whole } = await measureCircuit(evaluator, measured, ALL, SETTING);
  expect(calls).toHaveLength(1);
  // Whole, empty, the circuit, the random circuit, and the curve's circuits and what they leave of the model.
  expect(calls[0]!.circuits.map((one) => one.additionSize)).toEqual([
    topology.additionEdges,
    0,
    7,
    7,
    3,
    4,
    5,
    ...[3, 4, 5].map((size) => topology.additionEdges - size),
  ]);
  expect(calls[0]!.circuits[3]!.equals(randomCircuitLike(circuit.kept, 5))).toBe(true);
  expect(calls[0]!.metrics).toEqual(['kl', 'accuracy']);
  const total = topology.additionEdges;
  expect(whole.kl).toEqual([0, 0]);
  expect(evaluation).toEqual({
    metric: 'kl',
    prompts: 2,
    clean: 0,
    corrupted: total,
    circuit: total - 7,
    faithfulness: 7 / total,
    accuracy: { clean: 1, circuit: 0.5 },
    edges: { kept: 7, total },
    random: { seed: 5, metric: total - 7, faithfulness: 7 / total, edges: 7 },
    curve: [3, 4, 5].map((edges) => ({
      edges,
      faithfulness: edges / total,
      necessity: 1 - (total - edges) / total,
    })),
  });
});

test('only what is asked for is evaluated; KL always is, because it shows NaN', async () => {
  const { evaluator, calls } = countingEvaluator();
  const setting = { ...SETTING, metric: 'nll' } as const;
  const { evaluation } = await measureCircuit(evaluator, measured, ['faithfulness'], setting);
  expect(Object.keys(evaluation)).toEqual(['metric', 'prompts', 'faithfulness']);
  expect(calls[0]!.circuits).toHaveLength(3);
  expect(calls[0]!.metrics).toEqual(['kl', 'nll']);
});

test('accuracy is null where a prompt has no answer', async () => {
  const { evaluator, calls } = countingEvaluator();
  const setting = { ...SETTING, pairs: [pair, { ...pair, correct: [] }] };
  const { evaluation } = await measureCircuit(evaluator, measured, DEFAULT_MEASURES, setting);
  expect(evaluation.accuracy).toBeNull();
  expect(calls[0]!.metrics).toEqual(['kl']);
  expect(reportOf(DEFAULT_MEASURES, evaluation).json).toMatchObject({ accuracy: null, clean_accuracy: null });
});

test('a curve of edges without effects is refused', async () => {
  const { evaluator } = countingEvaluator();
  const edges = measureCircuit(evaluator, { kept: circuit.kept, circuit: null }, ['curve'], SETTING);
  await expect(edges).rejects.toThrow('curve: needs a circuit with the effects of its edges, got a set of edges');
});

describe('reports', () => {
  test('hold every measure, in one order', async () => {
    const { evaluator } = countingEvaluator();
    const { evaluation } = await measureCircuit(evaluator, measured, ALL, SETTING);
    const { json, cells } = reportOf(ALL.toReversed(), evaluation);
    expect(Object.keys(json)).toEqual([
      'clean',
      'corrupted',
      'circuit',
      'faithfulness',
      'accuracy',
      'clean_accuracy',
      'edges',
      'total_edges',
      'random',
      'curve',
    ]);
    expect(json['random']).toEqual({ seed: 5, circuit: evaluation.circuit, faithfulness: evaluation.faithfulness });
    const places = cells.map(({ of, column }) => `${of}, ${column}`);
    expect(new Set(places).size).toBe(places.length);
    expect(cells).toContainEqual({ of: 'strongest 5', column: 'faithfulness', value: 5 / topology.additionEdges });
  });
});
