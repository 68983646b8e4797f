import type { EdgeSet } from '../circuit/edge-set.js';
import { BRANCHES } from '../circuit/nodes.js';
import { REACH, portReach, type Reach, type NodesInUse } from '../circuit/reachability.js';

/** What one slot of a pass holds after it. */
export interface ResidentCircuit {
  readonly circuit: EdgeSet;
  /** Where what the slot holds of each is what this circuit gives: outputs of writers, projections of head ports. */
  readonly writers: readonly Reach[];
  readonly ports: readonly Reach[];
}

export interface StaleNodes {
  /**
   * The nodes in use, and of heads the ports, whose inputs differ from those that the slot's values were computed
   * from.
   */
  readonly compute: NodesInUse;
  /** What the slot holds once they are computed. */
  readonly resident: ResidentCircuit;
}

/**
 * What must be computed to turn a slot that holds one circuit's activations into another's: a node whose kept edges
 * changed, or that reads a node which is computed anew, where it matters. For a circuit that lacks one edge more
 * these are the edge's receiver and the surviving circuit downstream of it (Conmy et al.'s test then costs what it
 * changes). Every value is the same, to the bit, as in a pass that computes all.
 *
 * @param use where the nodes of `circuit` lead to the logits; nothing else is computed.
 * @param last what the slot holds, over the same prompts.
 */
export function staleNodes(circuit: EdgeSet, use: NodesInUse, last: ResidentCircuit): StaleNodes {
  const { topology } = circuit;
  const compute = {
    writers: topology.writers.map((): Reach => REACH.none),
    ports: topology.ports.map((): Reach => REACH.none),
  };
  const writers = [...last.writers];
  const ports = [...last.ports];
  /** Bit per writer: its output is not, or not any more, what the slot held of it. */
  const changed = new Uint32Array(Math.ceil(topology.writers.length / 32));

  /** Of the ports of a layer: whether what they read changed, and where they hold what they should. */
  const isStale = new Uint8Array(topology.attentionPorts);
  const held = new Uint8Array(topology.attentionPorts);

  const settle = (writer: number, inputsStale: boolean): void => {
    const wanted = use.writers[writer]!;
    if (!inputsStale && last.writers[writer]! >= wanted) return;
    compute.writers[writer] = wanted;
    writers[writer] = wanted;
    changed[writer >> 5]! |= 1 << (writer & 31);
  };
  for (let layer = 0; layer < topology.layers; layer++) {
    const firstPort = topology.headPort(layer, 'q', 0);
    for (let place = 0; place < topology.attentionPorts; place++) {
      const port = firstPort + place;
      const direct = topology.directEdge(port);
      const cut = !circuit.has(direct); // it carries its ablated projection, whatever its input is
      const rerouted = last.circuit.has(direct) === cut;
      const moved = inputsChanged(circuit, last.circuit, port, changed);
      if (cut || rerouted || moved) ports[port] = REACH.none;
      isStale[place] = rerouted || (!cut && moved) ? 1 : 0;
      // Heads that share a port all see it as it was before the first of them has it computed.
      held[place] = cut ? REACH.every : ports[port]!;
    }
    for (let head = 0; head < topology.heads; head++) {
      const writer = topology.headWriter(layer, head);
      let stale = false;
      for (const branch of BRANCHES) {
        const port = topology.headPort(layer, branch, head);
        const wanted = portReach(topology.ports[port]!, use.writers[writer]!);
        stale ||= isStale[port - firstPort] === 1 || held[port - firstPort]! < wanted;
      }
      settle(writer, stale);
      if (compute.writers[writer] === REACH.none) continue;
      for (const branch of BRANCHES) {
        const port = topology.headPort(layer, branch, head);
        if (ports[port]! >= use.ports[port]!) continue;
        compute.ports[port] = use.ports[port]!;
        ports[port] = use.ports[port]!;
      }
    }
    for (const port of topology.mlpPorts(layer)) {
      const mlp = topology.mlpWriter(layer);
      settle(mlp, inputsChanged(circuit, last.circuit, port, changed));
      compute.ports[port] = compute.writers[mlp]!;
    }
  }
  compute.ports[topology.logitsPort] = REACH.metric;
  return { compute, resident: { circuit, writers, ports } };
}

/** Whether the port's kept edges differ between two circuits, or one of them carries a changed output. */
function inputsChanged(now: EdgeSet, before: EdgeSet, port: number, changed: Uint32Array): boolean {
  const { topology } = now;
  return now.differs(before, topology.firstEdge(port), topology.fanIn(port), changed);
}
