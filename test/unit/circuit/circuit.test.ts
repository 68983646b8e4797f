import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
import { candidateEdges, keptEdges } from '../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import {
  SAMPLE_KEPT,
  SAMPLE_TOPOLOGY as topology,
  sampleCircuit,
  sampleDirectCircuit,
} from '../../support/sample-circuit.js';

describe('createCircuit', () => {
  it('counts direct edges only where they were decided on', () => {
    const size = Object.keys(SAMPLE_KEPT).length;
    expect([keptEdges(sampleCircuit()), candidateEdges(sampleCircuit())]).toEqual([size, topology.additionEdges]);
    expect([keptEdges(sampleDirectCircuit()), candidateEdges(sampleDirectCircuit())]).toEqual([
      size + 3,
      topology.edgeCount,
    ]);
  });

  it.each([
    ['an array of another length', { effects: new Float64Array(3) }],
    ['steps of another length', { steps: new Int32Array(topology.edgeCount + 1) }],
    ['an edge set of another topology', { kept: EdgeSet.full(new Topology({ layers: 2, heads: 2, parallel: false })) }],
    ['an unknown edge removed', { untestedRemovals: [topology.edgeCount * 100] }],
    ['a kept edge removed', { untestedRemovals: [topology.edgeId('m0->m1')!] }],
  ])('refuses %s', (_, changes) => {
    expect(() => sampleCircuit(changes)).toThrow(EdgewiseError);
  });
});
