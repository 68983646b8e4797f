/**
 * Names of nodes, ports and edges. The only file that knows their spelling (that of EAP-IG and MIB): writers `input`,
 * `a3.h0`, `m3`; ports `a3.h0<q>`, `m3`, `logits`; edges `m2->a3.h0<k>`; direct edges `a3.h0<q>->a3.h0`. A key/value
 * head with ports of its own is `a3.kv1`, its ports `a3.kv1<k>` and `a3.kv1<v>`: that spelling is ours.
 */

/** Longer than every name: numbers have at most nine digits. */
const LONGEST_NAME = 64;

/** Which input of attention a port is. */
export type Branch = 'q' | 'k' | 'v';
export const BRANCHES: readonly Branch[] = ['q', 'k', 'v'];

interface InputNode {
  readonly kind: 'input';
}
interface HeadNode {
  readonly kind: 'head';
  readonly layer: number;
  readonly head: number;
}
/** A key/value head with its own ports. What it projects is read by the query heads of its group. */
interface KeyValueNode {
  readonly kind: 'kv';
  readonly layer: number;
  /** Index of the group of query heads, which is that of the key/value head. */
  readonly group: number;
}
interface MlpNode {
  readonly kind: 'mlp';
  readonly layer: number;
}
interface LogitsNode {
  readonly kind: 'logits';
}

/** A node that writes into the residual stream. */
export type Writer = InputNode | HeadNode | MlpNode;
/** Any node of the graph. */
export type Node = Writer | KeyValueNode | LogitsNode;
/** An input of attention: of one head, or the key or value input that a group of heads shares. */
export type AttentionPort =
  | (HeadNode & { readonly branch: Branch })
  | (KeyValueNode & { readonly branch: Exclude<Branch, 'q'> });
/** An input of a node: the residual stream as that node reads it, before its norm. */
export type Port = AttentionPort | MlpNode | LogitsNode;

/** What decides which nodes a model has. */
export interface NodeShape {
  readonly layers: number;
  /** Query heads per layer. */
  readonly heads: number;
  /** No layer has an MLP. Default false. */
  readonly attentionOnly?: boolean;
  /**
   * Key ports of a layer, and value ports: a divisor of `heads`. Query head h reads port floor(h * kvPorts / heads).
   * Default: one per query head.
   */
  readonly kvPorts?: number;
}

/** Whether key and value ports belong to groups of query heads, which are nodes of their own then. */
export function isGrouped({ heads, kvPorts = heads }: NodeShape): boolean {
  return kvPorts !== heads;
}

/**
 * The nodes of a model: `input`; per layer its key/value heads where those have ports of their own, its heads, and its
 * MLP if it has one; `logits`.
 */
export function modelNodes(shape: NodeShape): Node[] {
  const { heads, kvPorts = heads } = shape;
  const groups = Array.from({ length: isGrouped(shape) ? kvPorts : 0 }, (_, group) => group);
  const withGroups = modelWriters(shape).flatMap((writer): Node[] => {
    if (writer.kind !== 'head' || writer.head > 0) return [writer];
    return [...groups.map((group) => ({ kind: 'kv' as const, layer: writer.layer, group })), writer];
  });
  return [...withGroups, { kind: 'logits' }];
}

/** The nodes that write. */
export function modelWriters({ layers, heads, attentionOnly = false }: NodeShape): Writer[] {
  const writers: Writer[] = [{ kind: 'input' }];
  for (let layer = 0; layer < layers; layer++) {
    for (let head = 0; head < heads; head++) writers.push({ kind: 'head', layer, head });
    if (!attentionOnly) writers.push({ kind: 'mlp', layer });
  }
  return writers;
}

export function nodeName(node: Node): string {
  switch (node.kind) {
    case 'head':
      return `a${node.layer}.h${node.head}`;
    case 'kv':
      return `a${node.layer}.kv${node.group}`;
    case 'mlp':
      return `m${node.layer}`;
    default:
      return node.kind;
  }
}

