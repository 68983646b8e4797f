import { mean } from '../base/mean.js';
import type { Circuit } from '../circuit/circuit.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import type { CircuitEvaluator, PerPrompt } from '../circuit/evaluator.js';
import type { InCircuit } from '../circuit/in-circuit.js';
import { pruneDisconnected } from '../circuit/prune.js';
import { nodesInUse, REACH } from '../circuit/reachability.js';
import type { Ablation } from '../circuit/run-identity.js';
import { acdcOrder } from '../discover/acdc-order.js';
import { exactEffects } from '../discover/exact.js';

/** Effects of the edges in a circuit, as a mean and on every prompt. */
export interface EdgesInCircuit extends Pick<InCircuit, 'effects' | 'idle'> {
  /** Per kept addition edge, by id: the effect on every prompt, in the order of the task. */
  readonly perPrompt: ReadonlyMap<number, PerPrompt>;
}

/**
 * What each kept addition edge is worth in the circuit: the metric of the circuit without it minus the metric of the
 * circuit. An edge that carries nothing has effect 0 and is not tested.
 *
 * Cost: one evaluation per tested edge, in the order of a search, so that each computes little.
 *
 * @param ablation what cut edges carry in the evaluator.
 * @param onProgress is told how many of the tests are done.
 */
export async function edgesInCircuit(
  evaluator: CircuitEvaluator,
  circuit: Pick<Circuit, 'kept' | 'directTested'>,
  ablation: Ablation,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<EdgesInCircuit> {
  const { topology } = circuit.kept;
  const carries = carrying(circuit, ablation);
  const kept = acdcOrder(topology, 'descending', false)
    .flatMap(({ edges }) => edges)
    .filter((id) => circuit.kept.has(id));
  const tested = kept.filter(carries);
  const { effects: measured } = await exactEffects(evaluator, circuit.kept, tested, ({ done, total }) =>
    onProgress(done, total),
  );
  const [prompts = 0] = [...measured.values()].map((values) => values.length);
  const perPrompt = new Map<number, PerPrompt>();
  const effects = new Float64Array(topology.edgeCount).fill(Number.NaN);
  for (const id of kept.sort((a, b) => a - b)) {
    const values = (measured.get(id) ?? Array<number>(prompts).fill(0)).map((value) => value + 0); // never -0
    perPrompt.set(id, values);
    effects[id] = values.length === 0 ? 0 : mean(values);
  }
  const idle = [...perPrompt].filter(([, values]) => values.every((value) => value === 0)).map(([id]) => id);
  return { effects, idle, perPrompt };
}

/**
 * Whether an edge can carry anything. Its reader must reach the logits. With resample ablation its writer must be
 * reached from `input` too: otherwise it writes what it writes in the corrupted run, which a cut edge carries as well.
 */
function carrying({ kept, directTested }: Pick<Circuit, 'kept' | 'directTested'>, ablation: Ablation) {
  if (ablation === 'resample') {
    const connected = pruneDisconnected(kept, directTested);
    return (id: number): boolean => connected.has(id);
  }
  const { ports } = edgeEnds(kept.topology);
  const used = nodesInUse(kept).ports;
  return (id: number): boolean => used[ports[id]!] !== REACH.none;
}
