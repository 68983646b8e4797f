import { connectedLevels } from '../../src/circuit/connected-levels.js';
import { widestPaths } from '../../src/circuit/widest-paths.js';
import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import { pathStrength } from './connected.js';
import { recordGraph, type RecordGraph } from './record-graph.js';

/** A path from `input` to `logits`. */
export interface CircuitPath {
  /** Its edges in order. */
  readonly edges: readonly EdgeRecord[];
  /** Its nodes in order, from `input` to `logits`, each with the port by which the path enters it. */
  readonly nodes: readonly { readonly id: string; readonly port: EdgeRecord['port'] }[];
  /** Its weakest edge, the first of equals. An edge whose number is not known is none. Null where none is known. */
  readonly weakest: EdgeRecord | null;
}

/**
 * The strongest paths from `input` to `logits` over the shown edges: those whose weakest edge is strongest, of equal
 * ones those of the largest sum of |number|. Two paths of the same nodes by other ports are two.
 *
 * The weakest edge of a path has one of the strengths of the connected levels. They are gone through from the
 * strongest; at each, the paths of the largest sums are found among its edges. O(levels x edges x count).
 */
export function strongestPaths(data: CircuitData, shown: readonly EdgeRecord[], count: number): CircuitPath[] {
  const graph = recordGraph(data, shown, pathStrength);
  const best = widestPaths(graph);
  const paths: CircuitPath[] = [];
  const ordered = [...graph.edgeOf.keys()].sort((a, b) => graph.from[a]! - graph.from[b]! || a - b);
  for (const { strength } of connectedLevels(best.filter((_, link) => graph.edgeOf[link]! >= 0))) {
    if (paths.length >= count) break;
    const links = ordered.filter((link) => best[link]! >= strength);
    for (const found of pathsAt(graph, links, strength, count - paths.length)) paths.push(pathOf(shown, graph, found));
  }
  return paths;
}

/** The end of a path to a vertex. */
interface PathTo {
  readonly sum: number;
  /** It has an edge of the level's strength. */
  readonly bound: boolean;
  readonly link: number;
  readonly before: PathTo | null;
}

/**
 * The paths of the largest sums over some links whose weakest one has this very strength, as lists of links.
 *
 * @param links by where they begin.
 */
function pathsAt(graph: RecordGraph, links: readonly number[], strength: number, count: number): number[][] {
  const { from, to, source, sink } = graph;
  const ends = new Map<number, PathTo[]>([[source, [{ sum: 0, bound: false, link: -1, before: null }]]]);
  const isBound = (link: number): boolean => graph.strength[link] === strength;
  for (const link of links) {
    const reached = ends.get(from[link]!);
    if (!reached) continue;
    const known = Number.isFinite(graph.strength[link]!) ? graph.strength[link]! : 0;
    const more = reached.map((before): PathTo => ({
      sum: before.sum + known,
      bound: before.bound || isBound(link),
      link,
      before,
    }));
    ends.set(to[link]!, strongestOf([...(ends.get(to[link]!) ?? []), ...more], count));
  }
  return (ends.get(sink) ?? [])
    .filter(({ bound }) => bound || strength === Infinity)
    .slice(0, count)
    .map(linksOf);
}

/** So many of each kind: those that have an edge of the level's strength already, and those that do not. */
function strongestOf(paths: readonly PathTo[], count: number): PathTo[] {
  const sorted = [...paths].sort((a, b) => b.sum - a.sum || compareLinks(linksOf(a), linksOf(b)));
  const left = { true: count, false: count };
  return sorted.filter(({ bound }) => left[`${bound}`]-- > 0);
}

function linksOf(end: PathTo): number[] {
  const links: number[] = [];
  for (let at: PathTo | null = end; at && at.link >= 0; at = at.before) links.push(at.link);
  return links.reverse();
}

function compareLinks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((link, i) => link !== b[i]);
  return at < 0 ? 0 : a[at]! - (b[at] ?? -1);
}

function pathOf(shown: readonly EdgeRecord[], graph: RecordGraph, links: readonly number[]): CircuitPath {
  const edges = links.flatMap((link) => shown[graph.edgeOf[link]!] ?? []);
  const nodeAt = new Map([...graph.vertexOf].map(([id, vertex]) => [vertex, id]));
  // The source of an attribution graph is before its inputs, and is no node itself.
  const first = nodeAt.get(graph.source);
  const nodes: { id: string; port: EdgeRecord['port'] }[] = first === undefined ? [] : [{ id: first, port: 'out' }];
  let port: EdgeRecord['port'] = 'out';
  for (const link of links) {
    const edge = shown[graph.edgeOf[link]!];
    if (edge) ({ port } = edge);
    const id = nodeAt.get(graph.to[link]!);
    if (id !== undefined) nodes.push({ id, port });
  }
  const known = edges.filter(({ effect }) => effect !== null);
  const least = known.reduce((least, edge) => Math.min(least, pathStrength(edge)), Infinity);
  return { edges, nodes, weakest: known.find((edge) => pathStrength(edge) === least) ?? null };
}
