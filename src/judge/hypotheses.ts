import { finiteOrNull } from '../base/finite-or-null.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import { BRANCHES } from '../circuit/nodes.js';
import type { PerPrompt } from '../circuit/evaluator.js';
import type { Topology } from '../circuit/topology.js';
import { complementOf } from '../evaluate/curve.js';
import { binomialSum } from '../statistics/binomial.js';
import { crossSigma, hsicTest, ownSigma } from '../statistics/hsic.js';
import {
  additionsOf,
  circuitOf,
  roundingOf,
  squaredLoss,
  UNDEFINED,
  withDirect,
  type Ends,
  type Judged,
  type Verdict,
} from './judged.js';
import { verdictOf } from './retained.js';

// The tests of Shi et al. 2024 (arXiv:2410.13032). Direct edges are all kept. p below this is called significant.
const SIGNIFICANT = 0.05;

/**
 * Probability of a share of wins that is as far from a half or farther, where a win has the chance 1/2 + epsilon.
 *
 * @param wins of n.
 */
export function equivalenceP(wins: number, n: number, epsilon: number): number {
  const distance = Math.abs(2 * wins - n);
  if (distance === 0) return 1;
  const chance = 0.5 + epsilon;
  return Math.min(1, binomialSum(0, (n - distance) / 2, n, chance) + binomialSum((n + distance) / 2, n, n, chance));
}

/**
 * Whether circuit and model win equally often. A small p: they do not. By the definition ties are losses; the verdict
 * leaves them out, so that a circuit that equals the model is not told apart from it. Cost: none, or one evaluation
 * where the circuit cuts direct edges.
 */
export async function judgeEquivalence(judged: Judged): Promise<Verdict> {
  const { whole, levels } = judged;
  const [found] = await testedRuns(judged);
  const n = whole.length;
  // In loss form lower is better.
  const gains = whole.map((value, i) => value - found[i]!);
  const { epsilon } = levels;
  if (!gains.every(Number.isFinite)) {
    const unknown = { wins: null, ties: null, t: null, p_value: null, p_value_without_ties: null };
    return { ...UNDEFINED, result: { epsilon, n, ...unknown } };
  }
  const rounding = roundingOf(judged);
  const wins = gains.filter((gain) => gain > rounding).length;
  const ties = gains.filter((gain) => Math.abs(gain) <= rounding).length;
  const p = equivalenceP(wins, n - ties, epsilon);
  const good = p >= SIGNIFICANT;
  const told = `the circuit is better than the model on ${wins} of ${n} prompts${ties > 0 ? `, equal on ${ties}` : ''}`;
  return {
    value: p,
    verdict: verdictOf(good),
    sentence: `${good ? 'not told apart from the model' : 'not equivalent to the model'}: ${told} (p ${shortP(p)})`,
    result: {
      epsilon,
      n,
      wins,
      ties,
      t: Math.abs(wins / n - 0.5),
      p_value: equivalenceP(wins, n, epsilon),
      p_value_without_ties: p,
    },
  };
}

/**
 * Whether what is left of the model without the circuit still tells how the model does. A small p: it does, so that the
 * circuit is not all. Cost: as judgeEquivalence.
 */
export async function judgeIndependence(judged: Judged): Promise<Verdict> {
  const { whole } = judged;
  const [, complement] = await testedRuns(judged);
  const { permutations } = judged.draws();
  const [cross, own] = [crossSigma(complement, whole), [ownSigma(whole), ownSigma(complement)] as const];
  const dependence = (sigmas: readonly [number, number]) => {
    const found = hsicTest(whole, complement, sigmas, permutations);
    const count = found?.count ?? null;
    return {
      hsic: found?.hsic ?? null,
      count_ge: count,
      p_value: count === null ? null : count / permutations.length,
      p_value_plus_one: count === null ? null : (count + 1) / (permutations.length + 1),
    };
  };
  const result = {
    permutations: permutations.length,
    cross_sigma: { sigma: finiteOrNull(cross), ...dependence([cross, cross]) },
    own_sigmas: {
      sigma_model: finiteOrNull(own[0]),
      sigma_complement: finiteOrNull(own[1]),
      ...dependence(own),
    },
  };
  const p = result.own_sigmas.p_value;
  if (p === null) {
    const sentence = 'not defined: it takes at least two prompts, and finite values';
    return { value: null, verdict: 'unknown', sentence, result };
  }
  const rounding = roundingOf(judged);
  if (isConstant(complement, rounding) || isConstant(whole, rounding)) {
    const sentence = 'says nothing: the model, or what is left without the circuit, is the same on every prompt';
    return { value: p, verdict: 'unknown', sentence, result };
  }
  const good = p >= SIGNIFICANT;
  const told = good
    ? 'nothing shows that the rest of the model still follows it'
    : 'what is left without the circuit still follows the model from prompt to prompt';
  return {
    value: p,
    verdict: verdictOf(good),
    sentence: `${good ? 'independent' : 'not independent'}: ${told} (p ${shortP(p)})`,
    result,
  };
}