/** The node of a name, of whatever model; undefined where no model has a node of that name. */
export function parseNode(name: string): Node | undefined {
  if (name === 'input' || name === 'logits') return { kind: name };
  // Numbers as nodeName writes them: a name has one spelling.
  const match = /^(?:a(0|[1-9]\d{0,8})\.(h|kv)(0|[1-9]\d{0,8})|m(0|[1-9]\d{0,8}))$/.exec(name);
  if (!match) return undefined;
  const [, layer, kind, index, mlpLayer] = match;
  if (mlpLayer !== undefined) return { kind: 'mlp', layer: Number(mlpLayer) };
  if (kind === 'kv') return { kind, layer: Number(layer), group: Number(index) };
  return { kind: 'head', layer: Number(layer), head: Number(index) };
}

/** The port of a name, of whatever model; undefined where no model has a port of that name. */
export function parsePort(name: string): Port | undefined {
  const [, nodePart, branch] = /^([^<>]+)<([qkv])>$/.exec(name) ?? [];
  const node = parseNode(nodePart ?? name);
  if (branch === undefined) return node?.kind === 'mlp' || node?.kind === 'logits' ? node : undefined;
  if (node?.kind === 'head') return { ...node, branch: branch as Branch };
  return node?.kind === 'kv' && branch !== 'q' ? { ...node, branch: branch as 'k' | 'v' } : undefined;
}

/**
 * Whether an edge of a drawn graph says that a head reads what its key/value head projects: `a3.kv1->a3.h4`. The graph
 * has it so that paths go on there. It is no edge of a circuit, because it cannot be cut.
 */
export function isSharedLink(from: string, to: string): boolean {
  const [source, target] = [parseNode(from), parseNode(to)];
  return source?.kind === 'kv' && target?.kind === 'head' && source.layer === target.layer;
}

/** Both ends of an edge's name, a direct edge's port being its `from`; undefined where no model has such an edge. */
export function parseEdge(
  name: string,
):
  | { readonly kind: 'addition'; readonly from: Writer; readonly to: Port }
  | { readonly kind: 'direct'; readonly from: AttentionPort }
  | undefined {
  const [left, right, ...rest] = name.length > LONGEST_NAME ? [] : name.split('->');
  if (left === undefined || right === undefined || rest.length > 0) return undefined;
  const from = parseNode(left);
  const to = parsePort(right);
  if (from && isWriter(from) && to) return { kind: 'addition', from, to };
  const port = parsePort(left);
  return port && isAttentionPort(port) && nodeName(port) === right ? { kind: 'direct', from: port } : undefined;
}

function isWriter(node: Node): node is Writer {
  return node.kind !== 'logits' && node.kind !== 'kv';
}

/** Whether a port is one of q, k and v, which have direct edges. */
export function isAttentionPort(port: Port): port is AttentionPort {
  return port.kind === 'head' || port.kind === 'kv';
}

/** Whether a name has the form of a head's or a key/value head's, of whatever model: its ports are q, k and v. */
export function hasBranches(name: string): boolean {
  const kind = parseNode(name)?.kind;
  return kind === 'head' || kind === 'kv';
}

export function portName(port: Port): string {
  return isAttentionPort(port) ? `${nodeName(port)}<${port.branch}>` : nodeName(port);
}

/** The node that a port belongs to. */
export function portNode(port: Port): Node {
  switch (port.kind) {
    case 'head':
      return { kind: 'head', layer: port.layer, head: port.head };
    case 'kv':
      return { kind: 'kv', layer: port.layer, group: port.group };
    default:
      return port;
  }
}

/** `m2->a3.h0<k>`: the writer's output as the port reads it. */
export function edgeName(writer: Writer, port: Port): string {
  return `${nodeName(writer)}->${portName(port)}`;
}

/** `a3.h0<q>->a3.h0`: a head's own projected query, key or value (ACDC's direct computation edge). */
export function directEdgeName(port: AttentionPort): string {
  return `${portName(port)}->${nodeName(port)}`;
}
