import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Topology } from '../../../src/circuit/topology.js';
import { selectNeurons } from '../../../src/discover/select-neurons.js';
import { SAMPLE_TOPOLOGY as toy } from '../../support/sample-circuit.js';
import { sampleScores, scoresFrom, scoresOf } from '../../support/sample-scores.js';

describe('selection of neurons', () => {
  const width = 3;
  const unscored = [NaN, NaN, NaN];
  // input, a0.h0, a0.h1, m0, a1.h0, a1.h1, m1
  const rows = [unscored, [1, -4, 0], [0, 0, 0], [2, 2, 2], [-9, 0, 0], [0, 0, 0], [2, 0, 3]];
  const scores = scoresFrom(toy, new Float64Array(toy.edgeCount), { width, neurons: Float64Array.from(rows.flat()) });
  const choose = (count: number, absolute: boolean, prune = false): number[][] => {
    const { neurons } = selectNeurons(scores, { count, absolute, prune });
    return rows.map((_, writer) => [...neurons.subarray(writer * width, (writer + 1) * width)]);
  };
  const none = [0, 0, 0];
  const all = [1, 1, 1];

  it('takes the highest, keeps unscored rows, and breaks ties by writer, then by dimension', () => {
    expect(choose(0, true)).toEqual([all, none, none, none, none, none, none]);
    expect(choose(2, true)).toEqual([all, [0, 1, 0], none, none, [1, 0, 0], none, none]);
    expect(choose(3, false)).toEqual([all, none, none, [1, 1, 0], none, none, [0, 0, 1]]);
    expect(choose(5, false)).toEqual([all, none, none, all, none, none, [1, 0, 1]]);
    expect(choose(18, true)).toEqual(rows.map(() => all));
  });

  it('keeps all edges out of their writers, each weighed by the neurons kept', () => {
    const { kept, weightedEdges } = selectNeurons(scores, { count: 3, absolute: false, prune: false });
    const fanOut = (name: string): number =>
      toy.ports.filter((_, port) => toy.edgeId(`${name}->${toy.portName(port)}`) !== undefined).length;
    expect(kept.additionSize).toBe(fanOut('input') + fanOut('m0') + fanOut('m1'));
    expect(weightedEdges).toBeCloseTo(fanOut('input') + (2 / 3) * fanOut('m0') + (1 / 3) * fanOut('m1'), 12);
  });

  it('weighs every edge fully where every neuron is kept, pruned or not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        (layers, heads, prune) => {
          const topology = new Topology({ layers, heads, parallel: false });
          const neurons = new Float64Array(topology.writers.length * 2);
          const whole = scoresFrom(topology, new Float64Array(topology.edgeCount), { width: 2, neurons });
          const { weightedEdges } = selectNeurons(whole, { count: neurons.length, absolute: true, prune });
          expect(weightedEdges).toBeCloseTo(topology.additionEdges, 9);
        },
      ),
    );
  });

  it('drops the neurons of nodes that pruning takes', () => {
    // Without the input, nothing has an incoming edge.
    const low = scoresFrom(toy, scores.values, {
      width,
      neurons: Float64Array.from([[-1, -1, -1], ...rows.slice(1)].flat()),
    });
    const { neurons, kept, weightedEdges } = selectNeurons(low, { count: 5, absolute: false, prune: true });
    expect([neurons.some(Boolean), kept.additionSize, weightedEdges]).toEqual([false, 0, 0]);
  });

  it('says what is missing', () => {
    const rule = { absolute: true, prune: false };
    expect(() => selectNeurons(scoresOf(toy, { 'm0->m1': 1 }), { ...rule, count: 1 })).toThrow('hold none of neurons');
    for (const count of [-1, 1.5, 25]) {
      expect(() => selectNeurons(sampleScores(), { ...rule, count })).toThrow('expected a whole number up to 24');
    }
  });
});
