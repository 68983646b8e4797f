import type { EdgeSet } from '../circuit/edge-set.js';
import type { EdgeInclusions, Inclusion } from '../circuit/inclusion.js';
import { circuitNodes } from '../circuit/records.js';
import { clopperPearson } from '../statistics/binomial.js';

/** What is said of an edge by how often it was found. */
export interface EdgeKinds {
  /** In every circuit. */
  readonly core: readonly number[];
  /** In some circuits, and its chance to be found may be a half or more. */
  readonly contingent: readonly number[];
  /** In some circuits, and the whole interval of its chance lies below a half. */
  readonly noise: readonly number[];
}

/** Below this chance an edge is more often left out than found. */
const HALF = 0.5;

/** @param of circuits, at least 1. */
export function inclusionAt(count: number, of: number): Inclusion {
  const [lower, upper] = clopperPearson(count, of);
  return { count, of, lower, upper };
}

/** Intervals of every count from 0 to `of`, each computed once. */
function intervals(of: number): (count: number) => Inclusion {
  const known = new Map<number, Inclusion>();
  return (count) => {
    const found = known.get(count);
    if (found) return found;
    const made = inclusionAt(count, of);
    known.set(count, made);
    return made;
  };
}

/**
 * How often each edge is in the circuits: edges that are in one or more of them, and those of `also`, in the order of
 * ids.
 *
 * @param edges ids from 0 that count.
 */
export function edgeInclusions(circuits: readonly EdgeSet[], edges: number, also: EdgeSet): EdgeInclusions {
  const inclusion = intervals(circuits.length);
  const found = new Map<number, Inclusion>();
  for (let id = 0; id < edges; id++) {
    const count = circuits.filter((circuit) => circuit.has(id)).length;
    if (count > 0 || also.has(id)) found.set(id, inclusion(count));
  }
  return found;
}

/** How often each node touches a kept edge, in the order of the model. `input` and `logits` belong to every circuit. */
export function nodeInclusions(circuits: readonly EdgeSet[], directTested: boolean): Map<string, Inclusion> {
  const inclusion = intervals(circuits.length);
  const { topology } = circuits[0]!;
  const counts = new Map(topology.writers.map((_, writer) => [topology.writerName(writer), 0]));
  for (const kept of circuits) {
    for (const name of circuitNodes({ topology, kept, directTested })) {
      if (counts.has(name)) counts.set(name, counts.get(name)! + 1);
    }
  }
  return new Map([...counts].filter(([, count]) => count > 0).map(([name, count]) => [name, inclusion(count)]));
}

/** Sorts edges that were found by how often. Edges that were never found are in none of the sets. */
export function edgeKinds(inclusions: EdgeInclusions): EdgeKinds {
  const found = [...inclusions].filter(([, { count }]) => count > 0);
  const ids = (test: (inclusion: Inclusion) => boolean): number[] =>
    found.filter(([, inclusion]) => test(inclusion)).map(([id]) => id);
  const isCore = ({ count, of }: Inclusion): boolean => count === of;
  const isNoise = (one: Inclusion): boolean => !isCore(one) && one.upper < HALF;
  return { core: ids(isCore), contingent: ids((one) => !isCore(one) && !isNoise(one)), noise: ids(isNoise) };
}
