import type { EdgeSet } from './edge-set.js';
import { isAttentionPort, type Port } from './nodes.js';
import type { Topology } from './topology.js';

/** What stands behind the ports of a topology. It is asked for thousands of times a second. */
const BEHIND = new WeakMap<Topology, readonly (readonly number[])[]>();

/** Indices of the writers whose input the port is: of a group of heads where they share it. None for `logits`. */
export function writersBehind(topology: Topology, port: number): readonly number[] {
  let behind = BEHIND.get(topology);
  if (!behind) BEHIND.set(topology, (behind = topology.ports.map((_, of) => findWritersBehind(topology, of))));
  return behind[port]!;
}

function findWritersBehind(topology: Topology, port: number): readonly number[] {
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
  const ports: Reach[] = topology.ports.map(() => REACH.none);
  /** Bit per writer: it is wanted at the metric position, at every differing one. */
  const words = Math.ceil(topology.writers.length / 32);
  const atMetric = new Uint32Array(words);
  const differing = new Uint32Array(words);
  const holds = (bits: Uint32Array, writer: number): boolean => ((bits[writer >> 5]! >>> (writer & 31)) & 1) === 1;
  const wantedOf = (writer: number): Reach => {
    if (holds(differing, writer)) return REACH.differing;
    return holds(atMetric, writer) ? REACH.metric : REACH.none;
  };
  for (let port = topology.ports.length - 1; port >= 0; port--) {
    let wanted: Reach = port === topology.logitsPort ? REACH.metric : REACH.none;
    for (const writer of writersBehind(topology, port)) wanted = Math.max(wanted, wantedOf(writer)) as Reach;
    if (wanted === REACH.none) continue;
    const reader = topology.ports[port]!;
    if (isAttentionPort(reader) && !kept.has(topology.directEdge(port))) continue;
    const reach = portReach(reader, wanted);
    ports[port] = reach;
    kept.addBits(topology.firstEdge(port), topology.fanIn(port), reach === REACH.metric ? atMetric : differing);
  }
  return { writers: topology.writers.map((_, writer) => wantedOf(writer)), ports };
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
