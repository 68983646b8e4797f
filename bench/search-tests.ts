import type { EdgeSet } from '../src/circuit/edge-set.js';
import type { AcdcOptions, AcdcResult } from '../src/discover/acdc.js';
import { acdcOrder } from '../src/discover/acdc-order.js';
import { receiverLayer } from './layer-progress.js';

type Search = Pick<AcdcResult, 'steps' | 'untestedRemovals'>;

/**
 * `count` tests of a search, or all if there are fewer: as many of each layer as there are, evenly spaced within it. In
 * order.
 */
export function testsOverLayers(start: EdgeSet, { steps }: Search, count: number): number[] {
  const { topology } = start;
  const byLayer = new Map<number, number[]>();
  for (const { step, edge } of steps) {
    const layer = receiverLayer(topology, topology.edge(edge).port);
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), step]);
  }
  const groups = [...byLayer.values()];
  const shares = groups.map(() => 0);
  let left = Math.min(count, steps.length);
  while (left > 0) {
    groups.forEach((group, g) => {
      if (left === 0 || shares[g]! === group.length) return;
      shares[g]!++;
      left--;
    });
  }
  return groups
    .flatMap((group, g) =>
      Array.from({ length: shares[g]! }, (_, i) => group[Math.floor(((i + 0.5) * group.length) / shares[g]!)]!),
    )
    .sort((a, b) => a - b);
}

/** The circuits that the given tests of a search measured: what was left by then, without the edge under test. */
export function circuitsOfTests(
  start: EdgeSet,
  { steps, untestedRemovals }: Search,
  { senderHeads, directEdges }: Pick<AcdcOptions, 'senderHeads' | 'directEdges'>,
  tests: readonly number[],
): EdgeSet[] {
  const receiverOf = new Map<number, number>();
  acdcOrder(start.topology, senderHeads, directEdges).forEach(({ edges }, r) => {
    for (const edge of edges) receiverOf.set(edge, r);
  });
  const wanted = new Set(tests);
  const circuits: EdgeSet[] = [];
  let circuit = start;
  let untested = 0;
  for (const { step, edge, kept } of steps) {
    // Dead receivers are emptied when the search comes to them.
    for (
      let next = untestedRemovals[untested];
      next !== undefined && receiverOf.get(next)! < receiverOf.get(edge)!;
      next = untestedRemovals[++untested]
    ) {
      circuit = circuit.without(next);
    }
    if (wanted.has(step)) circuits.push(circuit.without(edge));
    if (!kept) circuit = circuit.without(edge);
  }
  return circuits;
}
