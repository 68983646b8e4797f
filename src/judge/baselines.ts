import { mean } from '../base/mean.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import { randomCircuitLike } from '../evaluate/random-circuit.js';
import { rankEdges } from '../evaluate/roc.js';
import { circuitOf, faithfulnessOf, percent, UNDEFINED, type Judged, type Verdict } from './judged.js';
import { verdictOf } from './retained.js';

/** Random circuits of the same size. */
const SAME_SIZE = 20;

/** Circuits of as many edges, drawn uniformly. Cost: 20 evaluations. */
export async function judgeRandom(judged: Judged): Promise<Verdict> {
  const circuits = Array.from({ length: SAME_SIZE }, (_, i) => randomCircuitLike(judged.kept, judged.seed + i));
  judged.passes.begin('random circuits', circuits.length);
  const size = judged.kept.additionSize;
  return beside(
    judged,
    await judged.passes.losses(circuits),
    circuits.map(() => size),
    'random circuits of its size',
  );
}

/** Unions of random paths: what the draws hold. Cost: one evaluation each. */
export async function judgeRandomPaths(judged: Judged): Promise<Verdict> {
  const { randomCircuits } = judged.draws();
  judged.passes.begin('random paths', randomCircuits.length);
  const losses = await judged.randomRuns();
  return beside(
    judged,
    losses,
    randomCircuits.map((ids) => ids.length),
    'circuits of random paths',
  );
}

/** As many edges as the circuit has, the strongest by the weights alone. Cost: one evaluation, and all weights read. */
export async function judgeMagnitude(judged: Judged): Promise<Verdict> {
  const { kept, passes, magnitudes } = judged;
  if (!magnitudes) {
    const sentence = 'not defined: the weights are not at hand';
    return { value: null, verdict: 'unknown', sentence, result: {} };
  }
  const { topology, additionSize } = kept;
  const ranking = rankEdges(await magnitudes(), edgeEnds(topology), topology.additionEdges, true);
  passes.begin('magnitude', 1);
  const losses = await passes.losses([circuitOf(kept, ranking.slice(0, additionSize))]);
  return beside(judged, losses, [additionSize], 'the circuit of the largest weights');
}

function beside(
  judged: Judged,
  losses: readonly (readonly number[])[],
  sizes: readonly number[],
  others: string,
): Verdict {
  const own = faithfulnessOf(judged.found, judged);
  const faithfulness = losses.map((one) => faithfulnessOf(one, judged));
  const defined = faithfulness.filter((value) => value !== null);
  const result = { circuit: own, sizes, faithfulness };
  if (own === null || defined.length === 0) return { ...UNDEFINED, result: { ...result, mean: null, beaten: null } };
  // Beyond 1 a circuit overshoots: that is no better than to fall short.
  const off = (value: number): number => Math.abs(1 - value);
  const beaten = defined.filter((value) => off(own) < off(value)).length;
  const best = defined.reduce((a, b) => (off(b) < off(a) ? b : a));
  const good = beaten === defined.length;
  const does =
    defined.length === 1
      ? `${others} does ${percent(defined[0]!)} of the behaviour`
      : `${others} do ${percent(mean(defined))} of the behaviour on average, the best one ${percent(best)}`;
  const than = defined.length === 1 ? '' : ` (better than ${beaten} of ${defined.length})`;
  return {
    value: mean(defined),
    verdict: verdictOf(good),
    sentence: `${good ? 'better than chance' : 'no better than chance'}: ${does}, this one ${percent(own)}${than}`,
    result: { ...result, mean: mean(defined), beaten },
  };
}
