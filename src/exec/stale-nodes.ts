import type { EdgeSet } from '../circuit/edge-set.js';
import { BRANCHES } from '../circuit/nodes.js';
import type { NodesInUse } from '../circuit/reachability.js';

/** What one slot of a pass holds after it. */
export interface ResidentCircuit {
  readonly circuit: EdgeSet;
  /** Whether what the slot holds of each is what this circuit gives: outputs of writers, projections of head ports. */
  readonly writers: readonly boolean[];
  readonly ports: readonly boolean[];
}

export interface StaleNodes {
  /** The nodes in use, and of heads the ports, whose inputs differ from those that the slot's values were computed from. */
  readonly compute: NodesInUse;
  /** What the slot holds once they are computed. */
  readonly resident: ResidentCircuit;
}

/**
 * What must be computed to turn a slot that holds one circuit's activations into another's: a node whose kept edges changed, or
 * that reads a node which is computed anew. For a circuit that lacks one edge more these are the edge's receiver and the
 * surviving circuit downstream of it (Conmy et al.'s test then costs what it changes). Every value is the same, to the bit,
 * as in a pass that computes all.
 *
 * @param use nodes of `circuit` that lead to the logits; no others are computed.
 * @param last what the slot holds, over the same prompts; undefined for nothing.
 */
export function staleNodes(circuit: EdgeSet, use: NodesInUse, last: ResidentCircuit | undefined): StaleNodes {
  const { topology } = circuit;
  const compute = { writers: topology.writers.map(() => false), ports: topology.ports.map(() => false) };
  const writers = topology.writers.map((writer, w) => writer.kind === 'input' || (last?.writers[w] ?? false));
  const ports = topology.ports.map((_, p) => last?.ports[p] ?? false);
  /** Bit per writer: its output is not, or not any more, what the slot held of it. */
  const changed = new Uint32Array(Math.ceil(topology.writers.length / 32));

  const settle = (writer: number, stale: boolean): void => {
    compute.writers[writer] = stale && use.writers[writer]!;
    writers[writer] = !stale || compute.writers[writer];
    if (stale) changed[writer >> 5]! |= 1 << (writer & 31);
  };
  for (let layer = 0; layer < topology.layers; layer++) {
    for (let head = 0; head < topology.heads; head++) {
      const writer = topology.headWriter(layer, head);
      let stale = !writers[writer];
      const itsPorts = BRANCHES.map((branch) => topology.headPort(layer, branch, head));
      for (const port of itsPorts) {
        const direct = topology.directEdge(port);
        const cut = !circuit.has(direct); // it carries its ablated projection, whatever its input is
        const rerouted = last !== undefined && last.circuit.has(direct) === cut;
        const fresh = ports[port]! && !cut && !inputsChanged(circuit, last?.circuit, port, changed);
        stale ||= rerouted || (!cut && !fresh);
        ports[port] = fresh;
      }
      settle(writer, stale);
      if (!compute.writers[writer]) continue;
      for (const port of itsPorts) {
        compute.ports[port] = use.ports[port]! && !ports[port];
        ports[port] = use.ports[port]!;
      }
    }
    const mlp = topology.mlpWriter(layer);
    const port = topology.mlpPort(layer);
    settle(mlp, !writers[mlp] || inputsChanged(circuit, last?.circuit, port, changed));
    compute.ports[port] = compute.writers[mlp]!;
  }
  compute.ports[topology.logitsPort] = true;
  return { compute, resident: { circuit, writers, ports } };
}

/** Whether the port's kept edges differ between two circuits, or one of them carries a changed output. */
function inputsChanged(now: EdgeSet, before: EdgeSet | undefined, port: number, changed: Uint32Array): boolean {
  const { topology } = now;
  const [first, count] = [topology.firstEdge(port), topology.fanIn(port)];
  const mask = now.bits(first, count);
  const old = before?.bits(first, count);
  return !old || mask.some((word, i) => word !== old[i] || (word & changed[i]!) !== 0);
}
