import type { CircuitData, NodeRecord } from '../data/circuit-data.js';
import type { LayoutName } from '../data/saved-view.js';
import type { Selection } from '../view/selection.js';
import type { ViewState } from '../view/view-state.js';
import type { Found, Marked, SharedLink } from './display-edges.js';
import { DisplayGraph, type DisplayNode } from './display-graph.js';
import { joinEdges, type Slots } from './join-edges.js';

const PORTS = ['q', 'k', 'v'] as const;
/** Marks of a node: its own, and those of its ports. */
const OWN = 1 + PORTS.length;
/** Strength of every edge where nothing ranks them: they are thin, and clear. */
const EVEN = 0.04;

/**
 * The nodes and edges that are drawn, without places and sizes. A group stands for its members. Heads have ports in the
 * grid. Parallel edges that lead to the same mark are one.
 *
 * Nodes are in model order: the ports of a head after the head, groups at the end. Edges are strongest first, links
 * last.
 */
export function buildDisplay(
  data: CircuitData,
  selection: Pick<Selection, 'edges' | 'nodes' | 'ranked'>,
  view: ViewState,
  layout: LayoutName,
  marked: Marked,
): DisplayGraph {
  const { found, deciding } = marked;
  const groups = groupsOf(data, view);
  const standsFor = (node: string) => groups.byMember.get(node) ?? node;
  const ports = view.mergePorts ? 'none' : layout === 'grid' ? 'nodes' : layout === 'force' ? 'none' : 'tabs';
  const last = deciding === null ? undefined : data.edgeById.get(deciding);
  const drawn = last && !selection.edges.includes(last) ? [...selection.edges, last] : selection.edges;
  const slots = slotsOf(data, groups);
  const joined = joinEdges(drawn, slots, { withPorts: ports === 'nodes', mergePorts: view.mergePorts });
  const isEnd = new Uint8Array(slots.count);
  for (const ends of [joined.source, joined.target]) for (const slot of ends) isEnd[slot] = 1;

  const marks: Marks = {
    connected: new Set([...selection.nodes, ...(last ? [last.source, last.target] : [])].map(standsFor)),
    pinned: new Set(view.pinned.map(standsFor)),
    notes: view.notes,
    found,
  };
  const keepsAll = layout === 'grid' && !view.hideUnconnected;
  const nodes: (readonly [string, DisplayNode])[] = [];
  const indices = new Int32Array(slots.count);
  const indexOf = new Map<string, number>();
  const put = (slot: number, id: string, node: DisplayNode) => {
    indices[slot] = nodes.length;
    indexOf.set(id, nodes.length);
    nodes.push([id, node]);
  };
  const putNode = (
    slot: number,
    id: string,
    label: string,
    kind: DisplayNode['kind'],
    members: readonly NodeRecord[],
  ) => {
    if (marks.connected.has(id) || marks.pinned.has(id) || keepsAll) {
      put(slot, id, { ...nodeOf(id, label, kind, members, marks), level: levelOf(members, data) });
    }
  };
  data.nodes.forEach((node, place) => {
    if (groups.byMember.has(node.id)) return;
    const slot = OWN * place;
    putNode(slot, node.id, node.label, node.kind, [node]);
    PORTS.forEach((port, i) => {
      if (isEnd[slot + 1 + i] === 0) return;
      const [, head] = nodes[indices[slot]!]!;
      const own = { label: port, kind: 'port', port, parent: node.id, pinned: false, noted: false } as const;
      put(slot + 1 + i, `${node.id}<${port}>`, { ...head, ...own });
    });
  });
  let slot = slots.groups;
  for (const [id, group] of groups.byKey) putNode(slot++, id, group.name, 'group', group.members);

  const links = sharedLinks(data, standsFor, marks.connected);
  const first = [...joined.first, ...links.map(([source, target]) => sharedLink(`${source}->${target}`))];
  const ends = (slotsOfEdges: Int32Array, side: 0 | 1): Int32Array => {
    const all = new Int32Array(first.length);
    all.set(slotsOfEdges.map((slot) => indices[slot]!));
    all.set(
      links.map((link) => indexOf.get(link[side])!),
      slotsOfEdges.length,
    );
    return all;
  };
  const effect = new Float64Array(first.length).fill(Number.NaN);
  effect.set(joined.effect);
  return new DisplayGraph(data.layers, nodes, {
    first,
    several: joined.several,
    source: ends(joined.source, 0),
    target: ends(joined.target, 1),
    effect,
    strength: strengthsOf(effect, joined.first.length, selection.ranked),
    curvature: new Float64Array(first.length),
    withTabs: ports === 'tabs',
    marked,
  });
}

/** Strengths of edges relative to the strongest of them; 0 for links, which come after the `edges` edges. */
function strengthsOf(effect: Float64Array, edges: number, ranked: boolean): Float64Array {
  const sizes = effect.map((one) => (Number.isNaN(one) ? 0 : Math.abs(one)));
  const most = sizes.reduce((largest, size) => Math.max(largest, size), 0) || 1;
  return sizes.map((size, index) => (index >= edges ? 0 : ranked ? size / most : EVEN));
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

/** A link that is no edge of the circuit. */
function sharedLink(id: string): SharedLink {
  return { id, port: 'out', kind: 'shared', pending: false, inCircuit: true, idle: false, contrast: null };
}

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

/** A member of a group has the mark of the group, and any other node those of its place among the nodes. */
function slotsOf({ nodes }: CircuitData, { byKey, byMember }: ReturnType<typeof groupsOf>): Slots {
  const groups = OWN * nodes.length;
  const ofGroup = new Map([...byKey.keys()].map((key, i) => [key, groups + i]));
  const ofNode = new Map(nodes.map(({ id }, place) => [id, ofGroup.get(byMember.get(id) ?? '') ?? OWN * place]));
  return { count: groups + byKey.size, ofNode, groups };
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
