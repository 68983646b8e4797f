import { EdgeSet } from './edge-set.js';
import type { Topology } from './topology.js';

/** Index of the writer that port `port` feeds, or undefined for `logits`, which writes nothing. */
function writerBehind(topology: Topology, port: number): number | undefined {
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
  return !topology.ports.some(
    (_, reader) => writer < topology.fanIn(reader) && kept.has(topology.firstEdge(reader) + writer),
  );
}

/**
 * The kept edges that lie on a path from `input` to `logits` inside the circuit; the other kept ones dangle. A path
 * through a head port also needs that port's direct edge: where it is cut, the port's own input has no effect.
 *
 * Two passes over the edges, forward for what `input` reaches and backward for what leads to `logits`: ids ascend from
 * port to port in the order of computation, so one pass each is enough.
 */
export function edgesOnPaths(kept: EdgeSet): EdgeSet {
  const { topology } = kept;
  const edges = [...kept].map((id) => topology.edge(id));
  const open = (port: number): boolean => topology.ports[port]!.kind !== 'head' || kept.has(topology.directEdge(port));

  const reached = new Set([0]);
  for (const edge of edges) {
    if (edge.kind === 'direct' || !reached.has(edge.writer) || !open(edge.port)) continue;
    const next = writerBehind(topology, edge.port);
    if (next !== undefined) reached.add(next);
  }

  const leading = new Set<number>();
  const usedPorts = new Set<number>();
  const used: number[] = [];
  for (const edge of edges.toReversed()) {
    if (edge.kind === 'direct' || !open(edge.port)) continue;
    const next = writerBehind(topology, edge.port);
    if (next !== undefined && !leading.has(next)) continue;
    leading.add(edge.writer);
    if (!reached.has(edge.writer)) continue;
    used.push(edge.id);
    usedPorts.add(edge.port);
  }
  for (const edge of edges) if (edge.kind === 'direct' && usedPorts.has(edge.port)) used.push(edge.id);
  return EdgeSet.of(topology, used);
}
