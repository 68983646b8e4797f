import { MultiDirectedGraph } from 'graphology';
import { describe, expect, it } from 'vitest';
import type { EdgeRecord } from '../../../../viewer/data/circuit-data.js';
import { DisplayGraph, type DisplayNode } from '../../../../viewer/scene/display-graph.js';
import { randomNumbers } from '../../../support/random.js';
import { randomData } from '../../../support/viewer-scene.js';

const NODES = 7;
const EDGES = 30;
const node = (label: string): DisplayNode => ({ label, x: 1, size: 0, parent: null }) as DisplayNode;

/** The same random graph as columns and of graphology. Some edges are loops, and some have the same ends. */
function twins(seed: number) {
  const random = randomNumbers(seed);
  const end = () => random.below(NODES);
  const ends = Array.from({ length: EDGES }, () => [end(), end()] as const);
  const names = Array.from({ length: NODES }, (_, i) => `n${i}`);
  const first = randomData(2, 2).edges.slice(0, EDGES) as EdgeRecord[];
  const strength = Float64Array.from(ends, () => random.normal() ** 2);
  const graph = new DisplayGraph(
    2,
    names.map((name) => [name, node(name)]),
    {
      first,
      several: new Map([[3, first.slice(3, 6)]]),
      source: Int32Array.from(ends, ([source]) => source),
      target: Int32Array.from(ends, ([, target]) => target),
      effect: Float64Array.from(first, (edge, i) => (i === 4 ? Number.NaN : edge.effect!)),
      strength,
      curvature: new Float64Array(EDGES),
      withTabs: false,
      marked: { found: null, deciding: null },
    },
  );
  const model = new MultiDirectedGraph<DisplayNode, { strength: number }>();
  for (const name of names) model.addNode(name, node(name));
  ends.forEach(([source, target], i) =>
    model.addEdgeWithKey(first[i]!.id, names[source], names[target], { strength: strength[i]! }),
  );
  return { graph, model, first };
}

describe('DisplayGraph', () => {
  it.each([1, 2, 3])('has the nodes, edges and ends that a graph of graphology has (seed %i)', (seed) => {
    const { graph, model } = twins(seed);
    expect([graph.order, graph.size]).toEqual([model.order, model.size]);
    expect(graph.nodes()).toEqual(model.nodes());
    expect(graph.edges()).toEqual(model.edges());
    for (const id of model.edges()) {
      expect(graph.extremities(id)).toEqual(model.extremities(id));
      expect(graph.getEdgeAttribute(id, 'strength')).toBe(model.getEdgeAttribute(id, 'strength'));
      expect(graph.edgeName(graph.edgeIndex(id))).toBe(id);
    }
    graph.nodes().forEach((id, index) => {
      expect(graph.neighbors(id).toSorted()).toEqual(model.neighbors(id).toSorted());
      expect([graph.inDegree(id), graph.outDegree(id)]).toEqual([model.inDegree(id), model.outDegree(id)]);
      const visited: string[] = [];
      graph.forEachEdgeOf(id, (edge) => visited.push(edge));
      expect(visited.toSorted()).toEqual(model.edges(id).toSorted());
      const sum = model.reduceEdges(id, (total, _, edge) => total + edge.strength, 0);
      expect(graph.strengths()[index]).toBeCloseTo(sum, 12);
    });
  });

  it('reads an edge from its columns', () => {
    const { graph, first } = twins(1);
    const alone = graph.edgeAt(0);
    expect(alone.edges).toEqual([first[0]!.id]);
    expect([alone.port, alone.kind, alone.effect]).toEqual([first[0]!.port, first[0]!.kind, first[0]!.effect]);
    expect(graph.edgeAt(3).edges).toEqual(first.slice(3, 6).map(({ id }) => id));
    expect(graph.edgeAt(4).effect).toBeNull();
    graph.bend(first[2]!.id, 0.5);
    expect([graph.edgeAt(2).curvature, graph.edgeAt(1).curvature]).toEqual([0.5, 0]);
  });

  it('keeps the nodes of a copy apart', () => {
    const { graph } = twins(1);
    const copy = graph.copy();
    copy.mergeNodeAttributes('n0', { x: 9 });
    expect([graph.getNodeAttribute('n0', 'x'), copy.getNodeAttribute('n0', 'x')]).toEqual([1, 9]);
    expect(copy.edges()).toEqual(graph.edges());
  });

  it('knows no other names', () => {
    const { graph } = twins(1);
    expect([graph.hasNode('n9'), graph.hasEdge('n0')]).toEqual([false, false]);
    expect(() => graph.getNodeAttributes('n9')).toThrow('nothing is drawn as n9');
    expect(() => graph.source('n0')).toThrow('nothing is drawn as n0');
  });
});
