import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectedLevels, edgeStrengths, levelEdges, pathStrengths } from '../../../src/circuit/connected-levels.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { pruneDisconnected } from '../../../src/circuit/prune.js';
import { Topology } from '../../../src/circuit/topology.js';
import { anyTopology } from '../../support/any-circuit.js';
import { sampleCircuit } from '../../support/sample-circuit.js';

interface Case {
  readonly kept: EdgeSet;
  readonly strengths: readonly number[];
  readonly directTested: boolean;
}

/** @param values strengths that edges may have; undefined: each has one of its own. */
const anyCase = (values: readonly number[] | undefined): fc.Arbitrary<Case> =>
  anyTopology.chain((topology) => {
    const ids = Array.from({ length: topology.edgeCount }, (_, id) => id);
    return fc.record({
      kept: fc.subarray(ids).map((some) => EdgeSet.of(topology, some)),
      strengths: values
        ? fc.array(fc.constantFrom(...values), { minLength: ids.length, maxLength: ids.length })
        : fc.shuffledSubarray(ids, { minLength: ids.length }),
      directTested: fc.boolean(),
    });
  });

/** The candidate edges that are kept, strongest first. */
function strongestFirst({ kept, strengths, directTested }: Case): number[] {
  const all = directTested ? kept.topology.edgeCount : kept.topology.additionEdges;
  return [...kept].filter((id) => id < all).sort((a, b) => strengths[b]! - strengths[a]!);
}

describe('connected levels', () => {
  it('are what pruning leaves of the strongest edges, however many', () => {
    fc.assert(
      fc.property(anyCase(undefined), (some) => {
        const { kept, strengths, directTested } = some;
        const paths = pathStrengths(kept, strengths, directTested);
        const order = strongestFirst(some);
        const sizes = new Set<number>();
        for (let m = 1; m <= order.length; m++) {
          const pruned = pruneDisconnected(EdgeSet.of(kept.topology, order.slice(0, m)), directTested);
          const level = levelEdges(kept, paths, strengths[order[m - 1]!]!, directTested);
          expect(level.equals(pruned)).toBe(true);
          const size = directTested ? pruned.size : pruned.additionSize;
          if (size > 0) sizes.add(size);
        }
        expect(connectedLevels(paths).map(({ edges }) => edges)).toEqual([...sizes]);
      }),
      { numRuns: 150 },
    );
  });

  it('take equal edges together, and edges of unknown strength as soon as they lie on a path', () => {
    fc.assert(
      fc.property(anyCase([0, 1, 2, 3, Infinity, Number.NaN]), (some) => {
        const { kept, strengths, directTested } = some;
        const { topology } = kept;
        const paths = pathStrengths(kept, strengths, directTested);
        const circuits = [Infinity, 3, 2, 1, 0].map((least) =>
          pruneDisconnected(
            EdgeSet.where(topology, (id) => kept.has(id) && !(strengths[id]! < least)),
            directTested,
          ),
        );
        const sizes = circuits.map((circuit) => (directTested ? circuit.size : circuit.additionSize));
        expect(connectedLevels(paths).map(({ edges }) => edges)).toEqual([
          ...new Set(sizes.filter((size) => size > 0)),
        ]);
        for (const { edges, strength } of connectedLevels(paths)) {
          const level = levelEdges(kept, paths, strength, directTested);
          expect(level.equals(circuits[sizes.indexOf(edges)]!)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('of a circuit that nothing connects are none', () => {
    const topology = new Topology({ layers: 2, heads: 2, parallel: false });
    const kept = EdgeSet.of(topology, [topology.edgeId('m0->logits')!, topology.edgeId('input->a1.h0<q>')!]);
    const strengths = new Float64Array(topology.edgeCount).fill(1);
    expect(connectedLevels(pathStrengths(kept, strengths, false))).toEqual([]);
  });

  it('go by the effect in the circuit where it was measured', () => {
    const circuit = sampleCircuit();
    const id = circuit.topology.edgeId('a0.h1->a1.h0<v>')!;
    expect(edgeStrengths(circuit)[id]).toBe(0.75);
    const effects = new Float64Array(circuit.topology.edgeCount).fill(-2);
    expect(edgeStrengths({ ...circuit, inCircuit: { effects, idle: [], curve: [] } })[id]).toBe(2);
  });

  it('of 32,491 edges are found at once', () => {
    const topology = new Topology({ layers: 12, heads: 12, parallel: false });
    const strengths = Float64Array.from({ length: topology.edgeCount }, (_, id) => (id * 7919) % 32_500);
    const paths = pathStrengths(EdgeSet.full(topology), strengths, false);
    expect(connectedLevels(paths).at(-1)!.edges).toBe(32_491);
  });
});
