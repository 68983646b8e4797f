import { EdgewiseError } from '../base/errors.js';
import {
  BRANCHES,
  directEdgeName,
  edgeName,
  modelWriters,
  nodeName,
  portName,
  type Branch,
  type Port,
  type Writer,
} from './nodes.js';

/** What decides which edges exist. */
export interface TopologyShape {
  readonly layers: number;
  /** Query heads per layer. */
  readonly heads: number;
  /** Attention and MLP read the same residual stream (GPT-NeoX): a head does not feed its own layer's MLP. */
  readonly parallel: boolean;
}

/** Attention ports of a layer with so many heads: each head reads its query, its key and its value. */
export function attentionPortsOf(heads: number): number {
  return BRANCHES.length * heads;
}

/**
 * Largest number of writers x ports: thirty times that of GPT-2 XL. Edge ids then stay far below 2^31, and a hostile
 * file cannot fill the memory.
 */
const MAX_SIZE = 2 ** 27;

/** An edge of the graph: addition edges carry a writer's output to a port, direct edges a head's own q, k or v. */
export type Edge =
  | { readonly kind: 'addition'; readonly id: number; readonly writer: number; readonly port: number }
  | { readonly kind: 'direct'; readonly id: number; readonly port: number };

/**
 * Writers, ports and edges of a decoder-only transformer, each in one fixed order, that of EAP-IG.
 *
 * Writers: `input`, then per layer its heads and its MLP, so writer = 1 + l(H+1) + h. Ports: per layer the q ports of
 * all heads, then k, then v, then the MLP; `logits` last. What a port can read is always a *prefix* of the writers, so
 * the addition edges into port p are the ids `firstEdge(p) .. firstEdge(p) + fanIn(p) - 1`, in writer order. Direct
 * edges follow after all addition edges, in the order of the attention ports.
 */
export class Topology {
  readonly layers: number;
  readonly heads: number;
  readonly parallel: boolean;
  /** Attention ports of one layer: q of all heads, then k, then v. */
  readonly attentionPorts: number;
  readonly writers: readonly Writer[];
  readonly ports: readonly Port[];
  /** Number of addition edges (32,491 for GPT-2 small). */
  readonly additionEdges: number;
  /** Number of direct edges: three per head (432 for GPT-2 small). */
  readonly directEdges: number;
  readonly #firstEdge: Int32Array;
  #byName: Map<string, number> | undefined;

  constructor(shape: TopologyShape) {
    const { layers, heads } = shape;
    const size = (1 + layers * (heads + 1)) * (layers * (attentionPortsOf(heads) + 1) + 1);
    if (!(layers > 0 && heads > 0 && size <= MAX_SIZE)) {
      const what = `a graph of ${layers} layers x ${heads} heads is too large (at most ${MAX_SIZE} writers x ports)`;
      throw new EdgewiseError('circuit', 'topology', what);
    }
    this.layers = shape.layers;
    this.heads = shape.heads;
    this.parallel = shape.parallel;
    this.attentionPorts = attentionPortsOf(heads);
    const ports: Port[] = [];
    for (let layer = 0; layer < shape.layers; layer++) {
      for (const branch of BRANCHES) {
        for (let head = 0; head < shape.heads; head++) ports.push({ kind: 'head', layer, head, branch });
      }
      ports.push({ kind: 'mlp', layer });
    }
    ports.push({ kind: 'logits' });
    this.writers = modelWriters(layers, heads);
    this.ports = ports;
    this.#firstEdge = new Int32Array(ports.length + 1);
    for (let p = 0; p < ports.length; p++) this.#firstEdge[p + 1] = this.#firstEdge[p]! + this.fanIn(p);
    this.additionEdges = this.#firstEdge[ports.length]!;
    this.directEdges = layers * this.attentionPorts;
  }

  /** How many addition and direct edges a model of this shape has, counted without building its topology. */
  static edgeCounts({ layers, heads, parallel }: TopologyShape): {
    readonly addition: number;
    readonly direct: number;
  } {
    let addition = 1 + layers * (heads + 1);
    for (let layer = 0; layer < layers; layer++) {
      const before = 1 + layer * (heads + 1);
      addition += attentionPortsOf(heads) * before + before + (parallel ? 0 : heads);
    }
    return { addition, direct: layers * attentionPortsOf(heads) };
  }

  /** Addition and direct edges together: ids run from 0 to edgeCount - 1. */
  get edgeCount(): number {
    return this.additionEdges + this.directEdges;
  }

  /** Index of head `head` of layer `layer` among the writers. */
  headWriter(layer: number, head: number): number {
    return 1 + layer * (this.heads + 1) + head;
  }

  /** Index of layer `layer`'s MLP among the writers. */
  mlpWriter(layer: number): number {
    return 1 + layer * (this.heads + 1) + this.heads;
  }

  headPort(layer: number, branch: Branch, head: number): number {
    return layer * (this.attentionPorts + 1) + this.attentionPort(branch, head);
  }

  /** Place of a head's port among the attention ports of its layer. */
  attentionPort(branch: Branch, head: number): number {
    return BRANCHES.indexOf(branch) * this.heads + head;
  }

  mlpPort(layer: number): number {
    return layer * (this.attentionPorts + 1) + this.attentionPorts;
  }

  get logitsPort(): number {
    return this.ports.length - 1;
  }

  /** How many writers port `port` can read: the first so many. */
  fanIn(port: number): number {
    const p = this.ports[port]!;
    switch (p.kind) {
      case 'head':
        return 1 + p.layer * (this.heads + 1);
      case 'mlp':
        return 1 + p.layer * (this.heads + 1) + (this.parallel ? 0 : this.heads);
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
      return { kind: 'direct', id, port: layer * (this.attentionPorts + 1) + (ordinal % this.attentionPorts) };
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
    if (!this.#byName) {
      this.#byName = new Map();
      for (let id = 0; id < this.edgeCount; id++) this.#byName.set(this.edgeName(id), id);
    }
    return this.#byName.get(name);
  }
}
