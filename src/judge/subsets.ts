import { finiteOrNull } from '../base/finite-or-null.js';
import { mean } from '../base/mean.js';
import { createRng } from '../base/rng.js';
import { counted } from '../base/text.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { additionsOf, percent, UNDEFINED, type Judged, type Verdict } from './judged.js';
import { inFileOrder } from './hypotheses.js';
import { verdictOf } from './retained.js';

/** A greedy search for the worst subset: so many starts, edges at most, and edges looked at for each. */
const GREEDY = { starts: 5, edges: 10, looked: 5 } as const;

/** A difference up to this share of the behaviour is called small; an edge that matters less is called redundant. */
const SMALL = { incompleteness: 0.2, edge: 0.01 } as const;

/** Below this the behaviour is too small for a share of it to mean anything: see faithfulness. */
const SMALLEST_RANGE = 1e-6;

/**
 * Completeness (Wang et al. 2022, arXiv:2211.00593): the circuit without a subset K of its edges does what the model
 * without K does, whatever K is. Here K grows greedily: of 5 edges, drawn at random, the one that sets the two apart
 * most is taken, up to 10 edges, from 5 starts. What is found is thus a lower bound of the worst.
 *
 * Cost: at most 2 x 5 x 10 x 5 = 500 evaluations.
 */
export async function judgeCompleteness(judged: Judged): Promise<Verdict> {
  const { kept, whole, empty, found, passes, seed } = judged;
  const { topology } = kept;
  const range = Math.abs(mean(whole) - mean(empty));
  const edges = additionsOf(kept);
  const model = EdgeSet.full(topology);
  const rng = createRng(seed + 0x51ed270b);
  const steps = Math.min(GREEDY.edges, edges.length);
  passes.begin('completeness', 2 * GREEDY.starts * steps * GREEDY.looked);
  let worst = { subset: [] as readonly number[], circuit: mean(found), model: mean(whole) };
  // A metric that breaks down sets the two apart more than any number.
  const apart = (one: { readonly circuit: number; readonly model: number }): number => {
    const gap = Math.abs(one.circuit - one.model);
    return Number.isNaN(gap) ? Infinity : gap;
  };
  for (let start = 0; start < GREEDY.starts; start++) {
    let subset: readonly number[] = [];
    for (let step = 0; step < steps; step++) {
      const candidates = rng.sample(
        edges.filter((id) => !subset.includes(id)),
        GREEDY.looked,
      );
      const subsets = candidates.map((id) => [...subset, id]);
      // Circuits first, then what is left of the model: neighbours share most of their work.
      const losses = await passes.losses([
        ...subsets.map((ids) => lessOf(kept, ids)),
        ...subsets.map((ids) => lessOf(model, ids)),
      ]);
      const tried = subsets.map((ids, i) => {
        return { subset: ids, circuit: mean(losses[i]!), model: mean(losses[subsets.length + i]!) };
      });
      const best = tried.reduce((a, b) => (apart(b) > apart(a) ? b : a));
      ({ subset } = best);
      if (apart(best) > apart(worst)) worst = best;
    }
  }
  const value = range >= SMALLEST_RANGE ? finiteOrNull(apart(worst) / range) : null;
  const result = {
    incompleteness: value,
    subset: worst.subset.map((id) => topology.edgeName(id)),
    circuit_without: finiteOrNull(worst.circuit),
    model_without: finiteOrNull(worst.model),
    starts: GREEDY.starts,
  };
  if (value === null) return { ...UNDEFINED, result };
  const good = value <= SMALL.incompleteness;
  const without = worst.subset.length === 0 ? '' : `without the same ${counted(worst.subset.length, 'edge')}, `;
  const told = `${without}circuit and model differ by ${percent(value)} of the behaviour`;
  return {
    value,
    verdict: verdictOf(good),
    sentence: `${good ? 'complete as far as was searched' : 'not complete'}: ${told}`,
    result,
  };
}

/**
 * Minimality by the IOI paper's criterion (Wang et al. 2022): for each edge there is a subset K of the circuit so that
 * cutting the edge matters once K is cut. K is nothing, or all other edges into the same query, key, value, MLP or
 * logits, which may stand in for it. Cost: two evaluations per edge, and one per receiver.
 */
export async function judgeMinimalityIoi(judged: Judged): Promise<Verdict> {
  const { kept, whole, empty, found, passes } = judged;
  const { topology } = kept;
  const { ports } = edgeEnds(topology);
  const edges = additionsOf(kept);
  const receivers = [...new Set(edges.map((id) => ports[id]!))];
  const into = new Map(receivers.map((port) => [port, edges.filter((id) => ports[id] === port)]));
  passes.begin('minimality (IOI)', 2 * edges.length + receivers.length);
  const losses = await passes.losses([
    ...edges.map((id) => kept.without(id)),
    ...edges.map((id) =>
      lessOf(
        kept,
        into.get(ports[id]!)!.filter((other) => other !== id),
      ),
    ),
    ...receivers.map((port) => lessOf(kept, into.get(port)!)),
  ]);
  const means = losses.map(mean);
  const all = new Map(receivers.map((port, i) => [port, means[2 * edges.length + i]!]));
  const range = Math.abs(mean(whole) - mean(empty));
  const scores = new Map(
    edges.map((id, i) => {
      const alone = Math.abs(means[i]! - mean(found));
      const last = Math.abs(all.get(ports[id]!)! - means[edges.length + i]!);
      return [id, Math.max(alone, last)] as const;
    }),
  );
  const ordered = inFileOrder(topology, edges);
  const defined = range >= SMALLEST_RANGE && Number.isFinite(mean(found));
  const shares = ordered.map((id) => (defined ? finiteOrNull(scores.get(id)! / range) : null));
  const redundant = ordered.filter((_, i) => (shares[i] ?? 1) < SMALL.edge);
  const result = {
    edges: ordered.map((id) => topology.edgeName(id)),
    scores: shares,
    redundant: redundant.map((id) => topology.edgeName(id)),
  };
  if (!defined || shares.includes(null)) return { ...UNDEFINED, result };
  if (edges.length === 0) {
    return { value: null, verdict: 'unknown', sentence: 'not defined: the circuit has no edges', result };
  }
  const good = redundant.length === 0;
  const told = `${redundant.length} of its ${edges.length} edges are worth less than ${percent(SMALL.edge)}`;
  return {
    value: redundant.length / edges.length,
    verdict: verdictOf(good),
    sentence: good
      ? `minimal: each of its ${edges.length} edges is worth ${percent(SMALL.edge)} of the behaviour or more`
      : `not minimal: ${told} of the behaviour, alone and without the other edges into the same place`,
    result,
  };
}

function lessOf(circuit: EdgeSet, ids: readonly number[]): EdgeSet {
  const left = new Set(ids);
  return EdgeSet.where(circuit.topology, (id) => circuit.has(id) && !left.has(id));
}
