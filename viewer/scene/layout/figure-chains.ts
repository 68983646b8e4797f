import type { DisplayGraph } from '../scene.js';
import type { Ranking } from './figure-ranks.js';

/**
 * The figure as a layered drawing: an edge that passes rows between its ends is cut into pieces, with a bend in every
 * row that it passes. Then all pieces join neighbouring rows. A slot is a place in a row, for a box or for a bend.
 * Slots are numbers: first the boxes in the order of the display's nodes, then the bends.
 */
export interface CutFigure {
  /** Number of boxes. */
  readonly boxes: number;
  /** Row of each slot, from the bottom. */
  readonly rowOf: readonly number[];
  /** Slots of each row, in dagre's order. */
  readonly rows: readonly (readonly number[])[];
  /** Per slot: the slots it is joined with in the row before and in the row after. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
  /** Per edge: its slots from source to target. Loops have none. */
  readonly chains: ReadonlyMap<string, readonly number[]>;
}

/** Ranks without a node make no row. */
export function cutEdges(display: DisplayGraph, ranking: Ranking): CutFigure {
  const nodes = display.nodes();
  const index = new Map(nodes.map((id, i) => [id, i]));
  const rankOf = nodes.map((id) => ranking.ranks.get(id)!);
  const orderOf = nodes.map((id) => ranking.orders.get(JSON.stringify([id]))!);
  const before: number[][] = nodes.map(() => []);
  const after: number[][] = nodes.map(() => []);
  const addBend = (edge: string, rank: number): number => {
    orderOf.push(ranking.orders.get(JSON.stringify([edge, rank])) ?? 0);
    before.push([]);
    after.push([]);
    return rankOf.push(rank) - 1;
  };
  const chains = new Map<string, number[]>();
  display.forEachEdge((id, _, source, target) => {
    if (source === target) return;
    const [a, b] = [index.get(source)!, index.get(target)!];
    // Two groups may write to each other: one of their edges leads down.
    const up = rankOf[a]! < rankOf[b]!;
    const [low, high] = up ? [a, b] : [b, a];
    const chain = [low];
    for (let rank = rankOf[low]! + 1; rank < rankOf[high]!; rank++) {
      if (ranking.filled.has(rank)) chain.push(addBend(id, rank));
    }
    chain.push(high);
    for (let i = 1; i < chain.length; i++) {
      after[chain[i - 1]!]!.push(chain[i]!);
      before[chain[i]!]!.push(chain[i - 1]!);
    }
    chains.set(id, up ? chain : chain.reverse());
  });

  const filled = [...ranking.filled].sort((a, b) => a - b);
  const rowByRank = new Map(filled.map((rank, row) => [rank, row]));
  const rowOf = rankOf.map((rank) => rowByRank.get(rank)!);
  const rows: number[][] = filled.map(() => []);
  for (const [slot, row] of rowOf.entries()) rows[row]!.push(slot);
  for (const row of rows) row.sort((a, b) => orderOf[a]! - orderOf[b]! || a - b);
  return { boxes: nodes.length, rowOf, rows, before, after, chains };
}
