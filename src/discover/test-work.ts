import type { EdgeSet } from '../circuit/edge-set.js';
import type { EvaluationCosts } from '../circuit/evaluator.js';
import { isAttentionPort } from '../circuit/nodes.js';
import { writersBehind, type NodesInUse } from '../circuit/reachability.js';

/**
 * What a test of an edge into `port` costs: it computes the nodes behind the port, and of the circuit whatever reads
 * what changed.
 *
 * @param use where the nodes of `circuit` lead to the logits; nothing else is computed.
 */
export function workOfTest(circuit: EdgeSet, use: NodesInUse, port: number, costs: EvaluationCosts): number {
  const { topology } = circuit;
  let work = costs.step + costs.port(port, use.ports[port]!);
  const first = writersBehind(topology, port);
  if (first.length === 0) return work;
  /** Bit per writer whose output changes. */
  const changed = new Uint32Array(Math.ceil(topology.writers.length / 32));
  const mark = (writer: number): unknown => (changed[writer >> 5]! |= 1 << (writer & 31));
  first.forEach(mark);
  let step = stepOf(circuit, port);
  for (let reader = port + 1; reader < topology.ports.length; reader++) {
    if (use.ports[reader] === 0) continue;
    const behind = writersBehind(topology, reader);
    const kept = circuit.bits(topology.firstEdge(reader), topology.fanIn(reader));
    // The logits are computed for every circuit.
    if (behind.length > 0 && !kept.some((word, i) => (word & changed[i]!) !== 0)) continue;
    work += costs.port(reader, use.ports[reader]!);
    if (stepOf(circuit, reader) !== step) work += costs.step;
    step = stepOf(circuit, reader);
    behind.forEach(mark);
  }
  return work;
}

/** The heads of a layer are computed together. */
function stepOf({ topology }: EdgeSet, port: number): string {
  const node = topology.ports[port]!;
  if (node.kind === 'logits') return node.kind;
  return `${isAttentionPort(node) ? 'attention' : node.kind} ${node.layer}`;
}
