import { Graph, layout } from '@dagrejs/dagre';
import { placeColumns } from './figure-columns.js';
import { crossings, reduceCrossings } from './figure-order.js';
import type { Places } from './grid-layout.js';
import type { Point } from './routes.js';
import type { DisplayGraph } from '../scene.js';

/** Room between boxes of a row, beside an edge that passes through a row, and least and most between rows. */
const BOX_GAP = 24;
const EDGE_GAP = 12;
const ROW_GAP: readonly [number, number] = [44, 84];
/** How much longer than the boxes are high edges go upright through a row. */
const PASSAGE = 8;
/** Width / height of the whole that the distance of rows is chosen for. */
const ASPECT = 1.6;

export interface RowLayout {
  readonly places: Places;
  /** Per edge: the points that it passes between its ends, from source to target. */
  readonly bends: ReadonlyMap<string, readonly Point[]>;
}

/** Boxes in rows, readers above writers, and the bends of edges that pass rows. Sizes of boxes are in `box`. */
export function rowLayout(display: DisplayGraph): RowLayout {
  const ranked = rankedBy(display);
  const nodes = display.nodes();
  const index = new Map(nodes.map((id, i) => [id, i]));
  const rankOf = nodes.map((id) => ranked.ranks.get(id)!);
  const startOf = nodes.map((id) => ranked.orders.get(JSON.stringify([id]))!);
  const before: number[][] = nodes.map(() => []);
  const after: number[][] = nodes.map(() => []);
  const chains = new Map<string, number[]>();

  display.forEachEdge((id, _, source, target) => {
    if (source === target) return;
    // Groups may write to what writes to them: such an edge leads down.
    const [a, b] = [index.get(source)!, index.get(target)!];
    const up = rankOf[a]! < rankOf[b]!;
    const [low, high] = up ? [a, b] : [b, a];
    const chain = [low];
    for (let rank = rankOf[low]! + 1; rank < rankOf[high]!; rank++) {
      if (!ranked.filled.has(rank)) continue;
      chain.push(rankOf.length);
      startOf.push(ranked.orders.get(JSON.stringify([id, rank])) ?? 0);
      rankOf.push(rank);
      before.push([]);
      after.push([]);
    }
    chain.push(high);
    for (let i = 1; i < chain.length; i++) {
      after[chain[i - 1]!]!.push(chain[i]!);
      before[chain[i]!]!.push(chain[i - 1]!);
    }
    chains.set(id, up ? chain : chain.reverse());
  });

  const filled = [...ranked.filled].sort((a, b) => a - b);
  const rowOf = new Map(filled.map((rank, row) => [rank, row]));
  const start: number[][] = filled.map(() => []);
  for (const [node, rank] of rankOf.entries()) start[rowOf.get(rank)!]!.push(node);
  for (const row of start) row.sort((a, b) => startOf[a]! - startOf[b]! || a - b);
  const rows = bestOrder(start, before, after);

  const isBox = (node: number) => node < nodes.length;
  const widths = nodes.map((id) => display.getNodeAttribute(id, 'box')![0]);
  const x = placeColumns({
    rows,
    pulls: rankOf.map((_, node) =>
      [...before[node]!, ...after[node]!].map((other) => ({
        node: other,
        weight: isBox(node) && isBox(other) ? 1 : isBox(node) || isBox(other) ? 2 : 6,
      })),
    ),
    gap: (left, right) => {
      const room = isBox(left) && isBox(right) ? BOX_GAP : EDGE_GAP;
      return room + ((widths[left] ?? 0) + (widths[right] ?? 0)) / 2;
    },
  });

  const boxHeight = nodes[0] === undefined ? 0 : display.getNodeAttribute(nodes[0], 'box')![1];
  const step = rowStep(x, widths, rows.length, boxHeight);
  const place = (node: number): Point => [x[node]!, rowOf.get(rankOf[node]!)! * step];
  // Upright where the way would cut a box of the row, straight on elsewhere.
  const passage = (chain: readonly number[]): Point[] => {
    const half = (boxHeight + PASSAGE) / 2;
    return chain.slice(1, -1).flatMap((node, i): Point[] => {
      const [at, level] = place(node);
      const ends = [chain[i]!, chain[i + 2]!].map((other) => at + ((x[other]! - at) * half) / step);
      const [left, right] = [Math.min(at, ...ends) - EDGE_GAP / 2, Math.max(at, ...ends) + EDGE_GAP / 2];
      const cuts = rows[rowOf.get(rankOf[node]!)!]!.some(
        (box) => isBox(box) && x[box]! + widths[box]! / 2 > left && x[box]! - widths[box]! / 2 < right,
      );
      if (!cuts) return [[at, level]];
      const up = place(chain[i + 2]!)[1] > level ? half : -half;
      return [
        [at, level - up],
        [at, level + up],
      ];
    });
  };
  return {
    places: new Map(nodes.map((id, i) => [id, place(i)])),
    bends: new Map([...chains].map(([id, chain]) => [id, passage(chain)])),
  };
}

