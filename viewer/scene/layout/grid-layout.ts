import { isGrouped } from '../../../src/circuit/nodes.js';
import type { CircuitData } from '../../data/circuit-data.js';
import type { DisplayGraph } from '../display-graph.js';
import type { Band, Box } from '../scene.js';
import { sizeNodes } from './node-size.js';

/** Places by name, in layout units: x, y. */
export type Places = ReadonlyMap<string, readonly [number, number]>;

export interface Grid {
  readonly places: Places;
  readonly bands: readonly Band[];
  readonly columns: readonly { readonly x: number; readonly label: string }[];
  readonly bounds: Box;
  /** The smaller of the distances between columns and between rows. */
  readonly pitch: number;
}

/** Room above the rows, in rows. */
const ABOVE = 0.6;
/** Room below the rows, in rows, for the labels of the columns. */
const BELOW = 0.9;
/** Room for the labels of layers, as a share of the height. */
const LEFT = 0.06;
/** Room for the labels of MLPs, as a share of the height. */
const RIGHT = 0.09;
/** Distance of the MLPs from the last column of heads, in columns. */
const MLP_COLUMN = 1.2;
/** An MLP stands nearly half a row above the heads of its layer. It stays inside of the layer's band. */
const MLP_RISE = 0.44;

/** Height of a layer whose key/value heads stand between its heads and the layer below, in rows. */
const ROW_WITH_GROUPS = 1.7;

/**
 * One row per layer and one column per head. Key/value heads that groups share stand under the middle of their heads.
 * The MLPs have a column of their own. `input` is below the heads, `logits` above. Rows are one unit apart, or a little
 * more where key/value heads stand between them. The distance of the columns gives the whole the aspect ratio (width /
 * height).
 */
export function gridOf(data: CircuitData, aspect: number): Grid {
  const { layers, heads, parallel, attentionOnly = false, kvPorts = heads } = data;
  const row = isGrouped(data) ? ROW_WITH_GROUPS : 1;
  const bottom = -row - BELOW;
  const top = layers * row + ABOVE;
  const height = top - bottom;
  const columns = Math.max(1, heads - 1 + (attentionOnly ? 0 : MLP_COLUMN));
  const step = Math.max(0.2, (height * (Math.min(8, Math.max(0.25, aspect)) - LEFT - RIGHT)) / columns);
  const pitch = Math.min(1, step);
  const bounds = { left: -LEFT * height - 0.3 * pitch, right: columns * step + RIGHT * height, bottom, top };
  const rise = parallel ? 0 : MLP_RISE;

  const places = new Map<string, readonly [number, number]>();
  for (const node of data.nodes) {
    const center = ((heads - 1) * step) / 2;
    if (node.layer === null) places.set(node.id, [center, (node.kind === 'input' ? -1 : layers) * row]);
    else if (node.kind === 'kv') {
      const middle = ((node.kvGroup! + 0.5) * heads) / kvPorts - 0.5;
      places.set(node.id, [middle * step, (node.layer - 0.5) * row]);
    } else if (node.head === null) places.set(node.id, [columns * step, node.layer * row + rise]);
    else places.set(node.id, [node.head * step, node.layer * row]);
  }
  return {
    places,
    bands: Array.from({ length: layers }, (_, layer) => ({
      label: `L${layer}`,
      layer,
      bottom: layer * row - (row - 0.5) + rise / 5,
      top: layer * row + 0.5 + rise / 5,
      tinted: layer % 2 === 1,
    })),
    columns: Array.from({ length: heads }, (_, head) => ({ x: head * step, label: `h${head}` })),
    bounds,
    pitch,
  };
}

/** Puts a display graph on the grid. A place that the reader chose wins. */
export function layOutGrid(graph: DisplayGraph, grid: Grid, moved: Places): void {
  const { pitch, places } = grid;
  sizeNodes(graph, 0.21 * pitch);
  const taken: (readonly [number, number])[] = [];
  graph.forEachNode((id, node) => {
    if (node.kind === 'port') return;
    const place = moved.get(id) ?? places.get(id) ?? freePlace(centroid(node.members, places), taken, pitch);
    taken.push(place);
    graph.mergeNodeAttributes(id, { x: place[0], y: place[1] });
  });
  placePorts(graph, 0.21 * pitch);
}

/** Ports hang under their heads: q, k, v from left to right. @param radius the radius of the largest head. */
function placePorts(graph: DisplayGraph, radius: number): void {
  graph.forEachNode((id, node) => {
    if (node.parent === null || node.port === null) return;
    const head = graph.getNodeAttributes(node.parent);
    const size = 0.36 * radius;
    graph.mergeNodeAttributes(id, {
      x: head.x + ('qkv'.indexOf(node.port) - 1) * 0.95 * radius,
      y: head.y - head.size - 1.5 * size,
      size,
    });
  });
}

function centroid(members: readonly string[], places: Places): readonly [number, number] {
  const at = members.flatMap((member) => {
    const place = places.get(member);
    return place ? [place] : [];
  });
  const mean = (axis: 0 | 1) => at.reduce((total, place) => total + place[axis], 0) / at.length;
  return [mean(0), mean(1)];
}

/** The place nearest to the wished one that is half a pitch away from all taken places. */
function freePlace(
  [x, y]: readonly [number, number],
  taken: readonly (readonly [number, number])[],
  pitch: number,
): readonly [number, number] {
  for (let ring = 0; ; ring++) {
    for (let turn = 0; turn < Math.max(1, 8 * ring); turn++) {
      const angle = (turn / Math.max(1, 8 * ring)) * 2 * Math.PI;
      const place = [x + 0.25 * ring * pitch * Math.cos(angle), y + 0.25 * ring * pitch * Math.sin(angle)] as const;
      if (taken.every((other) => Math.hypot(other[0] - place[0], other[1] - place[1]) > 0.5 * pitch)) return place;
    }
  }
}
