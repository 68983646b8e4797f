import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
import { signIsStated } from '../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { circuitFromScores } from '../../../src/circuit/scored-circuit.js';
import { createScores, directScored, scoredEdges, withSign } from '../../../src/circuit/scores.js';
import { select } from '../../../src/discover/select.js';
import { SAMPLE_TOPOLOGY as toy } from '../../support/sample-circuit.js';
import { sampleScores, scoresFrom, scoresOf } from '../../support/sample-scores.js';

describe('scores', () => {
  const sample = sampleScores();

  it.each([
    ['scores: 3 values, expected one per edge', { values: new Float64Array(3) }],
    ['scores: input->a0.h0<q> is Infinity', { values: new Float64Array(toy.edgeCount).fill(Infinity) }],
    ['node scores: 2 values, expected one per writer (7)', { nodes: new Float64Array(2) }],
    ['node scores: input is -Infinity', { nodes: new Float64Array(7).fill(-Infinity) }],
    ['neuron scores: 5 values, expected writers x width (28)', { neurons: new Float64Array(5) }],
    ['neuron scores: need the width', { width: null }],
    ['neuron scores of a0.h0: 3 of 4 are scored', { neurons: sample.neurons!.with(4, NaN) }],
    ['neuron scores: a0.h0[1] is Infinity', { neurons: sample.neurons!.with(5, Infinity) }],
    ['scores of prompt 1: 1 values', { perPrompt: [sample.values, new Float64Array(1)] }],
    [
      'scores: nothing is scored',
      { values: new Float64Array(toy.edgeCount).fill(NaN), nodes: null, neurons: null, perPrompt: null },
    ],
  ])('%s', (message, changes) => {
    expect(() => createScores({ ...sample, ...changes })).toThrow(EdgewiseError);
    expect(() => createScores({ ...sample, ...changes })).toThrow(message);
  });

  it('counts what is scored', () => {
    expect(scoredEdges(scoresOf(toy, { 'm0->m1': 0, 'm1->logits': -1 }))).toBe(2);
    expect(directScored(scoresOf(toy, { 'm0->m1': 0 }))).toBe(false);
    expect(directScored(scoresOf(toy, { 'a0.h0<q>->a0.h0': 0 }))).toBe(true);
  });

  it('takes the sign from outside where the scores do not say it', () => {
    const open = sampleScores({ positive: null });
    expect(withSign(open, 'helps')).toEqual(sample);
    const turned = withSign(open, 'hurts');
    expect(turned.positive).toBe('helps');
    expect([turned.values, turned.nodes, turned.neurons, ...turned.perPrompt!]).toEqual(
      [sample.values, sample.nodes!, sample.neurons!, ...sample.perPrompt!].map((array) => array.map((x) => 0 - x)),
    );
    expect(
      Object.is(withSign(scoresOf(toy, { 'm0->m1': 0 }, { positive: null }), 'hurts').values[toy.edgeId('m0->m1')!], 0),
    ).toBe(true);
    expect(withSign(sample, 'helps')).toBe(sample);
    expect(() => withSign(sample, 'hurts')).toThrow('sign: the scores say themselves that a positive one helps');
  });
});

describe('a circuit from scores', () => {
  it('holds the scores as effects, and says how it was chosen', () => {
    const scores = sampleScores();
    const chosen = select(scores, { rule: 'top', edges: 9, absolute: true, prune: true });
    const circuit = circuitFromScores(scores, chosen);
    expect(circuit.kept).toBe(chosen.kept);
    expect(circuit.effects).toEqual(scores.values);
    expect(circuit.directTested).toBe(false);
    expect(circuit.provenance).toMatchObject({
      method: 'eap-ig',
      steps: 5,
      stepRule: 'right',
      threshold: null,
      absolute: true,
      senderHeads: null,
      order: 'top 9 by |score|, pruned',
      selection: { rule: 'top', limit: 9, absolute: true, pruned: true, chosen: 9 },
    });
    expect(signIsStated(circuit)).toBe(true);
    const signed = circuitFromScores(
      scores,
      select(scores, { rule: 'threshold', threshold: 0.5, absolute: false, prune: false }),
    );
    expect(signed.provenance).toMatchObject({ threshold: 0.5, absolute: false, order: 'score >= 0.5, not pruned' });
  });

  it('keeps every edge where nothing was chosen', () => {
    const circuit = circuitFromScores(sampleScores(), null);
    expect(circuit.kept.equals(EdgeSet.full(toy))).toBe(true);
    expect(circuit.provenance?.order).toContain('nothing was selected');
    expect(circuit.provenance).not.toHaveProperty('selection');
  });

  it('of another program knows its sign only from whoever imported it', () => {
    const values = new Float64Array(toy.edgeCount).fill(1);
    const of = (positive: 'helps' | null): boolean =>
      signIsStated(circuitFromScores(scoresFrom(toy, values, { positive }), null));
    expect([of('helps'), of(null)]).toEqual([true, false]);
    expect(circuitFromScores(scoresFrom(toy, values), null).directTested).toBe(true);
  });
});
