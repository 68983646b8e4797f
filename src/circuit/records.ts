import { candidateEdges, type Circuit } from './circuit.js';
import { nodeName, portNode, type Branch, type Node } from './nodes.js';
import type { Topology } from './topology.js';

/** The node that every circuit ends in. */
export const LOGITS: Node = { kind: 'logits' };

/** What an edge feeds of its target: a branch of a head, or the one input of an MLP or of the logits. */
export type PortName = Branch | 'out';

/** `addition`: from a writer through the residual stream; `direct`: of a head's own q, k or v. */
export type EdgeKind = 'addition' | 'direct';

/** The two ends of an edge by name, and what it feeds. */
export interface EdgeRecord {
  readonly source: string;
  readonly target: string;
  readonly kind: EdgeKind;
  readonly port: PortName;
}

export function edgeRecord(topology: Topology, id: number): EdgeRecord {
  const edge = topology.edge(id);
  const port = topology.ports[edge.port]!;
  const target = nodeName(portNode(port));
  return {
    source: edge.kind === 'addition' ? topology.writerName(edge.writer) : target,
    target,
    kind: edge.kind,
    port: port.kind === 'head' ? port.branch : 'out',
  };
}

/** Per node the sum of its kept outgoing edges' effects; of `logits` that of its incoming ones. Effects that are not finite are left out. */
export function nodeEffects({ topology, kept, effects }: Circuit): Map<string, number> {
  const sums = new Map<string, number>();
  const add = (name: string, effect: number): Map<string, number> => sums.set(name, (sums.get(name) ?? 0) + effect);
  for (const id of kept) {
    const edge = topology.edge(id);
    const effect = effects[id]!;
    if (edge.kind === 'direct' || !Number.isFinite(effect)) continue;
    add(topology.writerName(edge.writer), effect);
    if (edge.port === topology.logitsPort) add(nodeName(LOGITS), effect);
  }
  return sums;
}

/** Equal strengths rank in the order of ids. */
export function effectRanks(circuit: Circuit): Map<number, number> {
  const tested = [...circuit.effects.keys()]
    .slice(0, candidateEdges(circuit))
    .filter((id) => Number.isFinite(circuit.effects[id]));
  const strength = (id: number): number => Math.abs(circuit.effects[id]!);
  tested.sort((a, b) => strength(b) - strength(a) || a - b);
  return new Map(tested.map((id, i) => [id, i + 1]));
}

/** Names of the nodes that touch a kept edge, and of `input` and `logits`, which belong to every circuit. */
export function circuitNodes(circuit: Pick<Circuit, 'topology' | 'kept' | 'directTested'>): Set<string> {
  const { topology, kept } = circuit;
  const names = new Set([topology.writerName(0), nodeName(LOGITS)]);
  for (const id of kept) {
    if (id >= candidateEdges(circuit)) break;
    const { source, target } = edgeRecord(topology, id);
    names.add(source).add(target);
  }
  return names;
}
