import type { DisplayGraph } from '../display-graph.js';
import type { Read } from '../scene.js';
import type { TokenPlaces } from './token-places.js';

/** Least share of a head's attention that is drawn. The largest one always is. */
const LEAST = 0.1;
/** Tokens that are drawn for a head at most. */
const MOST = 3;
/** How far below a head its arcs run, and how far below them the dots are. */
const DROP = 22;
const DOT = 10;

/** The arcs from the tokens that the heads attend to most, to the heads. @param xOf the middle of a token's column. */
export function readsOf(graph: DisplayGraph, at: TokenPlaces, xOf: (column: number) => number): Read[] {
  const reads: Read[] = [];
  graph.forEachNode((id, { kind, members, x, y, box }) => {
    if (kind !== 'head') return;
    const shares = at.readsOf(members[0]!);
    if (!shares) return;
    const foot = y - box![1] / 2;
    for (const { key, share } of strongestKeys(shares)) {
      const from = xOf(key);
      const low = foot - DROP;
      const points: Read['points'] = [
        [from, low + DOT],
        [from + 0.1 * (x - from), low - DOT],
        [x - 0.1 * (x - from), low - DOT],
        [x, foot],
      ];
      reads.push({ node: id, share, points });
    }
  });
  return reads;
}

/** The keys with the largest shares, strongest first. */
export function strongestKeys(shares: ArrayLike<number>): readonly { readonly key: number; readonly share: number }[] {
  return Array.from(shares, (share, key) => ({ key, share }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share || a.key - b.key)
    .filter(({ share }, i) => i === 0 || (i < MOST && share >= LEAST));
}
