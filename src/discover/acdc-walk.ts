import type { EdgeSet } from '../circuit/edge-set.js';
import { isDead } from '../circuit/reachability.js';
import type { Receiver } from './acdc-order.js';

/** A place in the search: everything that decides how it goes on. Immutable, so that decisions can be tried out. */
export interface Place {
  /** The circuit so far. */
  readonly circuit: EdgeSet;
  /** The edge to test next, undefined at the end. */
  readonly edge: number | undefined;
  /** Edges that were removed without a test on the way here from the place before. */
  readonly untested: readonly number[];
  /** Edges decided so far, tested or not. */
  readonly decided: number;
  /** The receiver at hand and the next of its edges, by index. */
  readonly receiver: number;
  readonly next: number;
}

/** Where a search that starts from `circuit` begins. */
export function firstPlace(receivers: readonly Receiver[], circuit: EdgeSet): Place {
  return settle(receivers, circuit, { receiver: 0, next: 0, decided: 0 });
}

/** Where it goes on once the edge at `place` is removed, or kept. */
export function nextPlace(receivers: readonly Receiver[], place: Place, removed: boolean): Place {
  const circuit = removed ? place.circuit.without(place.edge!) : place.circuit;
  return settle(receivers, circuit, { ...place, next: place.next + 1, decided: place.decided + 1 });
}

/** Passes over edges that are not there, and cuts those of receivers that feed nothing, up to the next edge to test. */
function settle(
  receivers: readonly Receiver[],
  circuit: EdgeSet,
  from: Pick<Place, 'receiver' | 'next' | 'decided'>,
): Place {
  let { receiver, next, decided } = from;
  const untested: number[] = [];
  for (; receiver < receivers.length; receiver++, next = 0) {
    const { edges } = receivers[receiver]!;
    if (next === 0 && feedsNothing(circuit, receivers[receiver]!)) {
      for (const edge of edges) {
        decided++;
        if (!circuit.has(edge)) continue;
        untested.push(edge);
        circuit = circuit.without(edge);
      }
      continue;
    }
    for (; next < edges.length; next++, decided++) {
      if (circuit.has(edges[next]!)) return { circuit, edge: edges[next]!, untested, decided, receiver, next };
    }
  }
  return { circuit, edge: undefined, untested, decided, receiver, next };
}

/** Whether nothing that the receiver feeds is left; an attention port is dead also where its direct edge was cut. */
function feedsNothing(circuit: EdgeSet, { kind, port }: Receiver): boolean {
  const { topology } = circuit;
  const isHeadPort = topology.ports[port]!.kind === 'head';
  return (isHeadPort && kind === 'port' && !circuit.has(topology.directEdge(port))) || isDead(circuit, port);
}
