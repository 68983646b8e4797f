import type { CircuitData, NodeRecord } from '../data/circuit-data.js';
import { strength } from './pool.js';

/** Nodes that could be drawn as one. */
export interface SuggestedGroup {
  readonly members: readonly NodeRecord[];
  /** The smallest likeness of two members. */
  readonly likeness: number;
}

/** How alike the edges of every two members must be at least. */
export const LEAST_LIKENESS = 0.5;

/** More nodes than these are not compared with each other. */
const MOST_NODES = 200;

/**
 * Groups of nodes of one kind whose kept edges are nearly the same: every two of them have a likeness of at least
 * LEAST_LIKENESS, and no edge leads from one to another. The likeness of two nodes is the mean of those of their edges
 * in and out: sum of the smaller |number| / sum of the larger |number|, over the other ends and their ports (Jaccard
 * index of weighted sets). Groups are joined from the likest pair on; a node is in one group at most.
 */
export function suggestGroups(data: CircuitData): SuggestedGroup[] {
  const nodes = data.nodes.filter(({ kind, inCircuit }) => inCircuit && (kind === 'head' || kind === 'mlp'));
  if (nodes.length > MOST_NODES) return [];
  const profiles = profilesOf(data);
  const likeness = nodes.map((a) => nodes.map((b) => likenessOf(a, b, profiles)));
  let groups = nodes.map((_, i) => [i]);
  for (;;) {
    const best = likestGroups(groups, likeness);
    if (!best || best.likeness < LEAST_LIKENESS) break;
    const joined = [...groups[best.a]!, ...groups[best.b]!].sort((a, b) => a - b);
    groups = [...groups.filter((_, i) => i !== best.a && i !== best.b), joined];
  }
  return groups
    .filter(({ length }) => length > 1)
    .map((group) => ({ members: group.map((i) => nodes[i]!), likeness: between(group, group, likeness) }))
    .sort((a, b) => b.members.length - a.members.length || b.likeness - a.likeness);
}

type Side = Map<string, number>;
interface Profile {
  readonly into: Side;
  readonly out: Side;
}

function profilesOf({ edges }: CircuitData): Map<string, Profile> {
  const profiles = new Map<string, Profile>();
  const of = (id: string): Profile => {
    const profile = profiles.get(id) ?? { into: new Map(), out: new Map() };
    profiles.set(id, profile);
    return profile;
  };
  for (const edge of edges) {
    if (!edge.inCircuit || edge.kind === 'direct') continue;
    // An edge that is not measured counts as one like any other.
    const size = edge.effect === null ? 1 : strength(edge);
    of(edge.source).out.set(`${edge.target} ${edge.port}`, size);
    of(edge.target).into.set(`${edge.source} ${edge.port}`, size);
  }
  return profiles;
}

/** 0 for nodes of different kinds, and where an edge leads from one to the other. */
function likenessOf(a: NodeRecord, b: NodeRecord, profiles: ReadonlyMap<string, Profile>): number {
  const [one, other] = [profiles.get(a.id), profiles.get(b.id)];
  if (a.kind !== b.kind || !one || !other || leadsTo(one, b.id) || leadsTo(other, a.id)) return 0;
  const sides = [jaccard(one.into, other.into), jaccard(one.out, other.out)].filter((share) => share !== null);
  return sides.length > 0 ? sides.reduce((sum, share) => sum + share, 0) / sides.length : 0;
}

function leadsTo({ out }: Profile, node: string): boolean {
  return [...out.keys()].some((end) => end.startsWith(`${node} `));
}

/** Null where both are empty. */
function jaccard(a: Side, b: Side): number | null {
  let [smaller, larger] = [0, 0];
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(key) ?? 0, b.get(key) ?? 0];
    smaller += Math.min(x, y);
    larger += Math.max(x, y);
  }
  return larger > 0 ? smaller / larger : null;
}

/** The smallest likeness of a member of one group and a member of another. */
function between(a: readonly number[], b: readonly number[], likeness: readonly (readonly number[])[]): number {
  return Math.min(...a.flatMap((i) => b.flatMap((j) => (i === j ? [] : [likeness[i]![j]!]))));
}

function likestGroups(
  groups: readonly (readonly number[])[],
  likeness: readonly (readonly number[])[],
): { readonly a: number; readonly b: number; readonly likeness: number } | null {
  let best: { a: number; b: number; likeness: number } | null = null;
  for (let a = 0; a < groups.length; a++) {
    for (let b = a + 1; b < groups.length; b++) {
      const share = between(groups[a]!, groups[b]!, likeness);
      if (!best || share > best.likeness) best = { a, b, likeness: share };
    }
  }
  return best;
}
