import { EdgewiseError } from '../base/errors.js';
import {
  BRANCHES,
  directEdgeName,
  edgeName,
  modelWriters,
  nodeName,
  parseEdge,
  portName,
  type Branch,
  type NodeShape,
  type Port,
  type Writer,
} from './nodes.js';

/** What decides which edges exist. */
export interface TopologyShape extends NodeShape {
  /** Attention and MLP read the same residual stream (GPT-NeoX): a head does not feed its own layer's MLP. */
  readonly parallel: boolean;
}

/** Attention ports of a layer with so many heads: each head reads its query, its key and its value. */
export function attentionPortsOf(heads: number): number {
  return BRANCHES.length * heads;
}

function mlpsPerLayer({ attentionOnly = false }: NodeShape): 0 | 1 {
  return attentionOnly ? 0 : 1;
}

/**
 * Largest number of writers x ports. That of GPT-2 XL is 4.6 million, that of a model of 40 layers x 40 heads 7.9
 * million. All edges of such a graph are read and written in seconds; a larger one is refused before it is built, so
 * that no file of a few bytes fills the memory.
 */
const MAX_SIZE = 2 ** 23;

/** The first field in which two shapes differ; undefined where they are the same. */
export function shapeDifference(a: TopologyShape, b: TopologyShape): keyof TopologyShape | undefined {
  const fields = ['layers', 'heads', 'parallel', 'attentionOnly'] as const;
  return fields.find((field) => (a[field] ?? false) !== (b[field] ?? false));
}

/** An edge of the graph: addition edges carry a writer's output to a port, direct edges a head's own q, k or v. */
export type Edge =
  | { readonly kind: 'addition'; readonly id: number; readonly writer: number; readonly port: number }
  | { readonly kind: 'direct'; readonly id: number; readonly port: number };

/**
 * Writers, ports and edges of a decoder-only transformer, each in one fixed order, that of EAP-IG.
 *
 * Writers: `input`, then per layer its heads and its MLP, so writer = 1 + l(H+1) + h. Ports: per layer the q ports of
 * all heads, then k, then v, then the MLP; `logits` last. An attention-only model has no MLPs: writer = 1 + lH + h.
 *
 * What a port can read is always a *prefix* of the writers. So the addition edges into port p are the ids
 * `firstEdge(p) .. firstEdge(p) + fanIn(p) - 1`, in writer order. Direct edges follow after all addition edges, in the
 * order of the attention ports.
 */
export class Topology {
  readonly layers: number;
  readonly heads: number;
  readonly parallel: boolean;
  readonly attentionOnly: boolean;
  /** Attention ports of one layer: q of all heads, then k, then v. */
  readonly attentionPorts: number;
  readonly writers: readonly Writer[];
  readonly ports: readonly Port[];
  /** Number of addition edges (32,491 for GPT-2 small). */
  readonly additionEdges: number;
  /** Number of direct edges: three per head (432 for GPT-2 small). */
  readonly directEdges: number;
  readonly #firstEdge: Int32Array;
  /** Writers and ports of one layer. */
  readonly #layerWriters: number;
  readonly #layerPorts: number;

  /**
   * @param source of the shape, for messages.
   * @throws EdgewiseError of kind circuit where the graph would be too large.
   */
  constructor(shape: TopologyShape, source = 'topology') {
    const { layers, heads } = shape;
    if (!Topology.fits(shape)) {
      const what = `a graph of ${layers} layers x ${heads} heads is too large (at most ${MAX_SIZE} writers x ports)`;
      throw new EdgewiseError('circuit', source, what);
    }
    this.layers = shape.layers;
    this.heads = shape.heads;
    this.attentionOnly = shape.attentionOnly ?? false;
    this.parallel = shape.parallel && !this.attentionOnly;
    this.attentionPorts = attentionPortsOf(heads);
    const mlps = mlpsPerLayer(shape);
    this.#layerWriters = heads + mlps;
    this.#layerPorts = this.attentionPorts + mlps;
    const ports: Port[] = [];
    for (let layer = 0; layer < shape.layers; layer++) {
      for (const branch of BRANCHES) {
        for (let head = 0; head < shape.heads; head++) ports.push({ kind: 'head', layer, head, branch });
      }
      if (mlps > 0) ports.push({ kind: 'mlp', layer });
    }
    ports.push({ kind: 'logits' });
    this.writers = modelWriters(shape);
    this.ports = ports;
    this.#firstEdge = new Int32Array(ports.length + 1);
    for (let p = 0; p < ports.length; p++) this.#firstEdge[p + 1] = this.#firstEdge[p]! + this.fanIn(p);
    this.additionEdges = this.#firstEdge[ports.length]!;
    this.directEdges = layers * this.attentionPorts;
  }

  /** Whether a graph of this shape is small enough to be built. */
  static fits({ layers, heads }: Pick<TopologyShape, 'layers' | 'heads'>): boolean {
    const size = (1 + layers * (heads + 1)) * (layers * (attentionPortsOf(heads) + 1) + 1);
    return layers > 0 && heads > 0 && size <= MAX_SIZE;
  }

  /** How many addition and direct edges a model of this shape has, counted without building its topology. */
  static edgeCounts(shape: TopologyShape): { readonly addition: number; readonly direct: number } {
    const { layers, heads, parallel } = shape;
    const mlps = mlpsPerLayer(shape);
    const writers = heads + mlps;
    // Writers before each layer, summed over the layers.
    const before = layers + (writers * layers * (layers - 1)) / 2;
    const intoLogits = 1 + layers * writers;
    const intoOwnMlps = parallel ? 0 : mlps * layers * heads;
    const addition = (attentionPortsOf(heads) + mlps) * before + intoOwnMlps + intoLogits;
    return { addition, direct: layers * attentionPortsOf(heads) };
  }

