import type { DisplayGraph } from '../display-graph.js';
import { loopRoom } from './routes.js';

// Boxes that stand at the same token and in the same row, in lines around the middle of the cell.

/** Room between boxes of a line, and between lines. */
const BOX_GAP = 6;
const LINE_GAP = 18;
/** Boxes side by side in a cell; more of them stand in further lines. */
const MOST_BESIDE = 5;

export function cellWidth(graph: DisplayGraph, ids: readonly string[]): number {
  return Math.max(...linesOf(ids).map((line) => widthOf(graph, line)));
}

export function cellHeight(graph: DisplayGraph, ids: readonly string[]): number {
  const lines = linesOf(ids).map((line) => Math.max(...line.map((id) => graph.getNodeAttribute(id, 'box')![1])));
  return lines.reduce((sum, height) => sum + height, LINE_GAP * (lines.length - 1));
}

/** Puts the boxes of a cell in their places. */
export function fillCell(graph: DisplayGraph, ids: readonly string[], x: number, middle: number): void {
  let top = middle + cellHeight(graph, ids) / 2;
  for (const line of linesOf(ids)) {
    const height = Math.max(...line.map((id) => graph.getNodeAttribute(id, 'box')![1]));
    let left = x - widthOf(graph, line) / 2;
    for (const id of line) {
      const width = graph.getNodeAttribute(id, 'box')![0];
      graph.mergeNodeAttributes(id, { x: left + width / 2, y: top - height / 2 });
      left += slotOf(graph, id) + BOX_GAP;
    }
    top -= height + LINE_GAP;
  }
}

/** The nodes of a cell in lines of about the same length. */
function linesOf(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / MOST_BESIDE);
  const each = Math.ceil(ids.length / count);
  return Array.from({ length: count }, (_, line) => ids.slice(line * each, (line + 1) * each));
}

function widthOf(graph: DisplayGraph, line: readonly string[]): number {
  return line.reduce((sum, id) => sum + slotOf(graph, id), BOX_GAP * (line.length - 1));
}

/** Width of a box with its loops. */
function slotOf(graph: DisplayGraph, id: string): number {
  return graph.getNodeAttribute(id, 'box')![0] + loopRoom(graph, id);
}
