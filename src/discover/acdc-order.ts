import { BRANCHES } from '../circuit/nodes.js';
import type { SenderHeads } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';

/**
 * One receiver of the pruning: a port with its addition edges, or a head's port with its one direct edge. `edges` lists
 * the edge ids in the order of testing.
 */
export interface Receiver {
  readonly kind: 'port' | 'direct';
  readonly port: number;
  readonly edges: readonly number[];
}

/**
 * Receivers and their edges in the order of the reference implementation of ACDC
 * (ArthurConmy/Automatic-Circuit-Discovery).
 *
 * Receivers: first the logits. Then each layer, from the last to the first: its MLP, its direct edges, its head ports.
 * Direct edges and ports go v, k, q, and heads (or the groups that share a port) from the last to the first.
 *
 * Senders of one receiver: from the nearest layer back. In a layer the MLP comes before the heads. `input` is last.
 */
export function acdcOrder(topology: Topology, senderHeads: SenderHeads, directEdges: boolean): Receiver[] {
  const headsFromLast = Array.from({ length: topology.heads }, (_, i) => topology.heads - 1 - i);
  const branchesFromLast = [...BRANCHES].reverse();
  const receivers: Receiver[] = [];
  const addPort = (port: number): void => {
    receivers.push({ kind: 'port', port, edges: sendersOf(topology, port, senderHeads) });
  };
  addPort(topology.logitsPort);
  for (let layer = topology.layers - 1; layer >= 0; layer--) {
    topology.mlpPorts(layer).forEach(addPort);
    const headPorts = [
      ...new Set(branchesFromLast.flatMap((branch) => headsFromLast.map((h) => topology.headPort(layer, branch, h)))),
    ];
    if (directEdges) {
      for (const port of headPorts) receivers.push({ kind: 'direct', port, edges: [topology.directEdge(port)] });
    }
    headPorts.forEach(addPort);
  }
  return receivers;
}

function sendersOf(topology: Topology, port: number, senderHeads: SenderHeads): number[] {
  const headRank = (head: number): number => (senderHeads === 'descending' ? topology.heads - 1 - head : head);
  // Later in the forward pass first: by layer, then the MLP before its layer's heads.
  const rank = (writer: number): [number, number] => {
    const node = topology.writers[writer]!;
    switch (node.kind) {
      case 'mlp':
        return [node.layer, -1];
      case 'head':
        return [node.layer, headRank(node.head)];
      case 'input':
        return [-1, 0];
    }
  };
  return Array.from({ length: topology.fanIn(port) }, (_, writer) => writer)
    .map((writer) => ({ writer, rank: rank(writer) }))
    .sort((a, b) => b.rank[0] - a.rank[0] || a.rank[1] - b.rank[1])
    .map(({ writer }) => topology.additionEdge(writer, port));
}
