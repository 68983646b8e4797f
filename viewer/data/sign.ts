import type { Circuit } from '../../src/circuit/circuit.js';

/** Share of the strengths that must be left of a sum of scores before its sign is believed. */
const LEAST_SHARE = 0.1;

/**
 * What a positive score means in a file that does not say so, as far as it shows: in loss form the edges into the
 * logits, which carry the task's answer, help in sum. Null where that sum says little.
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
