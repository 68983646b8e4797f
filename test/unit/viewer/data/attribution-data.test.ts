import { describe, expect, it } from 'vitest';

import { readAttributionGraph } from '../../../../src/files/tools/read-attribution-graph.js';
import { featureIndex, toAttributionData } from '../../../../viewer/data/attribution-data.js';
import { openDocument } from '../../../../viewer/data/open-document.js';
import { onPaths } from '../../../../viewer/view/connected.js';
import { strongestPaths } from '../../../../viewer/view/paths.js';
import { select } from '../../../../viewer/view/selection.js';
import { DEFAULT_EDGES, DEFAULT_VIEW } from '../../../../viewer/view/view-state.js';
import { featureNode, sampleGraph, type GraphJson } from '../../../support/attribution-graph.js';
import { sourceFile } from '../../../support/viewer.js';

const dataOf = (change: Partial<GraphJson> = {}) =>
  toAttributionData(readAttributionGraph(sampleGraph(change), 'g').graph);

describe('toAttributionData', () => {
  it('puts every node at its token and its layer, under the name that it has', () => {
    const { nodes, tokens, layers } = dataOf();
    expect([tokens, layers]).toEqual([['<bos>', ' Texas', ' is'], 21]);
    expect(nodes.map(({ kind, layer, position, label }) => [kind, layer, position, label])).toEqual([
      ['input', null, 1, ' Texas'],
      ['input', null, 0, '<bos>'],
      ['feature', 6, 1, '6/4012'],
      ['error', 6, 1, 'error 6'],
      ['feature', 20, 2, 'say a capital'],
      ['logits', null, 2, ' Austin'],
      ['logits', null, 2, ' Dallas'],
    ]);
  });

  it('has the links as edges, strongest first, and sums them at their nodes', () => {
    const { edges, nodeById, edgeById } = dataOf();
    expect(edges.map(({ id, effect, rank }) => [id, effect, rank])).toEqual([
      ['20_15589_2->27_22605_2', 6, 1],
      ['6_4012_1->20_15589_2', 4.5, 2],
      ['E_9447_1->6_4012_1', 3, 3],
      ['6_-1_1->20_15589_2', -3, 3],
      ['20_15589_2->27_26865_2', -1.5, 5],
    ]);
    expect(nodeById.get('20_15589_2')!.effect).toBe(4.5);
    expect(nodeById.get('27_26865_2')!.effect).toBe(-1.5);
    expect([nodeById.get('E_2_0')!.inCircuit, nodeById.get('6_-1_1')!.inCircuit]).toEqual([false, true]);
    expect(edgeById.size).toBe(5);
  });

  it('puts edges without a weight last and ranks none of them', () => {
    const links = sampleGraph().links.map((link, i) => (i === 2 ? { ...link, weight: null } : link));
    const { edges } = dataOf({ links });
    expect(edges.at(-1)).toMatchObject({ id: '20_15589_2->27_22605_2', effect: null, rank: null });
  });

  it('has paths from any of its inputs and errors to any of its logits', () => {
    const paths = (links: GraphJson['links']): string[] => {
      const data = dataOf({ links });
      return onPaths(data, data.edges).map(({ source, target }) => `${source} ${target}`);
    };
    const { links } = sampleGraph();
    expect(paths(links)).toHaveLength(5);
    // Without its embedding the feature of layer 6 is fed by nothing; the error needs nothing.
    expect(paths(links.slice(1)).toSorted()).toEqual(
      ['20_15589_2 27_22605_2', '20_15589_2 27_26865_2', '6_-1_1 20_15589_2'].toSorted(),
    );
    expect(paths(links.slice(0, 2))).toEqual([]);
    expect(strongestPaths(dataOf(), dataOf().edges, 2).map(({ nodes }) => nodes.map(({ id }) => id))).toEqual([
      ['E_9447_1', '6_4012_1', '20_15589_2', '27_22605_2'],
      ['6_-1_1', '20_15589_2', '27_22605_2'],
    ]);
    const { edges, circuit } = select(dataOf(), { ...DEFAULT_VIEW, limitBy: 'circuit', limit: 4 });
    expect(circuit?.edges).toBe(edges.length);
    // Two edges are as weak as each other: the circuit has both.
    expect(edges.map(({ id }) => id)).toEqual([
      '20_15589_2->27_22605_2',
      '6_4012_1->20_15589_2',
      'E_9447_1->6_4012_1',
      '6_-1_1->20_15589_2',
    ]);
  });

  it('takes a number out of a name only where the name is made of layer, index and position', () => {
    const [node] = readAttributionGraph(sampleGraph({ nodes: [featureNode(1, 2, 0)], links: [] }), 'g').graph.nodes;
    expect(featureIndex(node!)).toBe(2);
    for (const id of ['2_2_0', '1_2_1', '1-2-0', 'x']) expect(featureIndex({ ...node!, id })).toBeNull();
  });

  it('opens a large graph, of which the strongest edges are shown at first', () => {
    const nodes = Array.from({ length: 4000 }, (_, i) => featureNode(i % 26, i, i % 3));
    const layerOf = (i: number): number => i % 26;
    const links: GraphJson['links'][number][] = [];
    for (let i = 0; links.length < 100_000; i++) {
      const [a, b] = [i % 4000, (i * 7 + 1 + Math.floor(i / 4000)) % 4000];
      if (layerOf(a) >= layerOf(b)) continue;
      links.push({ source: nodes[a]!.node_id, target: nodes[b]!.node_id, weight: Math.sin(i) });
    }
    const unique = [...new Map(links.map((link) => [JSON.stringify([link['source'], link['target']]), link])).values()];
    const document = openDocument(sourceFile('g.json', JSON.stringify(sampleGraph({ nodes, links: unique }))));
    if (document.format !== 'attribution-graph') throw new Error('expected a graph');
    const data = toAttributionData(document.graph);
    expect(data.edges.length).toBe(unique.length);
    expect(unique.length).toBeGreaterThan(50_000);
    const { edges } = select(data, DEFAULT_VIEW);
    expect(edges.length).toBe(DEFAULT_EDGES);
    const weakest = Math.min(...edges.map(({ effect }) => Math.abs(effect!)));
    expect(unique.filter(({ weight }) => Math.abs(weight as number) > weakest).length).toBeLessThan(DEFAULT_EDGES);
  });
});
