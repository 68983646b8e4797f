import type { EdgeSet } from '../circuit/edge-set.js';
import { isAttentionPort } from '../circuit/nodes.js';
import { isDead } from '../circuit/reachability.js';
import type { Receiver } from './acdc-order.js';

/** The state of a search: everything that decides how it goes on. Immutable, so that decisions can be tried out. */
export interface SearchState {
  /** The circuit so far. */
  readonly circuit: EdgeSet;
  /** The edge to test next, undefined at the end. */
  readonly edge: number | undefined;
  /** Edges that were removed without a test since the state before. */
  readonly untested: readonly number[];
  /** Edges decided so far, tested or not. */
  readonly decided: number;
  /** Indices of the current receiver, and of the next of its edges. */
  readonly receiver: number;
  readonly next: number;
}

/** The state in which a search from `circuit` begins. */
export function firstState(receivers: readonly Receiver[], circuit: EdgeSet): SearchState {
  return settle(receivers, circuit, { receiver: 0, next: 0, decided: 0 });
}

/** The state after the edge of `state` was removed, or kept. */
export function nextState(receivers: readonly Receiver[], state: SearchState, removed: boolean): SearchState {
  const circuit = removed ? state.circuit.without(state.edge!) : state.circuit;
  return settle(receivers, circuit, { ...state, next: state.next + 1, decided: state.decided + 1 });
}

/**
 * Goes on to the next edge to test. Skips edges that are not there, and cuts the edges of receivers that feed nothing.
 */
function settle(
  receivers: readonly Receiver[],
  circuit: EdgeSet,
  from: Pick<SearchState, 'receiver' | 'next' | 'decided'>,
): SearchState {
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

/** Whether nothing reads the receiver any more. An attention port is dead also where its direct edge was cut. */
export function feedsNothing(circuit: EdgeSet, { kind, port }: Receiver): boolean {
  const { topology } = circuit;
  return (
    (isAttentionPort(topology.ports[port]!) && kind === 'port' && !circuit.has(topology.directEdge(port))) ||
    isDead(circuit, port)
  );
}
