import { widestFrom, widestPaths } from '../../src/circuit/widest-paths.js';
import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import { pathStrength } from './connected.js';
import { recordGraph, type RecordGraph } from './record-graph.js';

/**
 * Nodes and edges by name, with the strength of the best path on which they lie, relative to the strongest: 0..1. A
 * path is as strong as its weakest edge.
 */
export interface Reach {
  readonly nodes: ReadonlyMap<string, number>;
  readonly edges: ReadonlyMap<string, number>;
}

/**
 * Everything that reaches the nodes or edges over the shown edges, and everything that they reach. What is asked for
 * has strength 1. Names that are not there are left out.
 *
 * @param names of nodes and edges; those of a group reach and are reached together.
 */
export function reachOf(data: CircuitData, shown: readonly EdgeRecord[], names: readonly string[]): Reach {
  const graph = recordGraph(data, shown, pathStrength);
  const starts = { back: new Map<number, number>(), on: new Map<number, number>() };
  for (const name of names) {
    const vertex = graph.vertexOf.get(name);
    if (vertex !== undefined) for (const from of Object.values(starts)) from.set(vertex, Infinity);
  }
  const wanted = new Set(names);
  const chosen = new Set<string>();
  graph.edgeOf.forEach((index, link) => {
    const edge = shown[index];
    if (!edge || !wanted.has(edge.id)) return;
    chosen.add(edge.id);
    // A path through the edge is no stronger than the edge.
    const start = (from: Map<number, number>, vertex: number): unknown =>
      from.set(vertex, Math.max(from.get(vertex) ?? 0, graph.strength[link]!));
    start(starts.back, graph.from[link]!);
    start(starts.on, graph.to[link]!);
  });
  const into = widestFrom(graph, starts.back, 'back');
  const onwards = widestFrom(graph, starts.on, 'on');
  const reach = relative(graph, shown, (link) => Math.max(into[graph.to[link]!]!, onwards[graph.from[link]!]!));
  return lit(data, reach, [...names.filter((name) => data.nodeById.has(name)), ...chosen]);
}

/** Everything on paths from one of two nodes to the other, over the shown edges. Empty where no path leads. */
export function reachBetween(data: CircuitData, shown: readonly EdgeRecord[], ends: readonly [string, string]): Reach {
  const graph = recordGraph(data, shown, pathStrength);
  const [a, b] = ends.map((name) => graph.vertexOf.get(name)) as [number | undefined, number | undefined];
  if (a === undefined || b === undefined || a === b) return { nodes: new Map(), edges: new Map() };
  const [source, sink] = [Math.min(a, b), Math.max(a, b)];
  const strengths = widestPaths({ ...graph, source, sink });
  const isThere = strengths.some((strength) => strength >= 0);
  return lit(
    data,
    relative(graph, shown, (link) => strengths[link]!),
    isThere ? ends : [],
  );
}

/** @param beside strength of the best path that a link goes on from, or leads to; negative or NaN for none. */
function relative(graph: RecordGraph, shown: readonly EdgeRecord[], beside: (link: number) => number): Reach {
  const found: [EdgeRecord, number][] = [];
  let most = 0;
  graph.edgeOf.forEach((index, link) => {
    const strength = Math.min(beside(link), graph.strength[link]!);
    const edge = shown[index];
    if (!edge || !(strength >= 0)) return;
    found.push([edge, strength]);
    if (Number.isFinite(strength)) most = Math.max(most, strength);
  });
  const reach = { nodes: new Map<string, number>(), edges: new Map<string, number>() };
  const light = (names: Map<string, number>, name: string, share: number): unknown =>
    names.set(name, Math.max(names.get(name) ?? 0, share));
  for (const [{ id, source, target }, strength] of found) {
    const share = most > 0 ? Math.min(1, strength / most) : 1;
    light(reach.edges, id, share);
    light(reach.nodes, source, share);
    light(reach.nodes, target, share);
  }
  return reach;
}

/** Nodes and edges by name, all lit in full; an edge with its ends. */
export function inFull(data: CircuitData, names: readonly string[]): Reach {
  return lit(data, { nodes: new Map(), edges: new Map() }, names);
}

/** The reach with some of its nodes and edges lit in full. */
function lit({ edgeById }: CircuitData, { nodes, edges }: Reach, names: readonly string[]): Reach {
  const all = { nodes: new Map(nodes), edges: new Map(edges) };
  for (const name of names) {
    const edge = edgeById.get(name);
    if (edge) all.edges.set(name, 1);
    for (const node of edge ? [edge.source, edge.target] : [name]) all.nodes.set(node, 1);
  }
  return all;
}
