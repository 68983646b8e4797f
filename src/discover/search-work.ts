import { createRng } from '../base/rng.js';
import type { WorkProgress } from '../base/work-progress.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { EvaluationCosts } from '../circuit/evaluator.js';
import { nodesInUse, REACH, type NodesInUse } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';
import type { Receiver } from './acdc-order.js';
import { feedsNothing, type SearchState } from './acdc-walk.js';
import { workOfTest } from './test-work.js';

/** Ways on that are tried out. */
const TRIALS = 5;
/**
 * Whether the next edge of a writer stays is guessed from the writer's own tests. All tests of its kind of writer count
 * as so many more, and all tests of the search as so many of its kind.
 */
const PRIOR = 1;

/** How often edges stayed. */
interface Tally {
  tested: number;
  kept: number;
}

/**
 * The work of a search: what is done, and an estimate of what is left. Tests get dearer towards the input, where more
 * of the model is downstream, and fewer where nodes are dead. Which nodes will be is not known, so the work is put
 * between two bounds: if every edge that is undecided stays, and if edges stay as often as they did so far.
 */
export class SearchWork {
  readonly #topology: Topology;
  readonly #receivers: readonly Receiver[];
  readonly #costs: EvaluationCosts;
  /** Of each writer; the last one is of all direct edges. */
  readonly #writers: readonly Tally[];
  /** By kind of writer. Edges of MLPs stay far more often than those of heads. */
  readonly #kinds = new Map<string, Tally>();
  readonly #all: Tally = { tested: 0, kept: 0 };
  #current: { readonly receiver: number; readonly work: number } | undefined;
  #done = 0;

  constructor(topology: Topology, receivers: readonly Receiver[], costs: EvaluationCosts) {
    this.#topology = topology;
    this.#receivers = receivers;
    this.#costs = costs;
    this.#writers = Array.from({ length: topology.writers.length + 1 }, () => ({ tested: 0, kept: 0 }));
  }

  /** Takes note of the decision on the edge of a state. @param measured this run made the test itself. */
  decided({ circuit, edge, receiver: index }: SearchState, kept: boolean, measured: boolean): void {
    const receiver = this.#receivers[index]!;
    // Tests of one receiver cost about the same.
    if (measured && this.#current?.receiver !== index) {
      this.#current = { receiver: index, work: workOfTest(circuit, nodesInUse(circuit), receiver.port, this.#costs) };
    }
    if (measured) this.#done += this.#current!.work;
    const writer = this.#writer(edge!, receiver);
    for (const tally of [this.#writers[writer]!, this.#kind(writer), this.#all]) {
      tally.tested++;
      if (kept) tally.kept++;
    }
  }

  /** How far the search is in a state. */
  at(state: SearchState): WorkProgress {
    return { done: this.#done, left: () => this.#left(state) };
  }

  #left(state: SearchState): number | undefined {
    if (state.edge === undefined) return 0;
    const most = this.#most(state);
    const trials = Array.from({ length: TRIALS }, (_, seed) => this.#trial(state, seed)).sort((a, b) => a - b);
    const middle = trials[trials.length >> 1]!;
    // Edges of the nodes that matter stay together, so that more of the model lives on than by chance.
    return middle * Math.min(Math.cbrt(most / middle), 1.2);
  }

  /** If every edge that is not decided stays. */
  #most({ circuit, receiver, next }: SearchState): number {
    const use = nodesInUse(circuit);
    let work = 0;
    for (let r = receiver; r < this.#receivers.length; r++) {
      const tests = this.#testsOf(circuit, use, r, r === receiver ? next : 0).length;
      if (tests > 0) work += tests * workOfTest(circuit, use, this.#receivers[r]!.port, this.#costs);
    }
    return work;
  }

  /** If edges stay by chance, as often as those of their writers did. */
  #trial(state: SearchState, seed: number): number {
    const chance = createRng(seed);
    let { circuit } = state;
    let work = 0;
    for (let r = state.receiver; r < this.#receivers.length; r++) {
      const receiver = this.#receivers[r]!;
      const use = nodesInUse(circuit);
      const tests = this.#testsOf(circuit, use, r, r === state.receiver ? state.next : 0);
      if (tests.length === 0) continue;
      work += tests.length * workOfTest(circuit, use, receiver.port, this.#costs);
      const gone = new Set(tests.filter((edge) => chance.next() >= this.#stays(this.#writer(edge, receiver))));
      const before = circuit;
      if (gone.size > 0) circuit = EdgeSet.where(this.#topology, (edge) => before.has(edge) && !gone.has(edge));
    }
    return work;
  }

  /**
   * Edges of a receiver that are to be tested, from one of them on. A search cuts what leads into a receiver that feeds
   * nothing; here it stays, so that a receiver counts only where it leads to the logits.
   */
  #testsOf(circuit: EdgeSet, use: NodesInUse, receiver: number, from: number): readonly number[] {
    const { edges, port } = this.#receivers[receiver]!;
    if (from === 0 && (use.ports[port] === REACH.none || feedsNothing(circuit, this.#receivers[receiver]!))) return [];
    return edges.slice(from).filter((edge) => circuit.has(edge));
  }

  /** Probability that an edge of a writer stays. */
  #stays(writer: number): number {
    const usual = (this.#all.kept + 0.5) / (this.#all.tested + 1);
    return share(this.#writers[writer]!, share(this.#kind(writer), usual));
  }

  #kind(writer: number): Tally {
    const kind = this.#topology.writers[writer]?.kind ?? 'direct';
    const tally = this.#kinds.get(kind) ?? { tested: 0, kept: 0 };
    this.#kinds.set(kind, tally);
    return tally;
  }

  /** Direct edges count together. */
  #writer(edge: number, { kind, port }: Receiver): number {
    return kind === 'direct' ? this.#topology.writers.length : edge - this.#topology.firstEdge(port);
  }
}

/** @param usual the share where nothing was tested. */
function share({ tested, kept }: Tally, usual: number): number {
  return (kept + PRIOR * usual) / (tested + PRIOR);
}
