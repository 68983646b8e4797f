import { describe, expect, test } from 'vitest';
import { perLayer, receiverLayer, type LayerCounts } from '../../../bench/layer-progress.js';
import { limitsOf } from '../../../bench/limits.js';
import { circuitsOfTests, testsOverLayers } from '../../../bench/search-tests.js';
import { createRng } from '../../../src/base/rng.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { isDead } from '../../../src/circuit/reachability.js';
import { Topology } from '../../../src/circuit/topology.js';
import type { AcdcProgress, AcdcStep } from '../../../src/discover/acdc.js';
import { acdcOrder } from '../../../src/discover/acdc-order.js';

const topology = new Topology({ layers: 3, heads: 2, parallel: false });
const full = EdgeSet.full(topology);

/** A search whose decisions are drawn, with the circuit that each of its tests would have measured. */
function drawnSearch(directEdges: boolean, keepShare: number, seed: number) {
  const rng = createRng(seed);
  const steps: AcdcStep[] = [];
  const circuits: EdgeSet[] = [];
  const untestedRemovals: number[] = [];
  const progress: AcdcProgress[] = [];
  const receivers = acdcOrder(topology, 'descending', directEdges);
  const total = receivers.reduce((sum, { edges }) => sum + edges.length, 0);
  let circuit = full;
  let [kept, decided] = [0, 0];
  for (const { port, edges } of receivers) {
    const dead = isDead(circuit, port);
    for (const edge of edges) {
      if (dead) untestedRemovals.push(edge);
      else {
        if (steps.length > 0) progress.push({ tested: steps.length, measured: steps.length, kept, decided, total });
        const keeps = rng.next() < keepShare;
        circuits.push(circuit.without(edge));
        steps.push({ step: steps.length, edge, before: 0, after: 0, kept: keeps });
        if (keeps) kept++;
        if (keeps) {
          decided++;
          continue;
        }
      }
      decided++;
      circuit = circuit.without(edge);
    }
  }
  progress.push({ tested: steps.length, measured: steps.length, kept, decided, total });
  return { steps, untestedRemovals, circuits, progress };
}

describe.each([
  { directEdges: false, keepShare: 0.2 },
  { directEdges: true, keepShare: 0.2 },
  { directEdges: true, keepShare: 0.05 },
])('a search, $directEdges, $keepShare kept', ({ directEdges, keepShare }) => {
  const options = { senderHeads: 'descending', directEdges } as const;

  test('is replayed to the circuit of every test', () => {
    const { circuits, ...search } = drawnSearch(directEdges, keepShare, 3);
    expect(search.untestedRemovals.length).toBeGreaterThan(10);
    const all = search.steps.map(({ step }) => step);
    const replayed = circuitsOfTests(full, search, options, all);
    expect(replayed.map((circuit) => [...circuit])).toEqual(circuits.map((circuit) => [...circuit]));
    expect(circuitsOfTests(full, search, options, [4, 9]).map((circuit) => [...circuit])).toEqual([
      [...circuits[4]!],
      [...circuits[9]!],
    ]);
  });

  test('is sampled in every layer it reached', () => {
    const search = drawnSearch(directEdges, keepShare, 4);
    const layers = (tests: readonly number[]): Set<number> =>
      new Set(tests.map((step) => receiverLayer(topology, topology.edge(search.steps[step]!.edge).port)));
    const tests = testsOverLayers(full, search, 9);
    expect(tests).toHaveLength(9);
    expect(new Set(tests).size).toBe(9);
    expect(tests).toEqual([...tests].sort((a, b) => a - b));
    expect(layers(tests)).toEqual(layers(search.steps.map(({ step }) => step)));
    expect(testsOverLayers(full, search, 10_000)).toEqual(search.steps.map(({ step }) => step));
  });

  test('is counted layer by layer', () => {
    const { steps, progress } = drawnSearch(directEdges, keepShare, 5);
    const seen: LayerCounts[] = [];
    const report = perLayer(topology, options, (counts) => seen.push(counts));
    progress.forEach(report);
    expect(seen.map(({ layer }) => layer)).toEqual([3, 2, 1, 0]);
    for (const { layer, tested, kept } of seen) {
      const own = steps.filter(({ edge }) => receiverLayer(topology, topology.edge(edge).port) === layer);
      expect([tested, kept]).toEqual([own.length, own.filter((step) => step.kept).length]);
    }
    expect(seen.at(-1)).toMatchObject({ testedInAll: steps.length, keptInAll: steps.filter((s) => s.kept).length });
  });
});

test('the limit of a search is its largest cost', () => {
  const speeds = { flops: 1e9, bytes: 1e8, dispatch: 1e-4, roundTrip: 1e-3 };
  const work = { flops: 2e8, bytes: 1e6, dispatches: 50, submissions: 1 };
  const limit = limitsOf({ work, host: 0.01, seconds: 0.4 }, speeds);
  expect(limit.limit).toBe('FLOPs');
  expect(limit.share).toBeCloseTo(0.5, 12);
  expect(limitsOf({ work: { ...work, flops: 0 }, host: 0.03, seconds: 0.4 }, speeds).limit).toBe('host');
  expect(limitsOf({ work: { ...work, bytes: 1e8 }, host: 0, seconds: 4 }, speeds)).toEqual({
    limit: 'bytes',
    share: 0.25,
  });
});
