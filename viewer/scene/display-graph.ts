import { MultiDirectedGraph } from 'graphology';
import type { CircuitData, EdgeRecord, NodeRecord } from '../data/circuit-data.js';
import type { LayoutName } from '../data/saved-view.js';
import type { Selection } from '../view/selection.js';
import type { ViewState } from '../view/view-state.js';
import type { DisplayEdge, DisplayGraph, DisplayNode } from './scene.js';

/** Names of the circuit's nodes and edges that a search found. Null = nothing is searched. */
export type Found = { readonly nodes: ReadonlySet<string>; readonly edges: ReadonlySet<string> } | null;

/** What stands out, whatever the filters say. */
export interface Marked {
  readonly found: Found;
  /** Name of the edge that a replay decided on last. It is drawn even where it was removed. Null = none. */
  readonly deciding: string | null;
}

const PORTS = ['q', 'k', 'v'] as const;

/**
 * The nodes and edges that are drawn, without places and sizes. A group stands for its members. Heads have ports in the
 * grid. Parallel edges that lead to the same mark are one.
 *
 * Nodes are in model order: the ports of a head after the head, groups at the end. Edges are strongest first.
 */
export function buildDisplay(
  data: CircuitData,
  selection: Pick<Selection, 'edges' | 'nodes' | 'ranked'>,
  view: ViewState,
  layout: LayoutName,
  { found, deciding }: Marked,
): DisplayGraph {
  const groups = groupsOf(data, view);
  const standsFor = (node: string) => groups.byMember.get(node) ?? node;
  const ports = view.mergePorts ? 'none' : layout === 'grid' ? 'nodes' : layout === 'force' ? 'none' : 'tabs';
  const withPorts = ports === 'nodes';
  const last = deciding === null ? undefined : data.edgeById.get(deciding);
  const drawn = last && !selection.edges.includes(last) ? [...selection.edges, last] : selection.edges;
  const edges = joinEdges(drawn, standsFor, {
    withPorts,
    mergePorts: view.mergePorts,
    isGrouped: groups.byMember.size > 0,
  });
  const ends = new Set<string>();
  for (const { source, target } of edges) ends.add(source).add(target);

  const graph: DisplayGraph = new MultiDirectedGraph<DisplayNode, DisplayEdge>();
  graph.setAttribute('layers', data.layers);
  const marks: Marks = {
    connected: new Set([...selection.nodes, ...(last ? [last.source, last.target] : [])].map(standsFor)),
    pinned: new Set(view.pinned.map(standsFor)),
    notes: view.notes,
    found,
  };
  const keepsAll = layout === 'grid' && !view.hideUnconnected;
  const addNode = (id: string, label: string, kind: DisplayNode['kind'], members: readonly NodeRecord[]) => {
    if (marks.connected.has(id) || marks.pinned.has(id) || keepsAll) {
      graph.addNode(id, { ...nodeOf(id, label, kind, members, marks), level: levelOf(members, data) });
    }
  };
  for (const node of data.nodes) {
    if (groups.byMember.has(node.id)) continue;
    addNode(node.id, node.label, node.kind, [node]);
    for (const port of PORTS) {
      const id = `${node.id}<${port}>`;
      if (!withPorts || !ends.has(id)) continue;
      const head = graph.getNodeAttributes(node.id);
      graph.addNode(id, { ...head, label: port, kind: 'port', port, parent: node.id, pinned: false, noted: false });
    }
  }
  for (const [id, group] of groups.byKey) addNode(id, group.name, 'group', group.members);

  const most = edges.reduce((largest, edge) => Math.max(largest, Math.abs(edge.effect ?? 0)), 0) || 1;
  for (const edge of edges) {
    const strength = selection.ranked ? Math.abs(edge.effect ?? 0) / most : EVEN;
    const attributes = edgeOf(edge, strength, { found, deciding }, ports === 'tabs');
    graph.addEdgeWithKey(edge.members[0]!.id, edge.source, edge.target, attributes);
  }
  for (const [source, target] of sharedLinks(data, standsFor, marks.connected)) {
    graph.addEdgeWithKey(`${source}->${target}`, source, target, SHARED);
  }
  return graph;
}

interface Marks {
  /** Display nodes at the ends of shown edges. */
  readonly connected: ReadonlySet<string>;
  /** Display nodes. */
  readonly pinned: ReadonlySet<string>;
  readonly notes: ViewState['notes'];
  readonly found: Found;
}

const UNPLACED = { x: 0, y: 0, size: 0, box: null, tabs: [], port: null, parent: null } as const;

/**
 * Where nodes stand among the rows of the model, from the bottom: -1 is `input`. A layer has three levels: key/value
 * heads, heads, MLP; in a parallel model heads and MLP are level. A group of nodes of several levels stands between
 * levels.
 */
function levelOf(members: readonly NodeRecord[], { layers, parallel }: CircuitData): number {
  const levels = members.map(({ kind, layer }) => {
    if (layer === null) return kind === 'input' ? -1 : 3 * layers;
    return 3 * layer + (kind === 'kv' ? 0 : kind === 'head' || parallel ? 1 : 2);
  });
  const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
  return levels.every((level) => level === mean) ? mean : Math.floor(mean) + 0.5;
}

