import { EdgeSet } from '../circuit/edge-set.js';

/** A circuit without the addition edges out of a writer: all its readers get what cut edges carry. */
export function withoutWriter(kept: EdgeSet, writer: number): EdgeSet {
  const { topology } = kept;
  const cut = new Set<number>();
  topology.ports.forEach((_, port) => {
    if (writer < topology.fanIn(port)) cut.add(topology.firstEdge(port) + writer);
  });
  return EdgeSet.where(topology, (id) => kept.has(id) && !cut.has(id));
}
