import type { NodeKind } from '../data/circuit-data.js';
import { EdgeRow, type DisplayEdge, type EdgeColumns } from './display-edges.js';

export interface DisplayNode {
  x: number;
  y: number;
  label: string;
  /** `port`: q, k or v of a head, drawn under the head in the grid. `group`: several nodes as one. */
  kind: NodeKind | 'port' | 'group';
  layer: number | null;
  /** Ports only: its letter. */
  port: 'q' | 'k' | 'v' | null;
  /** Ports only: the display node of its head. */
  parent: string | null;
  /** Names of the circuit's nodes that the display node stands for. */
  members: readonly string[];
  /** Radius (circles) or half the side (squares) in layout units. */
  size: number;
  /** Where it stands among the rows of the model, from the bottom: a layer has several. See `levelOf`. */
  level: number;
  /** Width and height of its box in layout units. Null where nodes are no boxes. */
  box: readonly [number, number] | null;
  /** Parts of the lower edge of its box that edges into its ports end at, from the left. */
  tabs: readonly Tab[];
  /** A shown edge starts or ends here. */
  connected: boolean;
  pinned: boolean;
  /** The reader left a note on it. */
  noted: boolean;
  /** The search finds it. Null while nothing is searched. */
  found: boolean | null;
}

/** A part of the lower edge of a box. */
export interface Tab {
  /** Null: for edges that have no port. */
  readonly port: 'q' | 'k' | 'v' | null;
  /** From the middle of the box, in layout units. */
  readonly left: number;
  readonly width: number;
}

type PerNode<Result> = (id: string, node: DisplayNode) => Result;
type PerEdge<Result> = (
  id: string,
  edge: DisplayEdge,
  source: string,
  target: string,
  from: DisplayNode,
  to: DisplayNode,
) => Result;

/**
 * Nodes and edges that are drawn, in the order in which they were given. Its methods are those of a graph of
 * graphology, and named so. Nodes are objects that layouts change. Edges are columns: what is asked of an edge is read
 * from them then. What goes over all edges of a haze asks by index.
 *
 * A name that the graph does not have is an error of the caller, and throws.
 */
export class DisplayGraph {
  /** Number of layers of the model. */
  readonly layers: number;
  readonly #ids: readonly string[];
  readonly #nodes: DisplayNode[];
  readonly #edges: EdgeColumns;
  readonly #indexOfNode: ReadonlyMap<string, number>;
  #indexOfEdge: ReadonlyMap<string, number> | null = null;
  #incident: { readonly in: readonly number[][]; readonly out: readonly number[][] } | null = null;

  constructor(layers: number, nodes: readonly (readonly [id: string, node: DisplayNode])[], edges: EdgeColumns) {
    this.layers = layers;
    this.#ids = nodes.map(([id]) => id);
    this.#nodes = nodes.map(([, node]) => node);
    this.#edges = edges;
    this.#indexOfNode = new Map(this.#ids.map((id, index) => [id, index]));
  }

  /** Number of nodes. */
  get order(): number {
    return this.#ids.length;
  }

  /** Number of edges. */
  get size(): number {
    return this.#edges.first.length;
  }

