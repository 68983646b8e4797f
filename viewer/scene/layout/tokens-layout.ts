import { largestOf } from '../../../src/circuit/standing-positions.js';
import { visibleToken } from '../../view/format.js';
import type { DisplayGraph } from '../display-graph.js';
import type { Band, Box, Read, Route, TokenLabel } from '../scene.js';
import { boxShape } from './boxes.js';
import { Extent } from './extent.js';
import { rowsByLevel } from './figure-ranks.js';
import { routeEdges } from './figure-routes.js';
import type { Places } from './grid-layout.js';
import type { Point } from './routes.js';
import { cellHeight, cellWidth, fillCell } from './token-cells.js';
import type { TokenPlaces } from './token-places.js';
import { readsOf } from './token-reads.js';

const MARGIN = 14;
/** Room for the names of the layers, at the left. */
const NAMES = 34;
/** Room beside cells, and between rows. */
const CELL_GAP = 16;
const ROW_GAP = 56;
/** With more tokens than this, their texts are written upwards. */
const MOST_LEVEL = 20;
/** Characters of a token that are written at most. */
const MOST_CHARACTERS = 14;
/** Height of a line of text, and width of a character. */
const LINE = 22;
const CHARACTER = 7;

interface TokensLayout {
  readonly bands: readonly Band[];
  readonly tokens: readonly TokenLabel[];
  readonly reads: readonly Read[];
  readonly routes: ReadonlyMap<string, Route>;
  readonly bounds: Box;
}

interface Column {
  /** Middle. */
  readonly x: number;
  readonly width: number;
}

/**
 * Puts every node into the column of its token and the row of its layer. Nodes of the same cell stand side by side. The
 * tokens are the lowest row, in the box of `input` where there is one. Nodes that stand at no token are in a last
 * column. A layout unit is a pixel when the labels are 12 pixels high.
 */
export function layOutTokens(graph: DisplayGraph, at: TokenPlaces, moved: Places): TokensLayout {
  nameAnswer(graph, at);
  graph.updateEachNodeAttributes((id, node) => {
    const { box, tabs } = boxShape(graph, id);
    return { ...node, box, tabs, size: box[1] / 2 };
  });
  const columnOf = columnsIn(graph, at);
  const cells = cellsOf(graph, columnOf, at.tokens.length);
  const texts = at.tokens.map((token) => shortened(visibleToken(token)));
  if (cells.strays) texts.push('elsewhere');
  const upright = at.tokens.length > MOST_LEVEL;
  const columns = placeColumns(texts, cells.widths, upright);
  const tokensHeight = upright ? CHARACTER * Math.max(0, ...texts.map((text) => text.length)) + 14 : LINE + 6;
  const heights = placeRows(graph, cells.rows, tokensHeight);

  for (const [row, byColumn] of cells.rows.entries()) {
    for (const [column, ids] of byColumn) fillCell(graph, ids, columns[column]!.x, heights[row]!.middle);
  }
  const { left, right } = spanOf(columns);
  if (graph.hasNode('input')) {
    const box = [right - left, tokensHeight] as const;
    graph.mergeNodeAttributes('input', { x: (left + right) / 2, y: 0, box, size: tokensHeight / 2, label: '' });
  }
  for (const [id, [x, y]] of moved) if (graph.hasNode(id) && id !== 'input') graph.mergeNodeAttributes(id, { x, y });

  const xOf = (column: number): number => columns[column]!.x;
  const reads = readsOf(graph, at, xOf);
  const routes = routeEdges(graph, () => [], { smooth: swung, startOf: startsAtTokens(graph, at, columnOf, columns) });
  const tokens = texts.map((text, i): TokenLabel => ({
    text,
    x: xOf(i),
    y: upright ? tokensHeight / 2 - 7 : 0,
    upright,
    changed: at.changed.has(i),
    measured: at.measured === i,
  }));
  const bands = bandsOf(graph, cells.rows, heights);
  return {
    bands,
    tokens,
    reads,
    routes,
    bounds: boundsOf(graph, reads, routes, { left, right, height: tokensHeight }),
  };
}

/** The logits say what the answer is. */
function nameAnswer(graph: DisplayGraph, { answer }: TokenPlaces): void {
  if (answer === null || !graph.hasNode('logits')) return;
  graph.mergeNodeAttributes('logits', { label: `logits: ${shortened(visibleToken(answer).trim())}` });
}

/** The column of a display node: that of the first of its members that has one. Null = none. */
function columnsIn(graph: DisplayGraph, at: TokenPlaces): (id: string) => number | null {
  const columns = new Map(
    graph.mapNodes((id, { members }) => [
      id,
      members.map((name) => at.columnOf(name)).find((one) => one !== null) ?? null,
    ]),
  );
  return (id) => columns.get(id) ?? null;
}

interface Cells {
  /** Per row from the bottom, per column: display nodes. The one input of a circuit is in no cell. */
  readonly rows: readonly ReadonlyMap<number, readonly string[]>[];
  /** By column. */
  readonly widths: ReadonlyMap<number, number>;
  /** Some nodes stand at no token. They are in a column after the last. */
  readonly strays: boolean;
}