/** The order with fewer crossings of two: improved from dagre's, and from the order in the model. */
function bestOrder(start: readonly number[][], before: readonly number[][], after: readonly number[][]) {
  const rounds = before.length > 1500 ? 12 : 60;
  const candidates = [start, start.map((row) => [...row].sort((a, b) => a - b))].map((rows) => {
    const order = reduceCrossings({ rows, before, after }, rounds);
    const place = new Float64Array(before.length);
    for (const row of order) row.forEach((node, i) => (place[node] = i));
    return { order, count: crossings(order, after, place) };
  });
  return candidates.reduce((best, other) => (other.count < best.count ? other : best)).order;
}

/** Distance of rows that brings the whole near its aspect ratio. */
function rowStep(x: Float64Array, widths: readonly number[], rows: number, boxHeight: number): number {
  let [left, right] = [Infinity, -Infinity];
  for (const [node, at] of x.entries()) {
    left = Math.min(left, at - (widths[node] ?? 0) / 2);
    right = Math.max(right, at + (widths[node] ?? 0) / 2);
  }
  const gap = (right - left) / ASPECT / Math.max(1, rows - 1) - boxHeight;
  return boxHeight + Math.min(ROW_GAP[1], Math.max(ROW_GAP[0], gap));
}

interface Ranking {
  /** Row of each node, from the bottom; rows may be empty. */
  readonly ranks: ReadonlyMap<string, number>;
  /** Ranks of nodes. */
  readonly filled: ReadonlySet<number>;
  /** Dagre's order within the row, by JSON of [node] or, where an edge passes a row, [edge, rank]. */
  readonly orders: ReadonlyMap<string, number>;
}

/** Rows such that the edges together are as short as can be (network simplex), and a first order of them. */
function rankedBy(display: DisplayGraph): Ranking {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'BT', ranker: 'network-simplex' });
  graph.setDefaultNodeLabel(() => ({}));
  display.forEachNode((id, { box }) => graph.setNode(id, { width: box![0], height: box![1] }));
  display.forEachEdge((id, _, source, target) => {
    if (source !== target) graph.setEdge(source, target, { width: 0, height: 0 }, id);
  });
  // Nothing stands beside or below `input`, nor beside or above `logits`: such ties pull at nothing.
  const tie = (source: string, target: string) => {
    const both = source !== target && display.hasNode(source) && display.hasNode(target);
    if (both) graph.setEdge(source, target, { width: 0, height: 0, weight: 0 }, 'tie');
  };
  display.forEachNode((id) => {
    if (display.inDegree(id) === 0 && id !== 'logits') tie('input', id);
    if (display.outDegree(id) === 0 && id !== 'input') tie(id, 'logits');
  });
  const ranks = new Map<string, number>();
  const orders = new Map<string, number>();
  layout(graph, {
    customOrder: (rows, order) => {
      order(rows);
      for (const id of rows.nodes()) {
        const { rank, order: at, dummy, edgeObj } = rows.node(id);
        if (typeof rank !== 'number' || typeof at !== 'number') continue;
        if (!dummy) ranks.set(id, rank);
        orders.set(JSON.stringify(dummy ? [edgeObj?.name, rank] : [id]), at);
      }
    },
  });
  return { ranks, filled: new Set(ranks.values()), orders };
}
