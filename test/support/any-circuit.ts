import fc from 'fast-check';
import type { Circuit } from '../../src/circuit/circuit.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { Topology } from '../../src/circuit/topology.js';
import { sampleCircuit } from './sample-circuit.js';

/** Topologies of any kind and of few nodes. */
export const anyTopology: fc.Arbitrary<Topology> = fc
  .record({
    layers: fc.integer({ min: 1, max: 3 }),
    heads: fc.constantFrom(1, 2, 4),
    groups: fc.constantFrom(1, 2, 4),
    parallel: fc.boolean(),
    attentionOnly: fc.boolean(),
  })
  .map(({ groups, ...shape }) => new Topology({ ...shape, kvPorts: Math.min(groups, shape.heads) }));

/** Circuits of any shape, with effects of few values, of which some are not known. */
export const anyCircuit: fc.Arbitrary<Circuit> = fc
  .tuple(anyTopology, fc.boolean())
  .chain(([topology, directTested]) => {
    const all = Array.from({ length: topology.edgeCount }, (_, id) => id);
    const candidates = directTested ? all : all.slice(0, topology.additionEdges);
    return fc
      .record({
        kept: fc.subarray(candidates),
        effects: fc.array(fc.constantFrom(0, 0.5, -1, 2, 3, 4, NaN), { minLength: all.length, maxLength: all.length }),
      })
      .map(({ kept, effects }) =>
        sampleCircuit({
          topology,
          kept: EdgeSet.of(topology, directTested ? kept : [...kept, ...all.slice(topology.additionEdges)]),
          effects: Float64Array.from(effects),
          steps: new Int32Array(topology.edgeCount).fill(-1),
          untestedRemovals: [],
          directTested,
        }),
      );
  });
