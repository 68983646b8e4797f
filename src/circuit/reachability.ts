import type { EdgeSet } from './edge-set.js';
import type { Topology } from './topology.js';

/** Index of the writer that port `port` feeds, or undefined for `logits`, which writes nothing. */
export function writerBehind(topology: Topology, port: number): number | undefined {
  const reader = topology.ports[port]!;
  switch (reader.kind) {
    case 'head':
      return topology.headWriter(reader.layer, reader.head);
    case 'mlp':
      return topology.mlpWriter(reader.layer);
    case 'logits':
      return undefined;
  }
}

/** Whether nothing reads what port `port` feeds: its node has no kept outgoing edge. `logits` is never dead. */
export function isDead(kept: EdgeSet, port: number): boolean {
  const { topology } = kept;
  const writer = writerBehind(topology, port);
  if (writer === undefined) return false;
  // The readers of a writer are the last ports: each port reads a prefix of the writers.
  for (let reader = topology.ports.length - 1; reader >= 0 && writer < topology.fanIn(reader); reader--) {
    if (kept.has(topology.firstEdge(reader) + writer)) return false;
  }
  return true;
}

/** What can reach the logits over kept edges, by index: the rest of the circuit has no effect on them. */
export interface NodesInUse {
  readonly writers: readonly boolean[];
  /** Ports whose input matters: those of nodes in use, but for head ports whose direct edge is cut. */
  readonly ports: readonly boolean[];
}

/** One pass from the logits back: every reader of a writer is a later port. */
export function nodesInUse(kept: EdgeSet): NodesInUse {
  const { topology } = kept;
  const writers = topology.writers.map(() => false);
  const ports = topology.ports.map(() => false);
  for (let port = topology.ports.length - 1; port >= 0; port--) {
    const behind = writerBehind(topology, port);
    if (behind !== undefined && !writers[behind]) continue;
    if (topology.ports[port]!.kind === 'head' && !kept.has(topology.directEdge(port))) continue;
    ports[port] = true;
    const first = topology.firstEdge(port);
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      writers[writer] ||= kept.has(first + writer);
    }
  }
  return { writers, ports };
}

/** Every node counts as used. */
export function allNodesInUse(topology: Topology): NodesInUse {
  return { writers: topology.writers.map(() => true), ports: topology.ports.map(() => true) };
}
