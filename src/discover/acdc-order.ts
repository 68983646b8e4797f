import { BRANCHES } from '../circuit/nodes.js';
import type { SenderHeads } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';

/**
 * One receiver of the pruning: the addition edges into a port, or the one direct edge of a head's port. `edges` lists the
 * edge ids in the order of testing.
 */
export interface Receiver {
  readonly kind: 'port' | 'direct';
  readonly port: number;
  readonly edges: readonly number[];
}

/**
 * Receivers and their edges in the order of the reference implementation of ACDC (ArthurConmy/Automatic-Circuit-Discovery).
 *
 * Receivers: logits; then from the last layer to the first its MLP, the direct edges (v, k, q; heads from the last to the
 * first), and the ports v, k, q (heads likewise). Senders of one receiver: from the nearest layer back, in a layer the MLP
 * before the heads; `input` last.
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
    addPort(topology.mlpPort(layer));
    const headPorts = branchesFromLast.flatMap((branch) =>
      headsFromLast.map((h) => topology.headPort(layer, branch, h)),
    );
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
