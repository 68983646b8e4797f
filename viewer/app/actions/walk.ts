import { walk } from '../../scene/pick/walk.js';
import { edgeLabel, formatEffect, plural } from '../../view/format.js';
import type { Store } from '../state/store.js';

/** Nearer than this camera ratio, parts of the drawing lie outside of the surface. */
const WHOLE = 0.9;

/** Moves the keyboard's focus to a neighbour in the drawing, and says the neighbour's name aloud. */
export function walkTo(store: Store, direction: 'up' | 'down' | 'left' | 'right'): void {
  const { spoken, hovered, stage, scene, selectedShown } = store;
  const { graph } = scene.peek();
  const at = [hovered.peek(), selectedShown.peek()].find((id) => id !== null && graph.hasNode(id));
  const next = at ? walk(graph, at, direction) : (graph.nodes().find((id) => id === 'logits') ?? graph.nodes()[0]);
  if (!next) return;
  hovered.value = next;
  const surface = stage.peek();
  if (surface && surface.camera().ratio < WHOLE) surface.reveal(next);
  spoken.value = describeNode(store, next);
}

/** A display node in words: label, effect, number of edges in and out. */
function describeNode({ data, scene }: Store, id: string): string {
  const { graph } = scene.peek();
  const { label, members } = graph.getNodeAttributes(id);
  const inner = new Set(members);
  let incoming = 0;
  let outgoing = 0;
  graph.forEachEdge((_, { edges }) => {
    for (const name of edges) {
      const edge = data.peek().edgeById.get(name);
      if (edge && inner.has(edge.target)) incoming++;
      if (edge && inner.has(edge.source)) outgoing++;
    }
  });
  const effect = members.reduce((sum, member) => sum + (data.peek().nodeById.get(member)?.effect ?? 0), 0);
  return `${label}, effect ${formatEffect(effect)}, ${plural(incoming, 'edge')} in, ${outgoing} out`;
}

/** Name and effect of a display node or display edge. Null when it is not drawn. */
export function describeShown(
  { data, scene, nodeLabel }: Store,
  id: string,
): { readonly name: string; readonly effect: number | null } | null {
  const { graph } = scene.value;
  if (graph.hasEdge(id)) {
    const { edges, effect } = graph.getEdgeAttributes(id);
    const first = data.value.edgeById.get(edges[0] ?? '');
    if (!first) return null;
    const more = edges.length > 1 ? ` and ${edges.length - 1} more` : '';
    return { name: edgeLabel(first, nodeLabel) + more, effect };
  }
  if (!graph.hasNode(id)) return null;
  const { label, members, kind, port, parent } = graph.getNodeAttributes(id);
  const owner = parent !== null && graph.hasNode(parent) ? graph.getNodeAttributes(parent).label : label;
  const effect = members.reduce((sum, member) => sum + (data.value.nodeById.get(member)?.effect ?? 0), 0);
  return kind === 'port' ? { name: `${owner} ${port ?? ''}`, effect: null } : { name: label, effect };
}
