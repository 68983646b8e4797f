import { createRng, type Rng } from '../base/rng.js';
import type { Draws, Inflation } from '../circuit/draws.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import { writersBehind } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';

/** How many draws a test takes unless it is told. */
const DRAWN = { permutations: 200, inflations: 100, randomCircuits: 100 } as const;

/** So many paths in a row without a new edge: what is missing is then drawn edge by edge. */
const PATIENCE = 100;

/**
 * Everything random that the tests of a circuit read. Each kind has its own stream, so that none depends on which
 * others are asked for. Equal seeds give equal draws.
 *
 * @param circuit its addition edges count.
 * @param given draws that are there already.
 */
export function drawAll(circuit: EdgeSet, prompts: number, seed: number, given: Partial<Draws> = {}): Draws {
  const rng = (stream: number): Rng => createRng(seed + Math.imul(stream, 0x9e3779b9));
  const rows = Array.from({ length: prompts }, (_, row) => row);
  const times = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);
  const drawPermutations = (from: Rng) => times(DRAWN.permutations, () => from.sample(rows, prompts));
  return {
    permutations: given.permutations ?? drawPermutations(rng(1)),
    inflations: given.inflations ?? drawInflations(circuit, rng(2)),
    randomCircuits: given.randomCircuits ?? drawCircuits(circuit, rng(3)),
  };
}

/** None where the circuit is the whole model: there is nothing to add. */
function drawInflations(circuit: EdgeSet, rng: Rng): Inflation[] {
  const { topology } = circuit;
  if (circuit.additionSize === topology.additionEdges) return [];
  const path = pathsOf(topology, rng);
  return Array.from({ length: DRAWN.inflations }, () => {
    const added = [
      ...unionOf(
        path,
        rng,
        topology,
        (edges) => edges.size > 0,
        (id) => !circuit.has(id),
      ),
    ];
    return { added: added.sort((a, b) => a - b), removed: added[rng.below(added.length)]! };
  });
}

function drawCircuits(circuit: EdgeSet, rng: Rng): number[][] {
  const { topology, additionSize } = circuit;
  const path = pathsOf(topology, rng);
  return Array.from({ length: DRAWN.randomCircuits }, () =>
    [
      ...unionOf(
        path,
        rng,
        topology,
        (edges) => edges.size >= additionSize,
        () => true,
      ),
    ].sort((a, b) => a - b),
  );
}

/**
 * Random paths until there are edges enough. The last path may bring more than were missing.
 *
 * @param counts which edges are collected.
 */
function unionOf(
  path: () => number[],
  rng: Rng,
  topology: Topology,
  enough: (edges: ReadonlySet<number>) => boolean,
  counts: (id: number) => boolean,
): Set<number> {
  const edges = new Set<number>();
  for (let vain = 0; !enough(edges) && vain < PATIENCE; vain++) {
    const before = edges.size;
    for (const id of path()) if (counts(id)) edges.add(id);
    if (edges.size > before) vain = -1;
  }
  if (enough(edges)) return edges;
  // Paths rarely go over what is missing.
  const missing = Array.from({ length: topology.additionEdges }, (_, id) => id).filter(
    (id) => counts(id) && !edges.has(id),
  );
  while (!enough(edges) && missing.length > 0) {
    const at = rng.below(missing.length);
    edges.add(missing[at]!);
    missing[at] = missing.at(-1)!;
    missing.pop();
  }
  return edges;
}

/**
 * A random path from `input` to `logits`: from each writer one of its edges, all with equal chance; the node that it
 * enters is the next writer (Shi et al. 2024). Of heads that share a key or value port one is, with equal chance.
 */
function pathsOf(topology: Topology, rng: Rng): () => number[] {
  const { writers, ports } = edgeEnds(topology);
  const outgoing: number[][] = topology.writers.map(() => []);
  for (let id = 0; id < topology.additionEdges; id++) outgoing[writers[id]!]!.push(id);
  return () => {
    const path: number[] = [];
    for (let writer: number | undefined = 0; writer !== undefined;) {
      const from: readonly number[] = outgoing[writer]!;
      const id = from[rng.below(from.length)]!;
      path.push(id);
      const next = writersBehind(topology, ports[id]!);
      writer = next.length > 1 ? next[rng.below(next.length)] : next[0];
    }
    return path;
  };
}
