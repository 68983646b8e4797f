import { createRng } from '../base/rng.js';
import type { WorkProgress } from '../base/work-progress.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { EvaluationCosts } from '../circuit/evaluator.js';
import { nodesInUse } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';
import type { Receiver } from './acdc-order.js';
import { feedsNothing, type SearchState } from './acdc-walk.js';
import { workOfTest } from './test-work.js';

/** Ways on that are tried out. */
const TRIALS = 5;
/** Where the least and the most that may be to do differ by more than this factor, nothing is said. */
const MOST_SPREAD = 5;
/** How many tests of other writers a writer's own tests are worth, as a guess of whether its next edge stays. */
const PRIOR = 1;

/**
 * The work of a search: what is done, and an estimate of what is left. Tests get dearer towards the input, where more
 * of the model is downstream, and fewer where nodes are dead. Which nodes will be is not known, so the work is put
 * between two bounds: if every edge that is undecided stays, and if edges stay as often as they did so far.
 */
export class SearchWork {
  readonly #topology: Topology;
  readonly #receivers: readonly Receiver[];
  readonly #costs: EvaluationCosts;
  /** By writer: its edges that were tested, and of those the ones that stayed. */
  readonly #tested: Float64Array;
  readonly #kept: Float64Array;
  #current: { readonly receiver: number; readonly work: number } | undefined;
  #done = 0;
  #allTested = 0;
  #allKept = 0;

  constructor(topology: Topology, receivers: readonly Receiver[], costs: EvaluationCosts) {
    this.#topology = topology;
    this.#receivers = receivers;
    this.#costs = costs;
    this.#tested = new Float64Array(topology.writers.length + 1);
    this.#kept = new Float64Array(topology.writers.length + 1);
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
    this.#tested[writer]!++;
    this.#allTested++;
    if (!kept) return;
    this.#kept[writer]!++;
    this.#allKept++;
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
    if (!(most / middle <= MOST_SPREAD)) return undefined;
    // Edges of the nodes that matter stay together, so that more of the model lives on than by chance.
    return middle * Math.min(Math.cbrt(most / middle), 1.4);
  }

  /** If every edge that is not decided stays. */
  #most({ circuit, receiver, next }: SearchState): number {
    const use = nodesInUse(circuit);
    let work = 0;
    for (let r = receiver; r < this.#receivers.length; r++) {
      const tests = this.#testsOf(circuit, r, r === receiver ? next : 0).length;
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
      const tests = this.#testsOf(circuit, r, r === state.receiver ? state.next : 0);
      if (tests.length === 0) continue;
      work += tests.length * workOfTest(circuit, nodesInUse(circuit), receiver.port, this.#costs);
      const gone = new Set(tests.filter((edge) => chance.next() >= this.#stays(this.#writer(edge, receiver))));
      const before = circuit;
      if (gone.size > 0) circuit = EdgeSet.where(this.#topology, (edge) => before.has(edge) && !gone.has(edge));
    }
    return work;
  }

  /** Edges of a receiver that are to be tested, from one of them on. */
  #testsOf(circuit: EdgeSet, receiver: number, from: number): readonly number[] {
    const { edges } = this.#receivers[receiver]!;
    if (from === 0 && feedsNothing(circuit, this.#receivers[receiver]!)) return [];
    return edges.slice(from).filter((edge) => circuit.has(edge));
  }

  /** Probability that an edge of a writer stays. */
  #stays(writer: number): number {
    const usual = (this.#allKept + 0.5) / (this.#allTested + 1);
    return (this.#kept[writer]! + PRIOR * usual) / (this.#tested[writer]! + PRIOR);
  }

  /** Direct edges count together. */
  #writer(edge: number, { kind, port }: Receiver): number {
    return kind === 'direct' ? this.#topology.writers.length : edge - this.#topology.firstEdge(port);
  }
}
