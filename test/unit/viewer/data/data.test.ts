import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createCircuit, type Circuit } from '../../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import { toGraph } from '../../../../src/files/graph/circuit-graph.js';
import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import { suggestSign } from '../../../../viewer/data/sign.js';
import type { ViewState } from '../../../../viewer/view/view-state.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import { SAMPLE_TOPOLOGY, sampleCircuit, sampleDirectCircuit } from '../../../support/sample-circuit.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const mib = sharedFixtures === undefined ? '' : `${sharedFixtures}mib/ioi-eap-ig.json`;

describe('toCircuitData', () => {
  it.each([
    ['addition edges alone', sampleCircuit()],
    ['with direct edges', sampleDirectCircuit()],
  ])('agrees with the graph that is exported: %s', (_, circuit) => {
    const data = toCircuitData(circuit, 'as-stated');
    const graph = toGraph(circuit, { allEdges: true });
    expect(data.edges.length).toBe(graph.size);
    graph.forEachEdge((name, attributes, source, target) => {
      const expected = { id: name, source, target, ...attributes };
      expect(data.edgeById.get(name)).toEqual({
        ...expected,
        decided: attributes.effect,
        idle: false,
        pending: false,
        contrast: null,
      });
    });
    expect(data.nodes.map((node) => node.id)).toEqual(graph.nodes());
    graph.forEachNode((name, { kind, layer, head, inCircuit, effect }) => {
      expect(data.nodeById.get(name)).toMatchObject({ kind, layer, head, inCircuit });
      expect(data.nodeById.get(name)!.effect).toBeCloseTo(effect, 12);
    });
  });

  it.each(['json', 'gexf', 'graphml', 'node-link', 'eap-ig'] as const)(
    'of an attention-only model shows no MLP that does not exist: %s',
    (format) => {
      const topology = new Topology({ layers: 3, heads: 2, parallel: false, attentionOnly: true });
      const circuit = createCircuit({
        ...sampleCircuit(),
        topology,
        kept: EdgeSet.full(topology),
        effects: new Float64Array(topology.edgeCount).map((_, id) => (id < topology.additionEdges ? id / 7 : NaN)),
        steps: new Int32Array(topology.edgeCount).fill(-1),
        untestedRemovals: [],
      });
      const { circuit: read } = openCircuitDocument(sourceFile(`c.${format}`, CIRCUIT_WRITERS[format](circuit)));
      const data = toCircuitData(read, 'as-stated');
      expect(data.nodes.map(({ id }) => id).join(' ')).toBe('input a0.h0 a0.h1 a1.h0 a1.h1 a2.h0 a2.h1 logits');
      expect(data.edges.length).toBe(topology.additionEdges);
    },
  );

  it('puts the strongest first, equals in the order of ids, and those not measured last', () => {
    const { edges } = toCircuitData(sampleCircuit(), 'as-stated');
    const ids = edges.map((edge) => edge.id);
    const first = ['a0.h1->a1.h0<v>', 'm1->logits', 'input->a0.h1<v>', 'a0.h1->a1.h0<q>', 'a1.h0->logits'];
    expect(ids.slice(0, 5)).toEqual(first);
    expect(ids.slice(5, 9)).toEqual(['a0.h0->logits', 'input->logits', 'm0->m1', 'a0.h1->a1.h0<k>']);
    const rest = ids.slice(9).map((id) => SAMPLE_TOPOLOGY.edgeId(id)!);
    expect(rest).toEqual(rest.toSorted((a, b) => a - b));
    expect(edges.slice(9).every(({ effect, rank }) => effect === null && rank === null)).toBe(true);
  });

  it('gives equals the first of their places as their rank', () => {
    const effects = new Float64Array(SAMPLE_TOPOLOGY.edgeCount).fill(NaN);
    effects.set([1, -2, 2, 0, 0, 0.5]);
    const { edges } = toCircuitData(sampleCircuit({ effects, untestedRemovals: [] }), 'as-stated');
    expect(edges.slice(0, 7).map(({ rank }) => rank)).toEqual([1, 1, 3, 4, 5, 5, null]);
  });

  it('labels nodes as they are drawn', () => {
    const { nodes } = toCircuitData(sampleCircuit(), 'as-stated');
    expect(nodes.map((node) => node.label)).toEqual(['input', '0.0', '0.1', 'MLP 0', '1.0', '1.1', 'MLP 1', 'logits']);
  });

  it('turns the sign as the reader says, but not of a file that states it', () => {
    const foreign = sampleCircuit({ provenance: null });
    const effects = (circuit: Circuit, sign: ViewState['sign']): (number | null)[] =>
      toCircuitData(circuit, sign).edges.map((edge) => edge.effect);
    const stated = effects(sampleCircuit(), 'as-stated');
    const turned = stated.map((effect) => (effect ? -effect : effect));
    expect(effects(foreign, 'as-stated')).toEqual(stated);
    expect(effects(foreign, 'positive-helps')).toEqual(stated);
    expect(effects(foreign, 'negative-helps')).toEqual(turned);
    expect(turned).not.toEqual(stated);
    expect(effects(foreign, 'negative-helps').some((effect) => Object.is(effect, -0))).toBe(false);
    expect(effects(sampleCircuit(), 'negative-helps')).toEqual(stated);
  });
});

describe('suggestSign', () => {
  const into = (scores: Readonly<Record<string, number>>): ReturnType<typeof suggestSign> => {
    const effects = new Float64Array(SAMPLE_TOPOLOGY.edgeCount).fill(NaN);
    for (const [name, score] of Object.entries(scores)) effects[SAMPLE_TOPOLOGY.edgeId(name)!] = score;
    return suggestSign(sampleCircuit({ effects }));
  };

  it('goes by the edges into the logits', () => {
    expect(into({ 'm1->logits': 0.5, 'a1.h0->logits': -0.1, 'm0->m1': -9 })).toBe('positive-helps');
    expect(into({ 'm1->logits': -0.5, 'a1.h0->logits': 0.1, 'm0->m1': 9 })).toBe('negative-helps');
  });

  it('says nothing where they cancel or are not measured', () => {
    expect(into({ 'm1->logits': 0.5, 'a1.h0->logits': -0.49 })).toBeNull();
    expect(into({ 'm1->logits': 0 })).toBeNull();
    expect(into({ 'm0->m1': 1 })).toBeNull();
  });
});

describe.skipIf(!existsSync(mib))('a published circuit of GPT-2 small', () => {
  it('opens with all 32,491 edges, and its scores are seen to be negative where an edge helps', () => {
    const { circuit, format, signStated, warnings } = openCircuitDocument(
      sourceFile('ioi.json', readFileSync(mib, 'utf8')),
    );
    expect([format, signStated, warnings]).toEqual(['eap-ig', false, []]);
    const sign = suggestSign(circuit);
    expect(sign).toBe('negative-helps');
    const data = toCircuitData(circuit, sign!);
    expect(data.edges.length).toBe(32_491);
    expect(data.edges.filter((edge) => edge.inCircuit).length).toBe(756);
    // A name mover and a negative name mover.
    expect(data.edgeById.get('a9.h9->logits')!.effect).toBeGreaterThan(0);
    expect(data.edgeById.get('a10.h7->logits')!.effect).toBeLessThan(0);
  });
});
