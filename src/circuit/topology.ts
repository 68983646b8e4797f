import { EdgewiseError } from '../base/errors.js';
import {
  BRANCHES,
  directEdgeName,
  edgeName,
  isAttentionPort,
  isGrouped,
  modelWriters,
  nodeName,
  portNode,
  portName,
  type Branch,
  type Port,
  type Writer,
} from './nodes.js';
import { attentionPortsOf, graphFits, MAX_SIZE, mlpsPerLayer, type TopologyShape } from './topology-shape.js';

/** An edge of the graph: addition edges carry a writer's output to a port, direct edges a head's own q, k or v. */
export type Edge =
  | { readonly kind: 'addition'; readonly id: number; readonly writer: number; readonly port: number }
  | { readonly kind: 'direct'; readonly id: number; readonly port: number };

/**
 * Writers, ports and edges of a decoder-only transformer, each in one fixed order, that of EAP-IG.
 *
 * Writers: `input`, then per layer its heads and its MLP, so writer = 1 + l(H+1) + h. Ports: per layer the q ports of
 * all heads, then k, then v, then the MLP; `logits` last. An attention-only model has no MLPs: writer = 1 + lH + h.
 * Where key/value heads have ports of their own (`kvPorts` < `heads`), there are fewer k and v ports: each is read by
 * a group of heads. What a port can read is always a *prefix* of the writers, so the addition edges into port p are the
 * ids `firstEdge(p) .. firstEdge(p) + fanIn(p) - 1`, in writer order. Direct edges follow after all addition edges, in
 * the order of the attention ports.
 */
export class Topology {
  readonly layers: number;
  readonly heads: number;
  readonly parallel: boolean;
  readonly attentionOnly: boolean;
  /** Key ports of one layer, and value ports: `heads`, unless groups of heads share them. */
  readonly kvPorts: number;
  /** Attention ports of one layer: q of all heads, then k, then v. heads + 2 kvPorts. */
  readonly attentionPorts: number;
  readonly writers: readonly Writer[];
  readonly ports: readonly Port[];
  /** Number of addition edges (32,491 for GPT-2 small). */
  readonly additionEdges: number;
  /** Number of direct edges: one per attention port (432 for GPT-2 small). */
  readonly directEdges: number;
  readonly #firstEdge: Int32Array;
  /** Indices by name: files name all edges of large models. */
  readonly #writersByName: ReadonlyMap<string, number>;
  readonly #portsByName: ReadonlyMap<string, number>;
  /** Writers and ports of one layer. */
  readonly #layerWriters: number;
  readonly #layerPorts: number;
  /** By attention port of a layer: the heads that read it. */
  readonly #readingHeads: readonly (readonly number[])[];

  /**
   * @param source of the shape, for messages.
   * @throws EdgewiseError of kind circuit where the graph would be too large, or heads cannot share the ports evenly.
   */
  constructor(shape: TopologyShape, source = 'topology') {
    const { layers, heads, kvPorts = heads } = shape;
    if (heads > 0 && !(Number.isInteger(kvPorts) && kvPorts > 0 && heads % kvPorts === 0)) {
      throw new EdgewiseError('circuit', source, `${kvPorts} key/value ports, expected a divisor of ${heads} heads`);
    }
    if (!graphFits(shape)) {
      const what = `a graph of ${layers} layers x ${heads} heads is too large (at most ${MAX_SIZE} writers x ports)`;
      throw new EdgewiseError('circuit', source, what);
    }
    this.layers = shape.layers;
    this.heads = shape.heads;
    this.attentionOnly = shape.attentionOnly ?? false;
    this.parallel = shape.parallel && !this.attentionOnly;
    this.kvPorts = kvPorts;
    this.attentionPorts = attentionPortsOf(shape);
    this.#readingHeads = BRANCHES.flatMap((branch) => this.#groups(branch));
    const mlps = mlpsPerLayer(shape);
    this.#layerWriters = heads + mlps;
    this.#layerPorts = this.attentionPorts + mlps;
    const ports: Port[] = [];
    for (let layer = 0; layer < shape.layers; layer++) {
      for (const branch of BRANCHES) {
        for (let place = 0; place < this.branchPorts(branch); place++) {
          const isShared = branch !== 'q' && isGrouped(shape);
          ports.push(
            isShared ? { kind: 'kv', layer, group: place, branch } : { kind: 'head', layer, head: place, branch },
          );
        }
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
    this.#writersByName = new Map(this.writers.map((writer, index) => [nodeName(writer), index]));
    this.#portsByName = new Map(ports.map((port, index) => [portName(port), index]));
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

  /** Number of ports of a branch in one layer. */
  branchPorts(branch: Branch): number {
    return branch === 'q' ? this.heads : this.kvPorts;
  }

  /** By port of a branch: the heads that read it. */
  #groups(branch: Branch): readonly number[][] {
    const size = this.heads / this.branchPorts(branch);
    return Array.from({ length: this.branchPorts(branch) }, (_, place) =>
      Array.from({ length: size }, (__, i) => place * size + i),
    );
  }

  /** The heads that read port `port`: one, or a group that shares keys or values. None read an MLP's port. */
  headsOf(port: number): readonly number[] {
    return port === this.logitsPort ? [] : (this.#readingHeads[port % this.#layerPorts] ?? []);
  }

  /** The port of layer `layer` that head `head` reads as its query, key or value. */
  headPort(layer: number, branch: Branch, head: number): number {
    return layer * this.#layerPorts + this.attentionPort(branch, head);
  }

  /** Place of the port that a head reads among the attention ports of its layer. */
  attentionPort(branch: Branch, head: number): number {
    return this.#firstOf(branch) + Math.floor((head * this.branchPorts(branch)) / this.heads);
  }

  /** Place of a branch's first port among the attention ports of a layer. */
  #firstOf(branch: Branch): number {
    if (branch === 'q') return 0;
    return this.heads + (branch === 'k' ? 0 : this.kvPorts);
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
      case 'kv':
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
    if (!isAttentionPort(p)) {
      throw new EdgewiseError('circuit', portName(p), 'has no direct edge: it is no port of attention');
    }
    return this.additionEdges + p.layer * this.attentionPorts + (port % this.#layerPorts);
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
    if (!isAttentionPort(port)) {
      throw new EdgewiseError('circuit', `edge ${id}`, 'direct edge of a port that is no port of attention');
    }
    return directEdgeName(port);
  }

  /** Id of a named edge, or undefined where this topology has no such edge. */
  edgeId(name: string): number | undefined {
    const arrow = name.indexOf('->');
    if (arrow < 0) return undefined;
    const [from, to] = [name.slice(0, arrow), name.slice(arrow + 2)];
    const port = this.#portsByName.get(to);
    if (port !== undefined) {
      const writer = this.#writersByName.get(from);
      return writer !== undefined && writer < this.fanIn(port) ? this.#firstEdge[port]! + writer : undefined;
    }
    const own = this.#portsByName.get(from);
    const isDirect =
      own !== undefined && isAttentionPort(this.ports[own]!) && nodeName(portNode(this.ports[own]!)) === to;
    return isDirect ? this.directEdge(own) : undefined;
  }
}
