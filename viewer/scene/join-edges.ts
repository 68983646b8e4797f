import type { EdgeRecord } from '../data/circuit-data.js';
import type { EdgeColumns } from './display-edges.js';

/**
 * The marks that a circuit's nodes may have. A node has the marks of a group where it is a member of one, or else one
 * of its own and one for each port.
 */
export interface Slots {
  /** Number of marks. */
  readonly count: number;
  /** By name of a node: its mark. Those of its q, k and v come right after it. */
  readonly ofNode: ReadonlyMap<string, number>;
  /** Marks of groups are those from here on. */
  readonly groups: number;
}

export interface Joining {
  /** Edges into ports end at marks of their own. */
  readonly withPorts: boolean;
  /** Edges into different ports of a node are one. */
  readonly mergePorts: boolean;
}

/** Edges between marks. */
export type JoinedEdges = Pick<EdgeColumns, 'several' | 'source' | 'target' | 'effect'> & {
  readonly first: readonly EdgeRecord[];
};

const PORTS = ['out', 'q', 'k', 'v'] as const;

/**
 * Edges between marks, strongest first. Edges inside of a group are left out. Edges between the same marks are summed.
 */
export function joinEdges(edges: readonly EdgeRecord[], slots: Slots, { withPorts, mergePorts }: Joining): JoinedEdges {
  // Without groups and with every port of its own, each edge has a pair of marks for itself.
  const places = mergePorts || slots.groups < slots.count ? new Map<number, number>() : null;
  const first: EdgeRecord[] = [];
  const several = new Map<number, EdgeRecord[]>();
  const source: number[] = [];
  const target: number[] = [];
  const effect: number[] = [];
  for (const edge of edges) {
    let from = slots.ofNode.get(edge.source)!;
    let to = slots.ofNode.get(edge.target)!;
    const isGrouped = to >= slots.groups;
    if (from === to && (isGrouped || edge.kind === 'addition')) continue;
    const port = PORTS.indexOf(edge.port);
    if (withPorts && !isGrouped && port > 0) {
      if (edge.kind === 'direct') from += port;
      else to += port;
    }
    const key = (from * slots.count + to) * PORTS.length + (mergePorts ? 0 : port);
    const place = places?.get(key);
    if (place === undefined) {
      places?.set(key, first.length);
      first.push(edge);
      source.push(from);
      target.push(to);
      effect.push(edge.effect ?? Number.NaN);
      continue;
    }
    const members = several.get(place);
    if (members) members.push(edge);
    else several.set(place, [first[place]!, edge]);
    effect[place] = sum(effect[place]!, edge.effect ?? Number.NaN);
  }
  const joined = {
    first,
    several,
    source: Int32Array.from(source),
    target: Int32Array.from(target),
    effect: Float64Array.from(effect),
  };
  return isStrongestFirst(joined.effect) ? joined : strongestFirst(joined);
}

/** Size of an effect; less than any where it is not known. */
function magnitude(effect: number): number {
  return Number.isNaN(effect) ? -1 : Math.abs(effect);
}

/** Edges come so, unless some were summed or have the effects of another circuit. */
function isStrongestFirst(effect: Float64Array): boolean {
  return effect.every((one, place) => place === 0 || magnitude(effect[place - 1]!) >= magnitude(one));
}

function strongestFirst({ first, several, source, target, effect }: JoinedEdges): JoinedEdges {
  const order = effect.map((_, place) => place).sort((a, b) => magnitude(effect[b]!) - magnitude(effect[a]!) || a - b);
  const sorted = new Map<number, readonly EdgeRecord[]>();
  order.forEach((place, index) => several.has(place) && sorted.set(index, several.get(place)!));
  return {
    first: Array.from(order, (place) => first[place]!),
    several: sorted,
    source: Int32Array.from(order, (place) => source[place]!),
    target: Int32Array.from(order, (place) => target[place]!),
    effect: order.map((place) => effect[place]!),
  };
}

/**
 * A sum of effects; NaN where neither is known. It stays finite, so that a share of a sum of huge effects is a number.
 */
function sum(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  if (Number.isNaN(b)) return a;
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, a + b));
}
