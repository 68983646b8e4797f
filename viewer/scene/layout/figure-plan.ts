import { createRng } from '../../../src/base/rng.js';
import type { Box } from '../scene.js';
import { Extent } from './extent.js';
import { cutEdges, type CutFigure, type FigureInput } from './figure-chains.js';
import { placeColumns } from './figure-columns.js';
import { crossings, reduceCrossings } from './figure-order.js';
import type { Point } from './routes.js';

/** Places of all boxes, and the ways of the edges around them. */
export interface FigurePlan {
  /** Middle of each box, by node. */
  readonly places: ReadonlyMap<string, Point>;
  /** Per edge, by key: the points that it passes between its ends, from source to target. */
  readonly bends: ReadonlyMap<string, readonly Point[]>;
  /** Height of each row, from the bottom. */
  readonly heights: readonly number[];
  /** The smallest box around all boxes and bends. */
  readonly bounds: Box;
}

/** Room between two boxes of a row. */
const BOX_GAP = 20;
/** Room between a box and an edge that passes through its row. */
const EDGE_GAP = 12;
/** Room between two such edges, and in a figure of `MANY` edges. */
const LINE_GAP = 12;
const NARROW_LINE_GAP = 5;
const MANY = 200;
/** Least and most room between rows. */
const ROW_GAP: readonly [number, number] = [30, 84];
/** An upright way through a row is longer than the boxes are high, by this much. */
const PASSAGE = 8;
/** Width / height of the whole. The distance of the rows is chosen for it. */
const ASPECT = 1.6;
/**
 * Orders that the search for few crossings starts from, and its rounds, by the largest number of slots. The first start
 * is the order in the model, the others are random.
 */
const SEARCHES = [
  { slots: 400, starts: 12, rounds: 40 },
  { slots: 800, starts: 4, rounds: 30 },
  { slots: Infinity, starts: 1, rounds: 12 },
] as const;

/** How much work a plan may be: `quick` leaves the rows in the order of the model. */
export type Care = 'quick' | 'full';

/** Places boxes in their rows with few crossings. The same input gives the same plan. */
export function planFigure(input: FigureInput, care: Care = 'full'): FigurePlan {
  const cut = cutEdges(input);
  const rows = care === 'quick' ? cut.rows : bestOrder(cut);
  const widths = input.nodes.map(({ width }) => width);
  const lineGap = input.edges.length < MANY ? LINE_GAP : NARROW_LINE_GAP;
  const x = columnsOf({ ...cut, rows }, widths, lineGap, care === 'quick' ? 4 : undefined);
  const tall = rows.map((_, row) =>
    Math.max(0, ...input.nodes.filter((node) => node.row === row).map((one) => one.height)),
  );
  const heights = rowHeights(tall, gapOf(x, widths, tall));
  const placed: PlacedSlots = { ...cut, rows, x, heights, tall };
  const places = new Map(input.nodes.map(({ id }, i) => [id, placeOf(placed, i)]));
  const bends = new Map([...cut.chains].map(([key, chain]) => [key, bendsOf(placed, chain)]));
  return { places, bends, heights, bounds: boundsOf(input, places, bends) };
}

/** A layered drawing with a place for every slot. */
interface PlacedSlots extends CutFigure {
  readonly x: Float64Array;
  /** Middle of each row. */
  readonly heights: readonly number[];
  /** Height of the boxes of each row. */
  readonly tall: readonly number[];
}

/** The order with the fewest crossings of several: one improved from the model's order, others from random orders. */
function bestOrder(cut: CutFigure): readonly (readonly number[])[] {
  const { rows: first, before } = cut;
  const { starts, rounds } = SEARCHES.find(({ slots }) => before.length <= slots)!;
  const rng = createRng(1);
  const candidates = Array.from({ length: starts }, (_, i) => {
    const rows = i === 0 ? first : first.map((row) => shuffled(row, rng));
    const order = reduceCrossings({ ...cut, rows }, rounds);
    const place = new Float64Array(before.length);
    for (const row of order) row.forEach((slot, i) => (place[slot] = i));
    return { order, count: crossings(order, cut, place) };
  });
  return candidates.reduce((best, other) => (other.count < best.count ? other : best)).order;
}

function shuffled(row: readonly number[], rng: ReturnType<typeof createRng>): number[] {
  const keys = new Map(row.map((slot) => [slot, rng.next()]));
  return [...row].sort((a, b) => keys.get(a)! - keys.get(b)!);
}

/** Middle of each slot. Bends pull at each other most, so that long edges are straight. */
function columnsOf(
  { boxes, rows, rowOf, before, after }: CutFigure,
  widths: readonly number[],
  lineGap: number,
  sweeps?: number,
): Float64Array {
  const isBox = (slot: number) => slot < boxes;
  const columns = {
    rows,
    pulls: rowOf.map((_, slot) =>
      [...before[slot]!, ...after[slot]!].map((other) => ({
        node: other,
        weight: isBox(slot) && isBox(other) ? 1 : isBox(slot) || isBox(other) ? 2 : 6,
      })),
    ),
    gap: (left: number, right: number) => {
      const boxCount = Number(isBox(left)) + Number(isBox(right));
      const room = boxCount === 2 ? BOX_GAP : boxCount === 1 ? EDGE_GAP : lineGap;
      return room + ((widths[left] ?? 0) + (widths[right] ?? 0)) / 2;
    },
  };
  return placeColumns(columns, sweeps);
}

/** Room between rows that brings the whole near its aspect ratio. */
function gapOf(x: Float64Array, widths: readonly number[], tall: readonly number[]): number {
  let [left, right] = [Infinity, -Infinity];
  for (const [slot, at] of x.entries()) {
    left = Math.min(left, at - (widths[slot] ?? 0) / 2);
    right = Math.max(right, at + (widths[slot] ?? 0) / 2);
  }
  const boxes = tall.reduce((sum, height) => sum + height, 0);
  const gap = ((right - left) / ASPECT - boxes) / Math.max(1, tall.length - 1);
  return Math.min(ROW_GAP[1], Math.max(ROW_GAP[0], gap));
}

/** Middle of each row, the lowest at 0. */
function rowHeights(tall: readonly number[], gap: number): number[] {
  let at = 0;
  return tall.map((height, row) => {
    if (row > 0) at += tall[row - 1]! / 2 + gap + height / 2;
    return at;
  });
}

function placeOf({ x, rowOf, heights }: PlacedSlots, slot: number): Point {
  return [x[slot]!, heights[rowOf[slot]!]!];
}

/**
 * The points between the ends of an edge. It goes upright through a row: so it cuts no box of the row, and crosses no
 * edge that the order of the rows does not make it cross.
 */
function bendsOf(placed: PlacedSlots, chain: readonly number[]): Point[] {
  return chain.slice(1, -1).flatMap((slot, i): Point[] => {
    const [at, level] = placeOf(placed, slot);
    const half = (placed.tall[placed.rowOf[slot]!]! + PASSAGE) / 2;
    const up = placeOf(placed, chain[i + 2]!)[1] > level ? half : -half;
    return [
      [at, level - up],
      [at, level + up],
    ];
  });
}

function boundsOf({ nodes }: FigureInput, places: FigurePlan['places'], bends: FigurePlan['bends']): Box {
  const extent = new Extent();
  for (const { id, width, height } of nodes) extent.include(places.get(id)!, width / 2, height / 2);
  for (const points of bends.values()) for (const point of points) extent.include(point);
  return extent.box;
}