function cellsOf(graph: DisplayGraph, columnOf: (id: string) => number | null, tokens: number): Cells {
  const levels = rowsByLevel(graph);
  const rows: Map<number, string[]>[] = [];
  const widths = new Map<number, number>();
  let strays = false;
  graph.forEachNode((id) => {
    if (id === 'input') return;
    const column = columnOf(id) ?? tokens;
    strays ||= column === tokens;
    const row = (rows[levels.get(id)!] ??= new Map());
    const cell = row.get(column);
    if (cell) cell.push(id);
    else row.set(column, [id]);
  });
  const filled = rows.filter((row) => row !== undefined);
  for (const row of filled) {
    for (const [column, ids] of row) {
      widths.set(column, Math.max(widths.get(column) ?? 0, cellWidth(graph, ids)));
    }
  }
  return { rows: filled, widths, strays };
}

/** Columns side by side, each as wide as its cells and its token need. */
function placeColumns(texts: readonly string[], cells: ReadonlyMap<number, number>, upright: boolean): Column[] {
  let right = 0;
  return texts.map((text, i): Column => {
    const label = upright ? LINE - 2 : Math.max(LINE, CHARACTER * text.length + 10);
    const width = Math.max(label, (cells.get(i) ?? 0) + CELL_GAP);
    right += width;
    return { x: right - width / 2, width };
  });
}

interface Row {
  readonly bottom: number;
  readonly middle: number;
  readonly top: number;
}

function placeRows(graph: DisplayGraph, rows: Cells['rows'], tokensHeight: number): Row[] {
  let top = tokensHeight / 2;
  return rows.map((row): Row => {
    const tall = Math.max(0, ...[...row.values()].map((ids) => cellHeight(graph, ids)));
    const bottom = top + ROW_GAP;
    top = bottom + tall;
    return { bottom, middle: (bottom + top) / 2, top };
  });
}

/**
 * Where edges leave the box of `input`: at the token that is read. A key or a value comes from the token that its head
 * attends to most, all else from the token that its reader stands at.
 */
function startsAtTokens(
  graph: DisplayGraph,
  at: TokenPlaces,
  columnOf: (id: string) => number | null,
  columns: readonly Column[],
): (edge: string) => Point | null {
  const starts = new Map<string, Point>();
  if (!graph.hasNode('input')) return () => null;
  const { y, box } = graph.getNodeAttributes('input');
  const byColumn = new Map<number, string[]>();
  graph.forEachOutEdge('input', (edge, { port }, _, target) => {
    const column = columnOf(target) ?? columns.length - 1;
    const reads = port === 'k' || port === 'v' ? at.readsOf(graph.getNodeAttribute(target, 'members')[0] ?? '') : null;
    const from = reads ? largestOf(reads) : column;
    byColumn.set(from, [...(byColumn.get(from) ?? []), edge]);
  });
  for (const [column, edges] of byColumn) {
    const { x, width } = columns[column]!;
    edges.sort((a, b) => graph.getTargetAttributes(a).x - graph.getTargetAttributes(b).x);
    const step = Math.min(8, (0.6 * width) / edges.length);
    edges.forEach((edge, i) => {
      starts.set(edge, [x + (i - (edges.length - 1) / 2) * step, y + box![1] / 2]);
    });
  }
  return (edge) => starts.get(edge) ?? null;
}

/** A curve that leaves and arrives upright. */
function swung(points: readonly Point[]): Point[] {
  const [a, b] = [points[0]!, points.at(-1)!];
  const rise = 0.45 * (b[1] - a[1]);
  return [a, [a[0], a[1] + rise], [b[0], b[1] - rise], b];
}

function bandsOf(graph: DisplayGraph, rows: Cells['rows'], heights: readonly Row[]): Band[] {
  const bands = new Map<number, { bottom: number; top: number }>();
  for (const [i, row] of rows.entries()) {
    const { bottom, top } = heights[i]!;
    for (const id of [...row.values()].flat()) {
      const { layer } = graph.getNodeAttributes(id);
      if (layer === null) continue;
      const known = bands.get(layer) ?? { bottom, top };
      bands.set(layer, { bottom: Math.min(known.bottom, bottom), top: Math.max(known.top, top) });
    }
  }
  return [...bands]
    .sort(([a], [b]) => a - b)
    .map(([layer, { bottom, top }]) => ({
      label: `L${layer}`,
      layer,
      bottom: bottom - ROW_GAP / 2,
      top: top + ROW_GAP / 2,
      tinted: layer % 2 === 1,
    }));
}

function spanOf(columns: readonly Column[]): { readonly left: number; readonly right: number } {
  const last = columns.at(-1);
  return { left: 0, right: last ? last.x + last.width / 2 : 1 };
}

function boundsOf(
  graph: DisplayGraph,
  reads: readonly Read[],
  routes: ReadonlyMap<string, Route>,
  span: { readonly left: number; readonly right: number; readonly height: number },
): Box {
  const half = span.height / 2;
  const extent = new Extent({ left: span.left, right: span.right, bottom: -half, top: half });
  graph.forEachNode((_, { x, y, box }) => extent.include([x, y], box![0] / 2, box![1] / 2));
  for (const { points } of [...reads, ...routes.values()]) for (const point of points) extent.include(point);
  const { left, right, bottom, top } = extent.box;
  return { left: left - MARGIN - NAMES, right: right + MARGIN, bottom: bottom - MARGIN, top: top + MARGIN };
}

function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length <= MOST_CHARACTERS ? text : `${characters.slice(0, MOST_CHARACTERS - 1).join('')}…`;
}
