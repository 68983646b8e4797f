import { walk } from '../../scene/pick/walk.js';
import { stepOf } from '../../view/replay.js';
import { select } from '../../view/selection.js';
import type { LayoutName } from '../../data/saved-view.js';
import type { ViewState } from '../../view/view-state.js';
import { edgeLabel, formatEffect, plural } from '../../view/format.js';
import {
  comparison,
  current,
  data,
  dialog,
  displayEdgeOf,
  displayNodeOf,
  exportOpen,
  hovered,
  scene,
  selected,
  selectedShown,
  selection,
  spoken,
  stage,
  update,
  view,
  type Selected,
} from '../state/store.js';

export const LAYOUTS: readonly LayoutName[] = ['grid', 'figure', 'force'];

/** The label of a node of the circuit. */
export function nodeLabel(id: string): string {
  return data.value.nodeById.get(id)?.label ?? id;
}

/** Opens the card of a display node, display edge, or node or edge of the circuit; null closes it. */
export function choose(id: string | null): void {
  update(id === null ? { selected: null } : { selected: id, tab: 'card' });
}

/** Lights up a node or edge of the circuit in the drawing. */
export function hint(id: string | null): void {
  hovered.value = id === null ? null : (displayEdgeOf.peek().get(id) ?? displayNodeOf.peek().get(id) ?? null);
}

/** Nodes of the circuit that a display node or edge, or what is selected, stands for. */
function nodesOf(what: Selected | null): readonly string[] {
  if (!what) return [];
  if (what.kind === 'node') return [what.id];
  return what.kind === 'group' ? what.members : [what.edge.source, what.edge.target];
}

export function togglePins(nodes: readonly string[]): void {
  const { pinned } = view.peek();
  const all = nodes.every((node) => pinned.includes(node));
  const rest = pinned.filter((node) => !nodes.includes(node));
  update({ pinned: all ? rest : [...rest, ...nodes] });
}

export function pinShown(id: string): void {
  const { graph } = scene.peek();
  if (graph.hasNode(id)) togglePins([...new Set(graph.getNodeAttributes(id).members)]);
  else if (graph.hasEdge(id)) togglePins(endsOf(graph.getEdgeAttributes(id).edges));
}

function endsOf(edges: readonly string[]): string[] {
  const { edgeById } = data.peek();
  return [...new Set(edges.flatMap((id) => [edgeById.get(id)?.source ?? [], edgeById.get(id)?.target ?? []].flat()))];
}

export function pinSelected(): void {
  const id = hovered.peek() ?? selectedShown.peek();
  if (id !== null) pinShown(id);
}

/** Nodes that G would put into a group: those selected and pinned, `input` and `logits` left out. */
export function groupCandidates(): string[] {
  const { nodeById } = data.peek();
  return [...new Set([...view.peek().pinned, ...nodesOf(selected.peek())])].filter((id) => {
    const kind = nodeById.get(id)?.kind;
    return kind === 'head' || kind === 'mlp';
  });
}

/** Makes a group; its members leave the groups that they were in. */
export function group(name: string, members: readonly string[]): void {
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

export function ungroup(name: string): void {
  update({ groups: view.peek().groups.filter((one) => one.name !== name), selected: null });
}

/** Whether the name was free. */
export function renameGroup(name: string, to: string): boolean {
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

export function note(name: string, text: string): void {
  const rest = Object.entries(view.peek().notes).filter(([key]) => key !== name);
  update({ notes: Object.fromEntries(text === '' ? rest : [...rest, [name, text]]) });
}

/** Shows the `rank` strongest edges, said in terms of the limit that is chosen. */
export function limitToRank(rank: number): void {
  const state = view.peek();
  const top = Math.max(1, Math.min(Math.round(rank), selection.peek().available));
  if (state.limitBy === 'top') return update({ limit: top });
  const { limits } = select(data.peek(), { ...state, limitBy: 'top', limit: top });
  update({ limit: limits[state.limitBy] });
}

/** Same edges, another kind of limit. */
export function limitBy(kind: ViewState['limitBy']): void {
  update({ limitBy: kind, limit: selection.peek().limits[kind] });
}

export function moreEdges(sign: 1 | -1): void {
  const { length } = selection.peek().edges;
  limitToRank(sign > 0 ? Math.max(length + 1, length * 1.15) : Math.min(length - 1, length / 1.15));
}

export function togglePort(port: keyof ViewState['ports']): void {
  const { ports } = view.peek();
  update({ ports: { ...ports, [port]: !ports[port] } });
}

export function nextLayout(): void {
  const at = LAYOUTS.indexOf(view.peek().layout);
  update({ layout: LAYOUTS[(at + 1) % LAYOUTS.length]! });
}

/** Compares the circuit shown with another one; null ends that. A card that is open would dim all the rest: it closes. */
export function compareWith(name: string | null): void {
  update({ compareWith: name, blink: null, ...(name === null ? {} : { step: null, selected: null }) });
}

export function toggleBlink(): void {
  if (comparison.peek()) update({ blink: view.peek().blink === 'a' ? 'b' : 'a' });
}

/** Closes, one at a time: what is open over the drawing, the card, the search, the pins. */
export function clear(): void {
  const { selected: open, query, blink, pinned } = view.peek();
  hovered.value = null;
  if (dialog.peek()) dialog.value = null;
  else if (exportOpen.peek()) exportOpen.value = false;
  else if (open !== null) choose(null);
  else if (query !== '') update({ query: '' });
  else if (blink !== null) update({ blink: null });
  else if (pinned.length > 0) update({ pinned: [] });
}

/** Moves the keyboard's focus to the neighbour in the drawing, and says what it is. */
export function walkTo(direction: 'up' | 'down' | 'left' | 'right'): void {
  const { graph } = scene.peek();
  const at = [hovered.peek(), selectedShown.peek()].find((id) => id !== null && graph.hasNode(id));
  const next = at ? walk(graph, at, direction) : (graph.nodes().find((id) => id === 'logits') ?? graph.nodes()[0]);
  if (!next) return;
  hovered.value = next;
  const surface = stage.peek();
  if (surface && surface.camera().ratio < 0.9) surface.reveal(next);
  spoken.value = describeNode(next);
}

/** A display node in words: label, effect, edges in and out. */
function describeNode(id: string): string {
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

/** Name and effect of what the pointer is on. */
export function describeShown(id: string): { readonly name: string; readonly effect: number | null } | null {
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

/** Replays up to and including an edge's decision. */
export function jumpToDecision(edge: string): void {
  const step = stepOf(current.peek()?.trace ?? [], edge);
  if (step !== null) update({ step, tab: 'history', compareWith: null, blink: null });
}