/**
 * Whether each edge matters more than an edge of a random path that is put on top. A small p: the edge does not. Cost:
 * an evaluation per edge, two per inflation.
 */
export async function judgeMinimality(judged: Judged): Promise<Verdict> {
  const { levels, passes } = judged;
  const kept = withDirect(judged.kept);
  const { topology } = kept;
  const { inflations } = judged.draws();
  const edges = inFileOrder(topology, additionsOf(kept));
  const inflated = inflations.map(({ added }) => circuitOf(kept, new Set([...additionsOf(kept), ...added])));
  const circuits = inflations.flatMap(({ removed }, r) => [inflated[r]!, inflated[r]!.without(removed)]);
  passes.begin('minimality', circuits.length + edges.length);
  const [found] = await testedRuns(judged);
  const pairs = await passes.losses(circuits);
  // From the last receiver back, so that each differs little from the one before.
  const order = edges.toSorted((a, b) => b - a);
  const without = await passes.losses(order.map((id) => kept.without(id)));
  const losses = new Map(order.map((id, i) => [id, squaredLoss(found, without[i]!)]));
  const clean = (loss: number): number => (loss < levels.floor ? 0 : loss);
  const inflatedEffects = inflations.map((_, r) => clean(squaredLoss(pairs[2 * r]!, pairs[2 * r + 1]!)));
  const edgeEffects = edges.map((id) => clean(losses.get(id)!));
  const wins = edgeEffects.map((effect) => inflatedEffects.filter((other) => effect > other).length);
  const tests = inflations.length;
  const pValues = tests === 0 ? null : wins.map((won) => binomialSum(0, won, tests, levels.quantile));
  const bonferroni = pValues && pValues.map((p) => Math.min(1, p * edges.length));
  const notMinimal = edges.filter((_, i) => bonferroni && bonferroni[i]! < SIGNIFICANT);
  const name = (id: number): string => topology.edgeName(id);
  const result = {
    quantile: levels.quantile,
    inflations: tests,
    floor: levels.floor,
    edges: edges.map(name),
    edge_effects: edgeEffects.map(finiteOrNull),
    inflated_effects: inflatedEffects.map(finiteOrNull),
    wins: bonferroni && wins,
    p_values: pValues,
    p_bonferroni: bonferroni,
    not_minimal_at_05: notMinimal.map(name),
    ties: edgeEffects.reduce((sum, effect) => sum + inflatedEffects.filter((other) => other === effect).length, 0),
  };
  if (edges.length === 0) {
    return { value: null, verdict: 'unknown', sentence: 'not defined: the circuit has no edges', result };
  }
  if (!bonferroni) {
    const sentence = 'not defined: the circuit is the whole model, nothing can be put on top';
    return { value: null, verdict: 'unknown', sentence, result };
  }
  const share = notMinimal.length / edges.length;
  const good = notMinimal.length === 0;
  return {
    value: share,
    verdict: verdictOf(good),
    sentence: good
      ? `minimal: none of its ${edges.length} edges is shown to matter less than an edge of a random path`
      : `not minimal: ${notMinimal.length} of its ${edges.length} edges matter no more than an edge of a random path`,
    result,
  };
}

/** Whether the circuit is nearer to the model than most random circuits. Cost: one evaluation per random circuit. */
export async function judgeSufficiency(judged: Judged): Promise<Verdict> {
  const { passes } = judged;
  const { randomCircuits } = judged.draws();
  passes.begin('sufficiency', randomCircuits.length);
  const [found] = await testedRuns(judged);
  const random = await judged.randomRuns();
  const [loss, losses] = [lossOf(judged, found), random.map((values) => lossOf(judged, values))];
  const wins = losses.filter((other) => loss <= other).length;
  return comparison(judged, { loss, losses, wins }, (good, told) =>
    good
      ? `nearer to the model than chance: as near as ${told}, or nearer`
      : `not shown to be nearer to the model than chance: as near as only ${told}, or nearer`,
  );
}

