import { expect } from 'vitest';
import { createCircuit } from '../../src/circuit/circuit.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { Topology } from '../../src/circuit/topology.js';
import { toCircuitData, type CircuitData } from '../../viewer/data/circuit-data.js';
import type { Measure } from '../../viewer/data/measure.js';
import { buildScene, type SceneOptions } from '../../viewer/scene/build-scene.js';
import { flatten, type Point } from '../../viewer/scene/layout/routes.js';
import type { DisplayGraph } from '../../viewer/scene/display-graph.js';
import type { Scene } from '../../viewer/scene/scene.js';
import { legendOf } from '../../viewer/scene/style/legend.js';
import type { Focus } from '../../viewer/scene/style/focus.js';
import { PALETTES } from '../../viewer/scene/style/palette.js';
import { measureWords } from '../../viewer/view/measure-words.js';
import { select } from '../../viewer/view/selection.js';
import type { ViewState } from '../../viewer/view/view-state.js';
import { randomNumbers } from './random.js';
import { sampleCircuit } from './sample-circuit.js';
import { view } from './viewer.js';

/** A circuit of any shape. All edges have effects, direct edges too: of both signs, a few large ones and many small. */
export function randomData(layers: number, heads: number, parallel = false, seed = 1): CircuitData {
  const topology = new Topology({ layers, heads, parallel });
  const normals = randomNumbers(seed).normals(topology.edgeCount);
  return toCircuitData(
    createCircuit({
      topology,
      width: null,
      kept: EdgeSet.full(topology),
      effects: Float64Array.from(normals, (value) => value ** 5),
      steps: new Int32Array(topology.edgeCount).fill(-1),
      untestedRemovals: [],
      directTested: true,
      provenance: null,
    }),
    'as-stated',
  );
}

/** The scene of the strongest edges. */
export function sceneOf(
  data: CircuitData,
  changes: Partial<ViewState> = {},
  options: Partial<SceneOptions> = {},
): Scene {
  const state = view({ scope: 'all', limitBy: 'top', ...changes });
  return buildScene(data, select(data, state), state, {
    aspect: 1.5,
    force: null,
    found: null,
    deciding: null,
    end: null,
    details: null,
    ...options,
  });
}

/** All of a graph as plain data. */
export function rowsOf(graph: DisplayGraph) {
  return {
    nodes: graph.mapNodes((id, node) => ({ id, ...node })),
    edges: graph.mapEdges((id, edge, source, target) => {
      const { edges, port, tab, kind, effect, strength, pending, inCircuit, idle, deciding, curvature, found } = edge;
      const { class: contrast } = edge;
      const state = { pending, inCircuit, idle, deciding, found, contrast };
      return { id, source, target, edges, port, tab, kind, effect, strength, curvature, ...state };
    }),
  };
}

/** Fails when two nodes of the scene overlap. */
export function expectApart({ graph }: Scene): void {
  const nodes = graph.mapNodes((id, node) => ({ id, ...node }));
  let least = Infinity;
  nodes.forEach((a, i) => {
    for (const b of nodes.slice(i + 1)) least = Math.min(least, Math.hypot(a.x - b.x, a.y - b.y) - a.size - b.size);
  });
  expect(least).toBeGreaterThan(0);
}

export interface LegendSettings {
  readonly hue?: ViewState['hue'];
  readonly focus?: Focus;
  readonly selected?: string;
  readonly measure?: Measure;
  readonly signKnown?: boolean;
  readonly comparing?: { a: string; b: string };
}

/** The context of a legend, which is a context of styles too. */
export function legendContext(settings: LegendSettings = {}) {
  const { hue = 'sign', focus = null, selected = null, signKnown = true, comparing = null } = settings;
  const { measure = 'decided' } = settings;
  // A circuit without provenance does not say what its scores mean.
  const circuit = signKnown ? sampleCircuit() : { ...sampleCircuit(), provenance: null };
  const words = measureWords([circuit], measure, 'as-stated');
  return { palette: PALETTES.light, hue, focus, selected, signKnown, comparing, measure, words };
}

export function legendTexts(scene: Scene, settings: LegendSettings = {}): string[] {
  return legendOf(scene, legendContext(settings)).map(({ text }) => text);
}

type Box = readonly [left: number, bottom: number, right: number, top: number];

/** The box around each node of a figure. */
export function boxesOf(graph: DisplayGraph): Map<string, Box> {
  return new Map(
    graph.mapNodes((id, { x, y, box }) => {
      const [width, height] = box ?? [NaN, NaN];
      return [id, [x - width / 2, y - height / 2, x + width / 2, y + height / 2]];
    }),
  );
}

/** Number of crossings, over all pairs of drawn lines. */
export function countCrossings(paths: Iterable<readonly Point[]>): number {
  const lines = [...paths].map((path) => flatten(path, 8));
  let count = 0;
  lines.forEach((line, i) => {
    for (const other of lines.slice(i + 1)) count += meetings(line, other);
  });
  return count;
}

function meetings(line: readonly Point[], other: readonly Point[]): number {
  let count = 0;
  for (let i = 1; i < line.length; i++) {
    for (let j = 1; j < other.length; j++) {
      const [a, b, c, d] = [line[i - 1]!, line[i]!, other[j - 1]!, other[j]!];
      if (turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0) count++;
    }
  }
  return count;
}

function turn(a: Point, b: Point, c: Point): number {
  return Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
}
