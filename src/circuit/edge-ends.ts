import { isAttentionPort } from './nodes.js';
import type { Topology } from './topology.js';

/** Ends of every edge, by edge id. The writer of a direct edge is its own head, the first that reads its port. */
export interface EdgeEnds {
  readonly writers: Int32Array;
  readonly ports: Int32Array;
}

/** Both ends of all edges at once. `topology.edge` finds one edge, in logarithmic time. */
export function edgeEnds(topology: Topology): EdgeEnds {
  const writers = new Int32Array(topology.edgeCount);
  const ports = new Int32Array(topology.edgeCount);
  topology.ports.forEach((reader, port) => {
    const first = topology.firstEdge(port);
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      writers[first + writer] = writer;
      ports[first + writer] = port;
    }
    if (!isAttentionPort(reader)) return;
    const direct = topology.directEdge(port);
    writers[direct] = topology.headWriter(reader.layer, topology.headsOf(port)[0]!);
    ports[direct] = port;
  });
  return { writers, ports };
}