/** Whether the model suffers more without the circuit than without most random ones. Cost: as judgeSufficiency. */
export async function judgePartialNecessity(judged: Judged): Promise<Verdict> {
  const { passes } = judged;
  const { randomCircuits } = judged.draws();
  passes.begin('partial necessity', randomCircuits.length);
  const [, complement] = await testedRuns(judged);
  const random = await passes.losses(randomCircuits.map((ids) => complementOf(circuitOf(judged.kept, ids))));
  const [loss, losses] = [lossOf(judged, complement), random.map((values) => lossOf(judged, values))];
  const wins = losses.filter((other) => loss > other).length;
  return comparison(judged, { loss, losses, wins }, (good, told) =>
    good
      ? `missed more than chance: the model misses it more than ${told}`
      : `not shown to be missed more than chance: the model misses it more than only ${told}`,
  );
}

interface Comparison {
  readonly loss: number;
  readonly losses: readonly number[];
  readonly wins: number;
}

function comparison(
  judged: Judged,
  { loss, losses, wins }: Comparison,
  words: (good: boolean, told: string) => string,
): Verdict {
  const { quantile } = judged.levels;
  const draws = judged.draws().randomCircuits;
  const p = binomialSum(wins, draws.length, draws.length, quantile);
  const result = {
    quantile,
    circuit_loss: finiteOrNull(loss),
    random_losses: losses.map(finiteOrNull),
    random_sizes: draws.map((ids) => ids.length),
    wins,
    p_value: p,
  };
  const edges = new Set(additionsOf(judged.kept));
  if (draws.every((ids) => ids.length === edges.size && ids.every((id) => edges.has(id)))) {
    const sentence = 'says nothing: every random circuit of as many edges is this circuit';
    return { value: p, verdict: 'unknown', sentence, result };
  }
  const good = p < SIGNIFICANT;
  const told = words(good, `${wins} of ${draws.length} random circuits`);
  return { value: p, verdict: verdictOf(good), sentence: `${told} (p ${shortP(p)})`, result };
}

/** The circuit and its complement with all direct edges. They are known already where the circuit cuts none. */
async function testedRuns({ kept, found, complement, passes }: Judged): Promise<[PerPrompt, PerPrompt]> {
  const tested: EdgeSet = withDirect(kept);
  if (tested.equals(kept)) return [found, complement];
  const [all] = await passes.losses([tested]);
  return [all!, complement];
}

/**
 * Edges in the order in which EAP-IG's files list them: by the attention, MLP or logits that they enter, from the first
 * layer on; of these by writer; then by head and query, key, value.
 */
export function inFileOrder(topology: Topology, ids: readonly number[]): number[] {
  const { writers, ports } = edgeEnds(topology);
  const places = topology.ports.map((port, index) => {
    switch (port.kind) {
      case 'head':
      case 'kv': {
        const first = topology.headsOf(index)[0]!;
        return { stage: 2 * port.layer, place: BRANCHES.length * first + BRANCHES.indexOf(port.branch) };
      }
      case 'mlp':
        return { stage: 2 * port.layer + 1, place: 0 };
      case 'logits':
        return { stage: 2 * topology.layers, place: 0 };
    }
  });
  return ids.toSorted((a, b) => {
    const [one, other] = [places[ports[a]!]!, places[ports[b]!]!];
    return one.stage - other.stage || writers[a]! - writers[b]! || one.place - other.place;
  });
}

function isConstant(values: PerPrompt, rounding: number): boolean {
  return Math.max(...values) - Math.min(...values) <= rounding;
}

/** Shi et al.'s loss beside the model. One that rounding alone can make is 0. */
function lossOf(ends: Ends, values: PerPrompt): number {
  const loss = squaredLoss(ends.whole, values);
  return loss <= roundingOf(ends) ** 2 ? 0 : loss;
}

/** `0.0312`, `8.0e-8`. */
export function shortP(p: number): string {
  return p === 0 || p >= 1e-3 ? Number(p.toPrecision(3)).toString() : p.toExponential(1);
}