  /** Addition and direct edges together: ids run from 0 to edgeCount - 1. */
  get edgeCount(): number {
    return this.additionEdges + this.directEdges;
  }

  /** Index of head `head` of layer `layer` among the writers. */
  headWriter(layer: number, head: number): number {
    return 1 + layer * this.#layerWriters + head;
  }

  /** Index of layer `layer`'s MLP among the writers. @throws EdgewiseError where the model has no MLPs. */
  mlpWriter(layer: number): number {
    this.#requireMlps();
    return 1 + layer * this.#layerWriters + this.heads;
  }

  /** The MLP's port of layer `layer` among the ports; none in an attention-only model. */
  mlpPorts(layer: number): readonly number[] {
    return this.attentionOnly ? [] : [this.mlpPort(layer)];
  }

  #requireMlps(): void {
    if (this.attentionOnly) throw new EdgewiseError('circuit', 'MLP', 'an attention-only model has none');
  }

  headPort(layer: number, branch: Branch, head: number): number {
    return layer * this.#layerPorts + this.attentionPort(branch, head);
  }

  /** Place of a head's port among the attention ports of its layer. */
  attentionPort(branch: Branch, head: number): number {
    return BRANCHES.indexOf(branch) * this.heads + head;
  }

  /** @throws EdgewiseError where the model has no MLPs. */
  mlpPort(layer: number): number {
    this.#requireMlps();
    return layer * this.#layerPorts + this.attentionPorts;
  }

  get logitsPort(): number {
    return this.ports.length - 1;
  }

  /** How many writers port `port` can read: the first so many. */
  fanIn(port: number): number {
    const p = this.ports[port]!;
    switch (p.kind) {
      case 'head':
        return 1 + p.layer * this.#layerWriters;
      case 'mlp':
        return 1 + p.layer * this.#layerWriters + (this.parallel ? 0 : this.heads);
      case 'logits':
        return this.writers.length;
    }
  }

  /** Id of the edge from writer 0 (`input`) into `port`; the edge from writer w has this id plus w. */
  firstEdge(port: number): number {
    return this.#firstEdge[port]!;
  }

  /** Id of the addition edge writer -> port; throws where there is none. */
  additionEdge(writer: number, port: number): number {
    if (writer >= this.fanIn(port)) {
      throw new EdgewiseError('circuit', this.writerName(writer), `does not feed ${this.portName(port)}`);
    }
    return this.#firstEdge[port]! + writer;
  }

  /** Id of the direct edge of attention port `port`. */
  directEdge(port: number): number {
    const p = this.ports[port]!;
    if (p.kind !== 'head') throw new EdgewiseError('circuit', portName(p), 'has no direct edge: it is not a head port');
    return this.additionEdges + p.layer * this.attentionPorts + this.attentionPort(p.branch, p.head);
  }

  edge(id: number): Edge {
    if (id < 0 || id >= this.edgeCount)
      throw new EdgewiseError('circuit', `edge ${id}`, `expected 0..${this.edgeCount - 1}`);
    if (id >= this.additionEdges) {
      const ordinal = id - this.additionEdges;
      const layer = Math.floor(ordinal / this.attentionPorts);
      return { kind: 'direct', id, port: layer * this.#layerPorts + (ordinal % this.attentionPorts) };
    }
    let low = 0;
    let high = this.ports.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#firstEdge[middle]! <= id) low = middle;
      else high = middle - 1;
    }
    return { kind: 'addition', id, writer: id - this.#firstEdge[low]!, port: low };
  }

  writerName(writer: number): string {
    return nodeName(this.writers[writer]!);
  }

  portName(port: number): string {
    return portName(this.ports[port]!);
  }

  edgeName(id: number): string {
    const edge = this.edge(id);
    const port = this.ports[edge.port]!;
    if (edge.kind === 'addition') return edgeName(this.writers[edge.writer]!, port);
    if (port.kind !== 'head')
      throw new EdgewiseError('circuit', `edge ${id}`, 'direct edge of a port that is no head port');
    return directEdgeName(port);
  }

  /** Id of a named edge, or undefined where this topology has no such edge. */
  edgeId(name: string): number | undefined {
    const edge = parseEdge(name);
    if (!edge) return undefined;
    const port = this.#portOf(edge.kind === 'direct' ? edge.from : edge.to);
    if (port === undefined) return undefined;
    if (edge.kind === 'direct') return this.directEdge(port);
    const writer = this.#writerOf(edge.from);
    return writer !== undefined && writer < this.fanIn(port) ? this.#firstEdge[port]! + writer : undefined;
  }

  #writerOf(node: Writer): number | undefined {
    if (node.kind === 'input') return 0;
    if (!this.#has(node)) return undefined;
    return node.kind === 'head' ? this.headWriter(node.layer, node.head) : this.mlpWriter(node.layer);
  }

  #portOf(port: Port): number | undefined {
    if (port.kind === 'logits') return this.logitsPort;
    if (!this.#has(port)) return undefined;
    return port.kind === 'head' ? this.headPort(port.layer, port.branch, port.head) : this.mlpPort(port.layer);
  }

  #has(node: Exclude<Writer, { readonly kind: 'input' }>): boolean {
    return node.layer < this.layers && (node.kind === 'mlp' ? !this.attentionOnly : node.head < this.heads);
  }
}
