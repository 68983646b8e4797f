import type { EdgeSet } from '../../src/circuit/edge-set.js';

/** The rule of pruning word for word: round after round, by names of addition edges. */
export function pruneByRounds(kept: EdgeSet): Set<string> {
  let edges = new Set(
    [...kept].filter((id) => id < kept.topology.additionEdges).map((id) => kept.topology.edgeName(id)),
  );
  for (;;) {
    const from = (edge: string): string => edge.split('->')[0]!;
    const to = (edge: string): string => edge.split('->')[1]!.replace(/<.>/, '');
    const senders = new Set([...edges].map(from));
    const receivers = new Set([...edges].map(to));
    const nodes = new Set([...senders].filter((node) => node === 'input' || receivers.has(node)));
    const left = new Set(
      [...edges].filter((edge) => nodes.has(from(edge)) && (to(edge) === 'logits' || nodes.has(to(edge)))),
    );
    if (left.size === edges.size) return left;
    edges = left;
  }
}
