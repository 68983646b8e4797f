import type { CircuitData, NodeRecord } from '../data/circuit-data.js';

/** The nodes that read what arrives at a node: the node itself, or of a key/value head the heads that share it. */
export function readersOf({ nodes, nodeById }: CircuitData, target: string): readonly NodeRecord[] {
  const node = nodeById.get(target);
  if (!node) return [];
  if (node.kind !== 'kv') return [node];
  return nodes.filter(
    ({ kind, layer, kvGroup }) => kind === 'head' && layer === node.layer && kvGroup === node.kvGroup,
  );
}