  /** The same edges with nodes and bends of their own, which layouts change. */
  copy(): DisplayGraph {
    const nodes = this.mapNodes((id, node) => [id, { ...node }] as const);
    return new DisplayGraph(this.layers, nodes, { ...this.#edges, curvature: this.#edges.curvature.slice() });
  }

  hasNode(id: string): boolean {
    return this.#indexOfNode.has(id);
  }

  nodes(): string[] {
    return [...this.#ids];
  }

  getNodeAttributes(id: string): DisplayNode {
    return this.#nodes[this.#nodeIndex(id)]!;
  }

  getNodeAttribute<Key extends keyof DisplayNode>(id: string, key: Key): DisplayNode[Key] {
    return this.getNodeAttributes(id)[key];
  }

  mergeNodeAttributes(id: string, changes: Partial<DisplayNode>): void {
    Object.assign(this.getNodeAttributes(id), changes);
  }

  updateEachNodeAttributes(change: PerNode<DisplayNode>): void {
    this.#nodes.forEach((node, index) => (this.#nodes[index] = change(this.#ids[index]!, node)));
  }

  forEachNode(visit: PerNode<void>): void {
    this.#nodes.forEach((node, index) => visit(this.#ids[index]!, node));
  }

  mapNodes<Result>(map: PerNode<Result>): Result[] {
    return this.#nodes.map((node, index) => map(this.#ids[index]!, node));
  }

  filterNodes(fits: PerNode<boolean>): string[] {
    return this.#ids.filter((id, index) => fits(id, this.#nodes[index]!));
  }

  someNode(fits: PerNode<boolean>): boolean {
    return this.#nodes.some((node, index) => fits(this.#ids[index]!, node));
  }

  /** The nodes that an edge joins a node with, each once. */
  neighbors(id: string): string[] {
    const index = this.#nodeIndex(id);
    const { source, target } = this.#edges;
    const { in: incoming, out: outgoing } = this.#incidence();
    const ends = [...incoming[index]!.map((edge) => source[edge]!), ...outgoing[index]!.map((edge) => target[edge]!)];
    return [...new Set(ends)].map((end) => this.#ids[end]!);
  }

  inDegree(id: string): number {
    return this.#incidence().in[this.#nodeIndex(id)]!.length;
  }

  outDegree(id: string): number {
    return this.#incidence().out[this.#nodeIndex(id)]!.length;
  }

  /** [nodes] Sum of the strengths of the edges at each node. A loop counts once. */
  strengths(): Float64Array {
    const { source, target, strength } = this.#edges;
    const sums = new Float64Array(this.order);
    strength.forEach((one, edge) => {
      const [from, to] = [source[edge]!, target[edge]!];
      sums[from]! += one;
      if (from !== to) sums[to]! += one;
    });
    return sums;
  }

  hasEdge(id: string): boolean {
    return this.#edgeIndices().has(id);
  }

  edges(): string[] {
    return this.#edges.first.map(({ id }) => id);
  }

  getEdgeAttributes(id: string): DisplayEdge {
    return this.edgeAt(this.edgeIndex(id));
  }

  getEdgeAttribute<Key extends keyof DisplayEdge>(id: string, key: Key): DisplayEdge[Key] {
    return this.getEdgeAttributes(id)[key];
  }

  source(id: string): string {
    return this.#ids[this.#edges.source[this.edgeIndex(id)]!]!;
  }

  target(id: string): string {
    return this.#ids[this.#edges.target[this.edgeIndex(id)]!]!;
  }

  extremities(id: string): [source: string, target: string] {
    return [this.source(id), this.target(id)];
  }

  getSourceAttributes(id: string): DisplayNode {
    return this.sourceAt(this.edgeIndex(id));
  }

  getTargetAttributes(id: string): DisplayNode {
    return this.targetAt(this.edgeIndex(id));
  }

  /** How far an edge bends. */
  bend(id: string, curvature: number): void {
    this.#edges.curvature[this.edgeIndex(id)] = curvature;
  }

  forEachEdge(visit: PerEdge<void>): void {
    for (let index = 0; index < this.size; index++) this.#at(index, visit);
  }

  mapEdges<Result>(map: PerEdge<Result>): Result[] {
    return Array.from({ length: this.size }, (_, index) => this.#at(index, map));
  }

  filterEdges(fits: PerEdge<boolean>): string[] {
    return this.edges().filter((_, index) => this.#at(index, fits));
  }

  /** A loop is visited once. */
  forEachEdgeOf(node: string, visit: PerEdge<void>): void {
    this.forEachInEdge(node, visit);
    this.forEachOutEdge(node, (id, edge, source, target, from, to) => {
      if (target !== node) visit(id, edge, source, target, from, to);
    });
  }

  forEachInEdge(node: string, visit: PerEdge<void>): void {
    for (const edge of this.#incidence().in[this.#nodeIndex(node)]!) this.#at(edge, visit);
  }

  forEachOutEdge(node: string, visit: PerEdge<void>): void {
    for (const edge of this.#incidence().out[this.#nodeIndex(node)]!) this.#at(edge, visit);
  }

  edgeName(index: number): string {
    return this.#edges.first[index]!.id;
  }

  edgeIndex(id: string): number {
    return known(this.#edgeIndices().get(id), id);
  }

  edgeAt(index: number): DisplayEdge {
    return new EdgeRow(this.#edges, index);
  }

  sourceAt(index: number): DisplayNode {
    return this.#nodes[this.#edges.source[index]!]!;
  }

  targetAt(index: number): DisplayNode {
    return this.#nodes[this.#edges.target[index]!]!;
  }

  #at<Result>(index: number, call: PerEdge<Result>): Result {
    const { first, source, target } = this.#edges;
    const [from, to] = [source[index]!, target[index]!];
    return call(
      first[index]!.id,
      this.edgeAt(index),
      this.#ids[from]!,
      this.#ids[to]!,
      this.#nodes[from]!,
      this.#nodes[to]!,
    );
  }

  #nodeIndex(id: string): number {
    return known(this.#indexOfNode.get(id), id);
  }

  #edgeIndices(): ReadonlyMap<string, number> {
    return (this.#indexOfEdge ??= new Map(this.#edges.first.map(({ id }, index) => [id, index])));
  }

  /** Indices of the edges of each node. */
  #incidence(): { readonly in: readonly number[][]; readonly out: readonly number[][] } {
    if (this.#incident) return this.#incident;
    const lists = (ends: Int32Array): number[][] => {
      const ofNode: number[][] = this.#ids.map(() => []);
      ends.forEach((node, edge) => ofNode[node]!.push(edge));
      return ofNode;
    };
    return (this.#incident = { in: lists(this.#edges.target), out: lists(this.#edges.source) });
  }
}

/** A graph of nothing. */
export function emptyGraph(): DisplayGraph {
  const [ends, numbers] = [new Int32Array(), new Float64Array()];
  return new DisplayGraph(0, [], {
    first: [],
    several: new Map(),
    source: ends,
    target: ends,
    effect: numbers,
    strength: numbers,
    curvature: numbers,
    withTabs: false,
    marked: { found: null, deciding: null },
  });
}

function known(index: number | undefined, id: string): number {
  if (index === undefined) throw new Error(`nothing is drawn as ${id}`);
  return index;
}
