import { computed } from '@preact/signals';
import type { EdgeRecord } from '../../data/circuit-data.js';
import type { Circuits } from './circuits.js';
import type { Drawn } from './picture.js';
import type { View } from './view.js';

/** A part of the circuit that has a card. */
export type Selected =
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'group'; readonly name: string; readonly members: readonly string[] }
  /** `others`: the other edges of its display edge. */
  | { readonly kind: 'edge'; readonly edge: EdgeRecord; readonly others: readonly EdgeRecord[] };

export function createSelected({ viewField, data, scene, displayEdgeOf }: View & Circuits & Drawn) {
  /** What the card shows. */
  const selected = computed<Selected | null>(() => {
    const id = viewField.selected.value;
    if (id === null) return null;
    const { edgeById, nodeById } = data.value;
    const { graph } = scene.value;
    const edge = edgeById.get(id);
    if (edge) {
      const shown = displayEdgeOf.value.get(id);
      const others = shown === undefined ? [] : graph.getEdgeAttributes(shown).edges.filter((name) => name !== id);
      return { kind: 'edge', edge, others: others.flatMap((name) => edgeById.get(name) ?? []) };
    }
    if (nodeById.has(id)) return { kind: 'node', id };
    if (!graph.hasNode(id)) return null;
    const node = graph.getNodeAttributes(id);
    const member = node.members[0];
    if (node.kind !== 'group') return member === undefined ? null : { kind: 'node', id: member };
    const group = viewField.groups.value.find(({ members }) => members.includes(member ?? ''));
    return group ? { kind: 'group', ...group } : null;
  });

  return { selected };
}
