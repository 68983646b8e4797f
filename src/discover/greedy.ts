import { edgeEnds, type EdgeEnds } from '../circuit/edge-ends.js';
import { BRANCHES } from '../circuit/nodes.js';
import { directScored, type Scores } from '../circuit/scores.js';

/** Whether edge `a` is to be taken before edge `b`. */
export type Precedes = (a: number, b: number) => boolean;

/** Stronger first. Equally strong edges go by writer, then by port. It is a total order of edges. */
export function byStrength(strengths: Float64Array, { writers, ports }: EdgeEnds): Precedes {
  return (a, b) => {
    if (strengths[a] !== strengths[b]) return strengths[a]! > strengths[b]!;
    if (writers[a] !== writers[b]) return writers[a]! < writers[b]!;
    return ports[a]! < ports[b]!;
  };
}

/**
 * Greedy choice from the logits down (EAP-IG's `apply_greedy`): the candidates are the edges into `logits`; the best
 * candidate is taken, and where its writer is new the edges into that writer's node become candidates too. What is
 * taken is thus connected to the logits. Where direct edges are scored, a new head offers those first, and each that is
 * taken the edges into its port. A port that several heads read is offered once.
 *
 * Every edge enters a binary heap once at most: O(E log E), whatever `count` is.
 *
 * @param strengths [edgeCount]; edges with NaN are never candidates.
 * @returns `taken`: ids in the order in which they are taken; fewer than `count` where no candidate is left. `left`:
 *   ids of the candidates that are left, in no order.
 */
export function greedyEdges(
  scores: Pick<Scores, 'topology' | 'values'>,
  strengths: Float64Array,
  count: number,
): { readonly taken: number[]; readonly left: readonly number[] } {
  const { topology } = scores;
  const ends = edgeEnds(topology);
  const viaDirect = directScored(scores);
  const heap = new EdgeHeap(byStrength(strengths, ends));
  const offer = (id: number): void => {
    if (!Number.isNaN(strengths[id]!)) heap.push(id);
  };
  const offerPort = (port: number): void => {
    const first = topology.firstEdge(port);
    for (let writer = 0; writer < topology.fanIn(port); writer++) offer(first + writer);
  };
  const offered = new Set<number>();
  const offerNode = (writer: number): void => {
    const node = topology.writers[writer]!;
    if (node.kind === 'mlp') offerPort(topology.mlpPort(node.layer));
    if (node.kind !== 'head') return;
    for (const branch of BRANCHES) {
      const port = topology.headPort(node.layer, branch, node.head);
      if (offered.has(port)) continue;
      offered.add(port);
      if (viaDirect) offer(topology.directEdge(port));
      else offerPort(port);
    }
  };

  const known = new Set<number>();
  const taken: number[] = [];
  offerPort(topology.logitsPort);
  while (taken.length < count) {
    const id = heap.pop();
    if (id === undefined) break;
    taken.push(id);
    if (id >= topology.additionEdges) {
      offerPort(ends.ports[id]!);
    } else if (!known.has(ends.writers[id]!)) {
      known.add(ends.writers[id]!);
      offerNode(ends.writers[id]!);
    }
  }
  return { taken, left: heap.ids };
}

/** A binary heap of edge ids, first in order on top. */
class EdgeHeap {
  readonly #precedes: Precedes;
  readonly #ids: number[] = [];

  constructor(precedes: Precedes) {
    this.#precedes = precedes;
  }

  /** All that is in it, in no order. */
  get ids(): readonly number[] {
    return this.#ids;
  }

  push(id: number): void {
    const ids = this.#ids;
    let at = ids.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#precedes(id, ids[parent]!)) break;
      ids[at] = ids[parent]!;
      at = parent;
    }
    ids[at] = id;
  }

  pop(): number | undefined {
    const ids = this.#ids;
    const top = ids[0];
    const last = ids.pop();
    if (last === undefined || ids.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= ids.length) break;
      if (child + 1 < ids.length && this.#precedes(ids[child + 1]!, ids[child]!)) child++;
      if (!this.#precedes(ids[child]!, last)) break;
      ids[at] = ids[child]!;
      at = child;
    }
    ids[at] = last;
    return top;
  }
}
