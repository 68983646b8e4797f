import { MultiDirectedGraph } from 'graphology';
import forceAtlas2, { type ForceAtlas2Settings } from 'graphology-layout-forceatlas2';
import ForceWorker from 'graphology-layout-forceatlas2/worker';
import type { DisplayGraph } from '../scene/display-graph.js';

const ITERATIONS = 300;
/** Milliseconds without an answer after which a worker is given up. */
const PATIENCE = 1500;

/**
 * Places of the connected nodes, ports aside, by ForceAtlas2. It starts from the graph's own places and keeps their
 * unit. Strong edges pull more. The layout runs in a worker, or on this thread if the page may start no worker.
 */
export async function runForceLayout(graph: DisplayGraph): Promise<Record<string, [number, number]>> {
  const bodies = new MultiDirectedGraph<{ x: number; y: number; size: number }, { weight: number }>();
  graph.forEachNode((id, { kind, connected, x, y, size }) => {
    if (kind !== 'port' && connected) bodies.addNode(id, { x, y, size });
  });
  graph.forEachEdge((_, { strength }, source, target, from, to) => {
    const [a, b] = [from.parent ?? source, to.parent ?? target];
    if (a !== b && bodies.hasNode(a) && bodies.hasNode(b)) bodies.addDirectedEdge(a, b, { weight: 0.05 + strength });
  });
  if (bodies.order < 2) return positionsOf(bodies);
  const settings: ForceAtlas2Settings = {
    ...forceAtlas2.inferSettings(bodies),
    adjustSizes: true,
    edgeWeightInfluence: 0.5,
  };
  try {
    await inWorker(bodies, settings);
  } catch {
    forceAtlas2.assign(bodies, { iterations: ITERATIONS, settings, getEdgeWeight: 'weight' });
  }
  return positionsOf(bodies);
}

/**
 * Changes the places of the bodies. The number of iterations is the same on every machine, and so are the places.
 *
 * @throws Error when the worker does not answer.
 */
function inWorker(bodies: MultiDirectedGraph, settings: ForceAtlas2Settings): Promise<void> {
  const layout = new ForceWorker(bodies, { settings, getEdgeWeight: 'weight' });
  return new Promise<void>((resolve, reject) => {
    const giveUp = (): void => reject(new Error('the worker does not answer'));
    let timer = setTimeout(giveUp, PATIENCE);
    let done = 0;
    bodies.on('eachNodeAttributesUpdated', () => {
      clearTimeout(timer);
      if (++done >= ITERATIONS) resolve();
      else timer = setTimeout(giveUp, PATIENCE);
    });
    layout.start();
  }).finally(() => layout.kill());
}

function positionsOf(bodies: MultiDirectedGraph): Record<string, [number, number]> {
  const positions: Record<string, [number, number]> = {};
  bodies.forEachNode((id, { x, y }) => {
    if (Number.isFinite(x) && Number.isFinite(y)) positions[id] = [Number(x), Number(y)];
  });
  return positions;
}