function nodeOf(
  id: string,
  label: string,
  kind: DisplayNode['kind'],
  members: readonly NodeRecord[],
  { connected, pinned, notes, found }: Marks,
): Omit<DisplayNode, 'level'> {
  return {
    ...UNPLACED,
    label,
    kind,
    layer: meanLayer(members),
    members: members.map((member) => member.id),
    connected: connected.has(id),
    pinned: pinned.has(id),
    noted: [id, label, ...members.map((member) => member.id)].some((name) => Object.hasOwn(notes, name)),
    found: found && members.some((member) => found.nodes.has(member.id)),
  };
}

/** Strength of every edge where nothing ranks them: they are thin, and clear. */
const EVEN = 0.04;

/** @param strength relative to the strongest display edge. */
function edgeOf(
  { members, effect }: JoinedEdge,
  strength: number,
  { found, deciding }: Marked,
  withTabs: boolean,
): DisplayEdge {
  const first = members[0]!;
  const port = members.every((member) => member.port === first.port) ? first.port : 'several';
  return {
    edges: members.map((member) => member.id),
    port,
    tab: !withTabs || first.kind === 'direct' || port === 'out' || port === 'several' ? null : port,
    kind: first.kind,
    effect,
    strength,
    class: first.contrast?.class ?? null,
    pending: members.every((member) => member.pending),
    inCircuit: members.some((member) => member.inCircuit),
    idle: members.reduce((count, member) => count + Number(member.idle), 0),
    deciding: deciding !== null && members.some((member) => member.id === deciding),
    curvature: 0,
    found: found && members.some((member) => found.edges.has(member.id)),
  };
}

/** A link that is no edge of the circuit. */
const SHARED: DisplayEdge = {
  edges: [],
  port: 'out',
  tab: null,
  kind: 'shared',
  effect: null,
  strength: 0,
  class: null,
  pending: false,
  inCircuit: true,
  idle: 0,
  deciding: false,
  curvature: 0,
  found: null,
};

/** From connected key/value heads to the connected heads that read them, as display nodes: each pair once. */
function sharedLinks(
  { nodes }: CircuitData,
  standsFor: (node: string) => string,
  connected: ReadonlySet<string>,
): readonly (readonly [source: string, target: string])[] {
  const links = new Map<string, readonly [string, string]>();
  for (const kv of nodes) {
    if (kv.kind !== 'kv' || !connected.has(standsFor(kv.id))) continue;
    const source = standsFor(kv.id);
    for (const { id, kind, layer, kvGroup } of nodes) {
      if (kind !== 'head' || layer !== kv.layer || kvGroup !== kv.kvGroup) continue;
      const target = standsFor(id);
      if (connected.has(target) && target !== source) links.set(JSON.stringify([source, target]), [source, target]);
    }
  }
  return [...links.values()];
}

interface JoinedEdge {
  readonly source: string;
  readonly target: string;
  readonly members: EdgeRecord[];
  effect: number | null;
}

/** Display edges, strongest first. Edges inside of a group are left out. Edges between the same marks are summed. */
function joinEdges(
  edges: readonly EdgeRecord[],
  standsFor: (node: string) => string,
  { withPorts, mergePorts, isGrouped }: { withPorts: boolean; mergePorts: boolean; isGrouped: boolean },
): readonly JoinedEdge[] {
  const joined = new Map<string, JoinedEdge>();
  // Without groups and with every port of its own, each edge has a pair of marks for itself.
  const isJoined = mergePorts || isGrouped;
  const part = (name: string) => `${name.length} ${name}`;
  for (const edge of edges) {
    let source = standsFor(edge.source);
    let target = standsFor(edge.target);
    const grouped = target !== edge.target;
    if (source === target && (grouped || edge.kind === 'addition')) continue;
    if (withPorts && !grouped && edge.port !== 'out') {
      const port = `${edge.target}<${edge.port}>`;
      if (edge.kind === 'direct') source = port;
      else target = port;
    }
    // With their lengths before them, no two pairs of names give the same text.
    const key = isJoined ? `${part(source)} ${part(target)} ${mergePorts ? '' : edge.port}` : edge.id;
    const present = joined.get(key);
    if (present) {
      present.members.push(edge);
      present.effect = sum(present.effect, edge.effect);
    } else joined.set(key, { source, target, members: [edge], effect: edge.effect });
  }
  const magnitude = (edge: JoinedEdge) => (edge.effect === null ? -1 : Math.abs(edge.effect));
  return [...joined.values()].sort((a, b) => magnitude(b) - magnitude(a));
}

/** A sum of effects. It stays finite, so that a share of a sum of huge effects is a number. */
function sum(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, a + b));
}

interface DisplayGroup {
  readonly name: string;
  readonly members: NodeRecord[];
}

/**
 * Groups by display node, and display nodes by member. Names that the circuit does not have, `input`, `logits` and
 * members of an earlier group are left out.
 */
function groupsOf(data: CircuitData, view: ViewState) {
  const byKey = new Map<string, DisplayGroup>();
  const byMember = new Map<string, string>();
  for (const { name, members } of view.groups) {
    const key = `group:${name}`;
    for (const id of members) {
      const node = data.nodeById.get(id);
      if (!node || node.layer === null || byMember.has(id)) continue;
      byMember.set(id, key);
      const group = byKey.get(key) ?? { name, members: [] };
      group.members.push(node);
      byKey.set(key, group);
    }
  }
  return { byKey, byMember };
}

function meanLayer(members: readonly NodeRecord[]): number | null {
  let total = 0;
  for (const { layer } of members) {
    if (layer === null) return null;
    total += layer;
  }
  return Math.round(total / members.length);
}
