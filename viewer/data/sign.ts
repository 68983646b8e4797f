import type { Circuit } from '../../src/circuit/circuit.js';

/** Whether the circuit has effects with a sign: not all of them are 0 or missing. */
export function hasSigns({ effects }: Circuit): boolean {
  return effects.some((effect) => Math.abs(effect) > 0);
}

/** The sign of a sum of scores is believed when |sum| is at least this share of the sum of |score|. */
const LEAST_SHARE = 0.1;

/**
 * A guess of what a positive score means in a file that does not say so. The edges into the logits carry the task's
 * answer, and so help in sum: the sign of their sum is the sign that helps. Null when the sum is close to 0.
 */
export function suggestSign(circuit: Circuit): 'positive-helps' | 'negative-helps' | null {
  const { topology, effects } = circuit;
  const first = topology.firstEdge(topology.logitsPort);
  const scores = effects.subarray(first, first + topology.fanIn(topology.logitsPort)).filter(Number.isFinite);
  const sum = scores.reduce((total, score) => total + score, 0);
  const strengths = scores.reduce((total, score) => total + Math.abs(score), 0);
  if (!(Math.abs(sum) > LEAST_SHARE * strengths)) return null;
  return sum > 0 ? 'positive-helps' : 'negative-helps';
}
