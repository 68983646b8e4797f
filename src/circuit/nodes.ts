/**
 * Names of nodes, ports and edges. The only file that knows their spelling (that of EAP-IG and MIB): writers `input`,
 * `a3.h0`, `m3`; ports `a3.h0<q>`, `m3`, `logits`; edges `m2->a3.h0<k>`; direct edges `a3.h0<q>->a3.h0`.
 */

/** Longer than every name: numbers have at most nine digits. */
const LONGEST_NAME = 64;

/** Which input of an attention head a port is. */
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
export type Node = Writer | LogitsNode;
/** An input of a node: the residual stream as that node reads it, before its norm. */
export type Port = (HeadNode & { readonly branch: Branch }) | MlpNode | LogitsNode;

/** What decides which nodes a model has. */
export interface NodeShape {
  readonly layers: number;
  /** Query heads per layer. */
  readonly heads: number;
  /** No layer has an MLP. Default false. */
  readonly attentionOnly?: boolean;
}

/** The nodes of a model in the order of writers: `input`, per layer its heads and its MLP if it has one, `logits`. */
export function modelNodes(shape: NodeShape): Node[] {
  return [...modelWriters(shape), { kind: 'logits' }];
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
  const [, layer, head, mlpLayer] = /^(?:a(0|[1-9]\d{0,8})\.h(0|[1-9]\d{0,8})|m(0|[1-9]\d{0,8}))$/.exec(name) ?? [];
  if (mlpLayer !== undefined) return { kind: 'mlp', layer: Number(mlpLayer) };
  return layer === undefined ? undefined : { kind: 'head', layer: Number(layer), head: Number(head) };
}

/** The port of a name, of whatever model; undefined where no model has a port of that name. */
export function parsePort(name: string): Port | undefined {
  const [, nodePart, branch] = /^([^<>]+)<([qkv])>$/.exec(name) ?? [];
  const node = parseNode(nodePart ?? name);
  if (branch !== undefined) return node?.kind === 'head' ? { ...node, branch: branch as Branch } : undefined;
  return node?.kind === 'mlp' || node?.kind === 'logits' ? node : undefined;
}

/** Both ends of an edge's name, a direct edge's port being its `from`; undefined where no model has such an edge. */
export function parseEdge(
  name: string,
):
  | { readonly kind: 'addition'; readonly from: Writer; readonly to: Port }
  | { readonly kind: 'direct'; readonly from: Port }
  | undefined {
  const [left, right, ...rest] = name.length > LONGEST_NAME ? [] : name.split('->');
  if (left === undefined || right === undefined || rest.length > 0) return undefined;
  const from = parseNode(left);
  const to = parsePort(right);
  if (from && from.kind !== 'logits' && to) return { kind: 'addition', from, to };
  const port = parsePort(left);
  return port?.kind === 'head' && nodeName(port) === right ? { kind: 'direct', from: port } : undefined;
}

/** Whether a name has the form of a head's, of whatever model. */
export function isHeadName(name: string): boolean {
  return parseNode(name)?.kind === 'head';
}

export function portName(port: Port): string {
  return port.kind === 'head' ? `${nodeName(port)}<${port.branch}>` : nodeName(port);
}

/** The node that a port belongs to. */
export function portNode(port: Port): Node {
  return port.kind === 'head' ? { kind: 'head', layer: port.layer, head: port.head } : port;
}

/** `m2->a3.h0<k>`: the writer's output as the port reads it. */
export function edgeName(writer: Writer, port: Port): string {
  return `${nodeName(writer)}->${portName(port)}`;
}

/** `a3.h0<q>->a3.h0`: a head's own projected query, key or value (ACDC's direct computation edge). */
export function directEdgeName(port: HeadNode & { readonly branch: Branch }): string {
  return `${portName(port)}->${nodeName(port)}`;
}
