import { plural } from '../../view/format.js';
import type { Selected } from '../state/selected.js';
import type { Store } from '../state/store.js';

// Pins, groups and notes: the marks that the reader leaves on a circuit.

/** Pins the nodes. Unpins them if all are pinned. */
export function togglePins({ view, update, spoken, nodeLabel }: Store, nodes: readonly string[]): void {
  const { pinned } = view.peek();
  const all = nodes.every((node) => pinned.includes(node));
  const rest = pinned.filter((node) => !nodes.includes(node));
  update({ pinned: all ? rest : [...rest, ...nodes] });
  const what = nodes.length === 1 ? nodeLabel(nodes[0]!) : `${nodes.length} nodes`;
  spoken.value = `${what} ${all ? 'unpinned' : 'pinned'}, ${plural(view.peek().pinned.length, 'pin')}`;
}

/** Pins or unpins the nodes of a display node, or the ends of a display edge. */
export function pinShown(store: Store, id: string): void {
  const { graph } = store.scene.peek();
  if (graph.hasNode(id)) togglePins(store, [...new Set(graph.getNodeAttributes(id).members)]);
  else if (graph.hasEdge(id)) togglePins(store, endsOf(store, graph.getEdgeAttributes(id).edges));
}

/** Pins or unpins what the pointer is on, or else what is selected. */
export function pinSelected(store: Store): void {
  const { hovered, selectedShown } = store;
  const id = hovered.peek() ?? selectedShown.peek();
  if (id !== null) pinShown(store, id);
}

function endsOf({ data }: Store, edges: readonly string[]): string[] {
  const { edgeById } = data.peek();
  return [...new Set(edges.flatMap((id) => [edgeById.get(id)?.source ?? [], edgeById.get(id)?.target ?? []].flat()))];
}

/** Nodes that a new group would have: the pinned ones and the selected ones, without `input` and `logits`. */
export function groupCandidates({ data, view, selected }: Store): string[] {
  const { nodeById } = data.peek();
  return [...new Set([...view.peek().pinned, ...nodesOf(selected.peek())])].filter((id) => {
    const kind = nodeById.get(id)?.kind;
    return kind === 'head' || kind === 'mlp';
  });
}

/** Nodes of the circuit that a selection stands for. */
function nodesOf(what: Selected | null): readonly string[] {
  if (!what) return [];
  if (what.kind === 'node') return [what.id];
  return what.kind === 'group' ? what.members : [what.edge.source, what.edge.target];
}

/** Makes a group and opens its card. Its members leave the groups that they were in. */
export function group({ dialog, displayNodeOf, view, update }: Store, name: string, members: readonly string[]): void {
  const rest = view
    .peek()
    .groups.map((one) => ({ ...one, members: one.members.filter((member) => !members.includes(member)) }))
    .filter((one) => one.members.length > 1);
  const taken = new Set(rest.map((one) => one.name));
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name} ${i}`;
  const pinned = view.peek().pinned.filter((node) => !members.includes(node));
  update({ groups: [...rest, { name: free, members }], pinned, selected: null });
  update({ selected: displayNodeOf.peek().get(members[0] ?? '') ?? null, tab: 'card' });
  dialog.value = null;
}

export function ungroup({ view, update }: Store, name: string): void {
  update({ groups: view.peek().groups.filter((one) => one.name !== name), selected: null });
}

/** @returns False when the name is empty or taken: the group then keeps its name. */
export function renameGroup({ displayNodeOf, view, update }: Store, name: string, to: string): boolean {
  const { groups, notes } = view.peek();
  if (to === '' || groups.some((one) => one.name === to)) return false;
  const first = groups.find((one) => one.name === name)?.members[0] ?? '';
  const entries = Object.entries(notes).map(([key, text]) => [key === name ? to : key, text] as const);
  update({
    groups: groups.map((one) => (one.name === name ? { ...one, name: to } : one)),
    notes: Object.fromEntries(entries),
  });
  update({ selected: displayNodeOf.peek().get(first) ?? null });
  return true;
}

/** Sets the note on a node, an edge or a group. An empty text removes it. */
export function note({ view, update }: Store, name: string, text: string): void {
  const rest = Object.entries(view.peek().notes).filter(([key]) => key !== name);
  update({ notes: Object.fromEntries(text === '' ? rest : [...rest, [name, text]]) });
}
