import type { EdgeSet } from './edge-set.js';
import { isAttentionPort, type Port } from './nodes.js';
import type { Topology } from './topology.js';

/** Indices of the writers whose input the port is: of a group of heads where they share it. None for `logits`. */
export function writersBehind(topology: Topology, port: number): readonly number[] {
  const reader = topology.ports[port]!;
  switch (reader.kind) {
    case 'head':
    case 'kv':
      return topology.headsOf(port).map((head) => topology.headWriter(reader.layer, head));
    case 'mlp':
      return [topology.mlpWriter(reader.layer)];
    case 'logits':
      return [];
  }
}

/** Whether nothing reads any node behind the port: none has a kept outgoing edge. `logits` is never dead. */
export function isDead(kept: EdgeSet, port: number): boolean {
  return (
    port !== kept.topology.logitsPort && writersBehind(kept.topology, port).every((writer) => isUnread(kept, writer))
  );
}

function isUnread(kept: EdgeSet, writer: number): boolean {
  const { topology } = kept;
  // The readers of a writer are the last ports: each port reads a prefix of the writers.
  for (let reader = topology.ports.length - 1; reader >= 0 && writer < topology.fanIn(reader); reader--) {
    if (kept.has(topology.firstEdge(reader) + writer)) return false;
  }
  return true;
}

/** At which positions of a prompt something matters. A larger value includes the smaller ones. */
export const REACH = {
  /** Nowhere. */
  none: 0,
  /** At the metric position. */
  metric: 1,
  /** At every position up to the metric position, from the first one at which clean and corrupted run can differ. */
  differing: 2,
  /** At every position, padding included. */
  every: 3,
} as const;
export type Reach = (typeof REACH)[keyof typeof REACH];

/**
 * Where the nodes of a circuit can reach the logits at the metric position. Everything else has no effect on these
 * logits.
 */
export interface NodesInUse {
  /** By index of the writer. */
  readonly writers: readonly Reach[];
  /** By index of the port. The input of an attention port matters only where its direct edge is kept. */
  readonly ports: readonly Reach[];
}

/**
 * The nodes in use, by one pass from the logits back: every reader of a writer is a later port. Attention alone moves
 * information between positions, and only to later ones. A head that matters at the metric position reads its query
 * there, and its keys and values up to there. A port that several heads read matters wherever it matters to one.
 */
export function nodesInUse(kept: EdgeSet): NodesInUse {
  const { topology } = kept;
  const writers: Reach[] = topology.writers.map(() => REACH.none);
  const ports: Reach[] = topology.ports.map(() => REACH.none);
  for (let port = topology.ports.length - 1; port >= 0; port--) {
    const behind = writersBehind(topology, port).map((writer) => writers[writer]!);
    const wanted = port === topology.logitsPort ? REACH.metric : (Math.max(...behind) as Reach);
    if (wanted === REACH.none) continue;
    const reader = topology.ports[port]!;
    if (isAttentionPort(reader) && !kept.has(topology.directEdge(port))) continue;
    const reach = portReach(reader, wanted);
    ports[port] = reach;
    const first = topology.firstEdge(port);
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      if (kept.has(first + writer) && writers[writer]! < reach) writers[writer] = reach;
    }
  }
  return { writers, ports };
}

/** Where a port is read if its node's output is wanted at `reach`. */
export function portReach(port: Port, reach: Reach): Reach {
  const keyOrValue = isAttentionPort(port) && port.branch !== 'q';
  return keyOrValue && reach === REACH.metric ? REACH.differing : reach;
}

/** Every node counts as used at every position. */
export function allNodesInUse(topology: Topology): NodesInUse {
  return { writers: topology.writers.map(() => REACH.every), ports: topology.ports.map(() => REACH.every) };
}
