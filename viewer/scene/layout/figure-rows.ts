import type { DisplayGraph } from '../scene.js';
import { cutEdges, type CutFigure } from './figure-chains.js';
import { placeColumns } from './figure-columns.js';
import { crossings, reduceCrossings } from './figure-order.js';
import { rankNodes } from './figure-ranks.js';
import type { Places } from './grid-layout.js';
import type { Point } from './routes.js';

/** Room between two boxes of a row. */
const BOX_GAP = 24;
/** Room beside an edge that passes through a row. */
const EDGE_GAP = 12;
/** Least and most room between rows. */
const ROW_GAP: readonly [number, number] = [44, 84];
/** An upright way through a row is longer than the boxes are high, by this much. */
const PASSAGE = 8;
/** Width / height of the whole. The distance of the rows is chosen for it. */
const ASPECT = 1.6;
/** More slots than this have fewer rounds to reduce crossings. */
const MANY_SLOTS = 1500;

export interface RowLayout {
  readonly places: Places;
  /** Per edge: the points that it passes between its ends, from source to target. */
  readonly bends: ReadonlyMap<string, readonly Point[]>;
}

/** A layered drawing with a place for every slot. */
interface PlacedSlots extends CutFigure {
  readonly x: Float64Array;
  /** Width of each box. Bends have none. */
  readonly widths: readonly number[];
  readonly boxHeight: number;
  /** Distance of rows. */
  readonly step: number;
}

/** Boxes in rows, readers above writers, and the bends of edges that pass rows. The size of a box is its `box`. */
export function rowLayout(display: DisplayGraph): RowLayout {
  const cut = cutEdges(display, rankNodes(display));
  const figure = { ...cut, rows: bestOrder(cut) };
  const nodes = display.nodes();
  const widths = nodes.map((id) => display.getNodeAttribute(id, 'box')![0]);
  const boxHeight = nodes[0] === undefined ? 0 : display.getNodeAttribute(nodes[0], 'box')![1];
  const x = columnsOf(figure, widths);
  const step = rowStep(x, widths, figure.rows.length, boxHeight);
  const placed: PlacedSlots = { ...figure, x, widths, boxHeight, step };
  return {
    places: new Map(nodes.map((id, i) => [id, placeOf(placed, i)])),
    bends: new Map([...figure.chains].map(([id, chain]) => [id, bendsOf(placed, chain)])),
  };
}

/** The order with fewer crossings of two: one improved from dagre's order, one from the order in the model. */
function bestOrder({ rows: start, before, after }: CutFigure): readonly (readonly number[])[] {
  const rounds = before.length > MANY_SLOTS ? 12 : 60;
  const candidates = [start, start.map((row) => [...row].sort((a, b) => a - b))].map((rows) => {
    const order = reduceCrossings({ rows, before, after }, rounds);
    const place = new Float64Array(before.length);
    for (const row of order) row.forEach((slot, i) => (place[slot] = i));
    return { order, count: crossings(order, after, place) };
  });
  return candidates.reduce((best, other) => (other.count < best.count ? other : best)).order;
}

/** Middle of each slot. Bends pull at each other most, so that long edges are straight. */
function columnsOf({ boxes, rows, rowOf, before, after }: CutFigure, widths: readonly number[]): Float64Array {
  const isBox = (slot: number) => slot < boxes;
  return placeColumns({
    rows,
    pulls: rowOf.map((_, slot) =>
      [...before[slot]!, ...after[slot]!].map((other) => ({
        node: other,
        weight: isBox(slot) && isBox(other) ? 1 : isBox(slot) || isBox(other) ? 2 : 6,
      })),
    ),
    gap: (left, right) => {
      const room = isBox(left) && isBox(right) ? BOX_GAP : EDGE_GAP;
      return room + ((widths[left] ?? 0) + (widths[right] ?? 0)) / 2;
    },
  });
}

/** Distance of rows that brings the whole near its aspect ratio. */
function rowStep(x: Float64Array, widths: readonly number[], rows: number, boxHeight: number): number {
  let [left, right] = [Infinity, -Infinity];
  for (const [slot, at] of x.entries()) {
    left = Math.min(left, at - (widths[slot] ?? 0) / 2);
    right = Math.max(right, at + (widths[slot] ?? 0) / 2);
  }
  const gap = (right - left) / ASPECT / Math.max(1, rows - 1) - boxHeight;
  return boxHeight + Math.min(ROW_GAP[1], Math.max(ROW_GAP[0], gap));
}

function placeOf({ x, rowOf, step }: PlacedSlots, slot: number): Point {
  return [x[slot]!, rowOf[slot]! * step];
}

/** The points between the ends of an edge. It goes upright through a row where it would cut a box of that row. */
function bendsOf(placed: PlacedSlots, chain: readonly number[]): Point[] {
  const half = (placed.boxHeight + PASSAGE) / 2;
  return chain.slice(1, -1).flatMap((slot, i): Point[] => {
    const [at, level] = placeOf(placed, slot);
    const [from, to] = [chain[i]!, chain[i + 2]!];
    if (!cutsBox(placed, slot, [from, to], half)) return [[at, level]];
    const up = placeOf(placed, to)[1] > level ? half : -half;
    return [
      [at, level - up],
      [at, level + up],
    ];
  });
}

/**
 * Whether straight ways from a bend to its neighbours cut a box of the bend's row, within `half` of the row's middle.
 */
function cutsBox(placed: PlacedSlots, bend: number, neighbours: readonly [number, number], half: number): boolean {
  const { boxes, rows, rowOf, x, widths, step } = placed;
  const at = x[bend]!;
  const ends = neighbours.map((other) => at + ((x[other]! - at) * half) / step);
  const [left, right] = [Math.min(at, ...ends) - EDGE_GAP / 2, Math.max(at, ...ends) + EDGE_GAP / 2];
  return rows[rowOf[bend]!]!.some(
    (slot) => slot < boxes && x[slot]! + widths[slot]! / 2 > left && x[slot]! - widths[slot]! / 2 < right,
  );
}
