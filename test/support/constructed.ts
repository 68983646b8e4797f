/** What must hold of a model whose circuit is known by construction, whoever evaluates its circuits. */
import { expect } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { Topology } from '../../src/circuit/topology.js';
import { edgeIds, type Constructed } from '../../src/truth/construct.js';

/** Shares of what the behaviour is worth: metric of the empty circuit less that of the whole model. */
const MATTERS = 0.3;
const CUTTING_ALL_OTHERS = 0.08;
const SUFFICES = 0.04;

/**
 * Fails unless cutting each true edge alone changes the metric and cutting all others together does not. Of alternative
 * paths any one may be cut, and all of them may not, at whichever edge.
 *
 * @param evaluate gives the metric of circuits, in loss form, each a list of kept edges.
 */
export async function expectTruth(
  { recipe, truth }: Constructed,
  topology: Topology,
  evaluate: (circuits: readonly (readonly number[])[]) => Promise<readonly number[]>,
): Promise<void> {
  const all = [...EdgeSet.full(topology)];
  const without = (cut: readonly number[]): number[] => all.filter((edge) => !cut.includes(edge));
  const paths = recipe.alternatives.map((path) => edgeIds(topology, path));
  const serial = edgeIds(topology, recipe.edges).filter((edge) => !paths.flat().includes(edge));
  const together = paths.length === 0 ? [] : combinations(paths);
  const [whole, empty, alone, ...cuts] = (await evaluate([
    all,
    [...EdgeSet.empty(topology)],
    [...truth],
    ...serial.map((edge) => without([edge])),
    ...paths.map(without),
    ...together.map(without),
  ])) as [number, number, number, ...number[]];
  const share = (metric: number): number => (metric - whole) / (empty - whole);
  const named = (edges: readonly number[]): string => edges.map((edge) => topology.edgeName(edge)).join(' and ');

  expect(empty - whole, 'worth of the behaviour').toBeGreaterThan(0.5);
  expect(Math.abs(share(alone)), 'all other edges cut').toBeLessThan(CUTTING_ALL_OTHERS);
  const effects = cuts.map((metric) => Math.abs(share(metric)));
  serial.forEach((edge, i) => expect(effects[i], named([edge])).toBeGreaterThan(MATTERS));
  paths.forEach((path, i) => expect(effects[serial.length + i], `all of ${named(path)}`).toBeLessThan(SUFFICES));
  const last = effects.slice(serial.length + paths.length);
  together.forEach((edges, i) => expect(last[i], named(edges)).toBeGreaterThan(MATTERS));
}

/** Every choice of one edge from each path. */
function combinations(paths: readonly (readonly number[])[]): number[][] {
  return paths.reduce<number[][]>(
    (chosen, path) => chosen.flatMap((some) => path.map((edge) => [...some, edge])),
    [[]],
  );
}
