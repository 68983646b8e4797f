import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CIRCUIT_WRITERS, openCircuit, openCircuitOrGraph } from '../../../../src/files/index.js';
import { readAttributionGraph } from '../../../../src/files/tools/read-attribution-graph.js';
import { featureNode, sampleGraph, type GraphJson } from '../../../support/attribution-graph.js';
import { complaint } from '../../../support/circuit-files.js';
import { sampleDirectCircuit } from '../../../support/sample-circuit.js';

const read = (change: Partial<GraphJson> = {}) => readAttributionGraph(sampleGraph(change), 'g.json');
const nodeWith = (more: object): Partial<GraphJson> => ({ nodes: [{ ...featureNode(1, 2, 0), ...more }], links: [] });

describe('an attribution graph', () => {
  it('is read with what its nodes and its author say', () => {
    const { graph, notes } = read();
    expect(notes).toEqual([]);
    expect(graph).toMatchObject({
      tokens: ['<bos>', ' Texas', ' is'],
      scan: 'gemma-2-2b',
      slug: 'texas',
      description: 'Dallas to Austin',
      pinned: ['20_15589_2'],
      supernodes: [{ name: 'Texas', members: ['6_4012_1'] }],
    });
    const byId = new Map(graph.nodes.map((node) => [node.id, node]));
    expect(byId.get('6_4012_1')).toEqual({
      id: '6_4012_1',
      kind: 'feature',
      type: 'cross layer transcoder',
      layer: 6,
      position: 1,
      label: '',
      feature: 8078183,
      activation: 2.5,
      influence: 0.5,
      probability: null,
    });
    expect(byId.get('E_9447_1')).toMatchObject({ kind: 'embedding', layer: null, position: 1, influence: null });
    expect(byId.get('6_-1_1')).toMatchObject({ kind: 'error', layer: 6, feature: null });
    expect(byId.get('27_22605_2')).toMatchObject({ kind: 'logit', layer: null, probability: 0.43 });
    expect(graph.links[3]).toEqual({ source: '20_15589_2', target: '27_26865_2', weight: -1.5 });
  });

  it('has its nodes in an order in which links lead forward, within a layer too', () => {
    const nodes = [3, 1, 2, 0].map((index) => featureNode(5, index, 0, { feature_type: 'lorsa' }));
    const links = [
      { source: '5_1_0', target: '5_3_0', weight: 1 },
      { source: '5_2_0', target: '5_1_0', weight: 1 },
    ];
    const { graph } = read({ nodes, links });
    expect(graph.nodes.map(({ id }) => id)).toEqual(['5_2_0', '5_0_0', '5_1_0', '5_3_0']);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 40 }), (pairs) => {
        const all = Array.from({ length: 12 }, (_, i) => featureNode(i >> 2, i, 0));
        const forward = new Set(pairs.filter(([a, b]) => a < b).map(([a, b]) => `${a} ${b}`));
        const made = [...forward].map((pair) => {
          const [a, b] = pair.split(' ').map((i) => all[Number(i)]!.node_id);
          return { source: a, target: b, weight: 1 };
        });
        const order = read({ nodes: all.toReversed(), links: made }).graph.nodes.map(({ id }) => id);
        expect(order.toSorted()).toEqual(all.map((node) => node.node_id).toSorted());
        for (const { source, target } of made) expect(order.indexOf(source!)).toBeLessThan(order.indexOf(target!));
      }),
    );
  });

  it('reads layers as numbers, nodes without optional fields, and what it does not know as features', () => {
    const bare = { node_id: 'x', layer: 3, ctx_idx: 0, feature: null, feature_type: 'bias' };
    const { graph } = read({ nodes: [bare], links: [], qParams: {} });
    expect(graph.nodes[0]).toMatchObject({ kind: 'feature', type: 'bias', layer: 3, label: '', activation: null });
    expect(read({ metadata: { prompt_tokens: ['a', 'b', 'c'] } }).graph).toMatchObject({ scan: null, slug: null });
  });

  it('says what it leaves out: links to nodes that were pruned, and weights that are no numbers', () => {
    const { graph, notes } = read({
      links: [
        { source: 'E_9447_1', target: 'gone', weight: 3 },
        { source: 'E_9447_1', target: '6_4012_1', weight: null },
      ],
    });
    expect(graph.links).toEqual([{ source: 'E_9447_1', target: '6_4012_1', weight: null }]);
    expect(notes).toEqual([
      'g.json: the nodes at the ends of 1 of its 2 links are not in it; left out',
      'g.json: the weight of 1 of its 2 links is no finite number',
    ]);
  });

  it.each<[Partial<GraphJson>, string]>([
    [{ metadata: {} }, 'metadata.prompt_tokens: got nothing, expected an array'],
    [{ metadata: { prompt_tokens: [1] } }, 'metadata.prompt_tokens[0]: got 1, expected a text'],
    [nodeWith({ node_id: 7 }), 'nodes[0].node_id: got 7, expected a text'],
    [nodeWith({ node_id: 'a->b' }), 'nodes[0].node_id: got "a->b", expected a text without ":", "<" and ">"'],
    [nodeWith({ ctx_idx: 3 }), 'nodes[0].ctx_idx: got 3, expected the index of one of the 3 tokens of the prompt'],
    [nodeWith({ ctx_idx: -1 }), 'nodes[0].ctx_idx: got -1'],
    [nodeWith({ layer: '100000' }), 'nodes[0].layer: got "100000", expected a layer from 0 to 999, or "E"'],
    [nodeWith({ layer: 'x' }), 'nodes[0].layer: got "x"'],
    [nodeWith({ clerp: {} }), 'nodes[0].clerp: got an object, expected a text'],
    [nodeWith({ activation: 'high' }), 'nodes[0].activation: got "high", expected a number'],
    [{ nodes: [featureNode(1, 2, 0), featureNode(1, 2, 0)], links: [] }, 'nodes[1]: "1_2_0" is there twice'],
    [{ links: [{ source: 1, target: '6_4012_1', weight: 1 }] }, 'links[0].source: got 1'],
    [{ links: [{ source: '6_4012_1', target: '6_4012_1', weight: 'x' }] }, 'links[0].weight: got "x", expected a num'],
    [{ links: [sampleGraph().links[0]!, sampleGraph().links[0]!] }, 'links[1]: "E_9447_1 -> 6_4012_1" is there twice'],
    [
      { links: [{ source: '20_15589_2', target: '6_4012_1', weight: 1 }] },
      'link "20_15589_2 -> 6_4012_1" leads backwards, to an earlier layer',
    ],
    [{ links: [{ source: '27_22605_2', target: '6_4012_1', weight: 1 }] }, 'leads backwards, to an earlier layer'],
    [{ links: [{ source: '6_4012_1', target: '6_4012_1', weight: 1 }] }, 'links lead in a circle through "6_4012_1"'],
  ])('is refused with the place at fault: %j', (change, message) => {
    expect(complaint(() => read(change), 'g.json')).toContain(message);
  });

  it('is told from a circuit, which it is not', () => {
    const text = JSON.stringify(sampleGraph());
    expect(openCircuitOrGraph(text, 'g.json')).toMatchObject({ format: 'attribution-graph', notes: [] });
    expect(() => openCircuit(text, 'g.json')).toThrow(/^g\.json: is an attribution graph of features, which has no/);
    expect(openCircuitOrGraph(CIRCUIT_WRITERS.json(sampleDirectCircuit()), 'c').format).toBe('json');
  });

  it('is read back from what is written here', () => {
    const text = CIRCUIT_WRITERS['attribution-graph'](sampleDirectCircuit());
    const json = JSON.parse(text) as GraphJson;
    const { graph, notes } = readAttributionGraph(json, 'g');
    expect(notes).toEqual([]);
    expect(graph.nodes.map(({ id }) => id).toSorted()).toEqual(json.nodes.map((node) => node.node_id).toSorted());
    expect(graph.links).toEqual(json.links);
    expect(graph.nodes.filter(({ kind }) => kind === 'feature').map(({ type }) => type)).toContain('lorsa');
  });
});
