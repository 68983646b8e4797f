import { describe, expect, it } from 'vitest';

import type { Circuit } from '../../../../src/circuit/circuit.js';
import { SCORING_METHODS, SCORING_METHOD_NAMES } from '../../../../src/run/scoring-methods.js';
import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import {
  confidenceWords,
  edgeNumbers,
  formatDrawn,
  idleWords,
  measureDrawn,
  measureWords,
} from '../../../../viewer/view/measure-words.js';
import { metricLine, naturalValue } from '../../../../viewer/view/metric-words.js';
import { SAMPLE_TOPOLOGY, sampleCircuit, sampleProvenance } from '../../../support/sample-circuit.js';
import { view } from '../../../support/viewer.js';

const id = (name: string): number => SAMPLE_TOPOLOGY.edgeId(name)!;
const effects = new Float64Array(SAMPLE_TOPOLOGY.edgeCount).fill(NaN);
effects[id('m1->logits')] = 0.25;
effects[id('m0->m1')] = 0;
const found: Circuit = sampleCircuit({
  inCircuit: { effects, idle: [id('m0->m1')], curve: [] },
  stability: new Map([[id('m1->logits'), { count: 19, of: 20, lower: 0.7513, upper: 0.9987 }]]),
});

describe('measureDrawn', () => {
  it('is the best that the circuits have, unless another is asked for or makes sense alone', () => {
    expect(measureDrawn(view(), found)).toBe('circuit');
    expect(measureDrawn(view({ drawnBy: 'share' }), found)).toBe('share');
    expect(measureDrawn(view(), sampleCircuit())).toBe('decided');
    expect(measureDrawn(view({ drawnBy: 'circuit' }), sampleCircuit())).toBe('decided');
    expect(measureDrawn(view(), found, sampleCircuit())).toBe('decided');
    // Removed edges and edges at a moment of a replay have no effect in the circuit.
    expect(measureDrawn(view({ scope: 'all' }), found)).toBe('decided');
    expect(measureDrawn(view({ scope: 'all', drawnBy: 'circuit' }), found)).toBe('circuit');
    expect(measureDrawn(view({ step: 3, drawnBy: 'circuit' }), found)).toBe('decided');
  });
});

describe('what a number is', () => {
  it('says in which circuit an effect was measured', () => {
    expect(measureWords([found], 'circuit', 'as-stated').about).toContain(
      'how much the KL divergence from the whole model rises when this edge alone is cut out of the found circuit',
    );
    const decided = measureWords([found], 'decided', 'as-stated');
    expect(decided.name).toBe('When decided');
    expect(decided.about).toContain('out of the circuit of that moment');
    const share = measureWords([found], 'share', 'as-stated');
    expect([share.name, share.quantity]).toEqual(['Share of what the reader gets', 'share']);
    expect(share.about).toContain('Effect in the circuit =');
    expect(measureWords([sampleCircuit()], 'share', 'as-stated').about).toContain('Effect when it was decided =');
  });

  it.each(SCORING_METHOD_NAMES)('never calls an estimate a difference of metrics: %s', (method) => {
    const scored = sampleCircuit({
      provenance: sampleProvenance({ method, metric: 'logit-diff', signConvention: SCORING_METHODS[method].sign }),
    });
    for (const measure of ['decided', 'share'] as const) {
      const { about } = measureWords([scored], measure, 'as-stated');
      if (method === 'exact')
        expect(about).toContain('the logit difference falls when this edge alone is cut out of it');
      else expect(about).not.toMatch(/without (the|it)|metric with/);
      expect(/estimate by/.test(about)).toBe(method !== 'exact' && method !== 'information-flow');
      // Scores without a sign claim no help.
      expect(/helps/.test(about)).toBe(method !== 'information-flow');
    }
  });

  it('says of files of other programs what they do not say', () => {
    const foreign = sampleCircuit({ provenance: null });
    expect(measureWords([foreign], 'decided', 'as-stated')).toMatchObject({
      name: 'Score',
      quantity: '|score|',
      about: 'The scores are as in the file. It does not say whether a positive score helps.',
    });
    expect(measureWords([foreign], 'decided', 'negative-helps').about).toContain('positive score helps the task');
  });

  it('says what each number is in a comparison of unlike ones', () => {
    const foreign = sampleCircuit({ provenance: null });
    const { name, about } = measureWords([sampleCircuit(), foreign], 'decided', 'as-stated');
    expect(name).toBe('Effect or score');
    expect(about).toMatch(/^In A: Effect when it was decided .* In B: The scores are as in the file/);
    expect(measureWords([sampleCircuit(), sampleCircuit()], 'decided', 'as-stated').about).not.toContain('In A');
  });

  it('writes shares as percent', () => {
    expect([0.34, -0.051, 0, null].map((value) => formatDrawn(value, 'share'))).toEqual([
      '+34.0 %',
      '−5.1 %',
      '0',
      'not measured',
    ]);
    expect(formatDrawn(0.34, 'circuit')).toBe('+0.340');
  });
});

describe('the numbers of an edge', () => {
  const { edgeById, edges } = toCircuitData(found, 'as-stated');

  it('are both, each with what it says', () => {
    expect(edgeNumbers(found, edgeById.get('m1->logits')!, 499, 'as-stated')).toEqual([
      { name: 'In the circuit', value: 0.25, words: 'helps the task', signKnown: true },
      { name: 'When decided', value: 0.5, words: 'helps the task, step 1 of 499', signKnown: true },
    ]);
    expect(edgeNumbers(found, edgeById.get('a0.h0->logits')!, null, 'as-stated')).toEqual([
      { name: 'When decided', value: 0.01, words: 'helps the task', signKnown: true },
    ]);
    expect(edgeNumbers(found, edgeById.get('a0.h0->m0')!, 499, 'as-stated')).toEqual([]);
  });

  it('name an edge that carries nothing', () => {
    const [inCircuit] = edgeNumbers(found, edgeById.get('m0->m1')!, 499, 'as-stated');
    expect(inCircuit).toMatchObject({ value: 0, words: 'carries nothing: cutting it changes the metric on no prompt' });
    expect(idleWords(edges)).toBe('1 edge carries nothing: cutting it changes the metric on no prompt');
    expect(idleWords(edges.map((edge) => ({ ...edge, idle: true })))).toMatch(/^\d+ edges carry nothing/);
    expect(idleWords([])).toBeNull();
  });

  it('say how often the edge was found again', () => {
    expect(confidenceWords(found, 'm1->logits')).toBe(
      'found in 19 of 20 searches: 95.0 %, 95 % interval 75.1 % to 99.9 %',
    );
    expect(confidenceWords(found, 'm0->m1')).toBeNull();
    expect(confidenceWords(found, 'no edge')).toBeNull();
    expect(confidenceWords(sampleCircuit(), 'm1->logits')).toBeNull();
  });
});

describe('metrics', () => {
  it('are told in their usual form', () => {
    expect([naturalValue('logit-diff', -10.7), naturalValue('kl', 0.3), naturalValue('accuracy', -1)]).toEqual([
      10.7, 0.3, 1,
    ]);
    expect(Object.is(naturalValue('logit-diff', 0), 0)).toBe(true);
    expect(naturalValue('logit-diff', null)).toBeNull();
    expect(metricLine('logit-diff')).toBe('logit difference, higher is better');
    expect(metricLine('kl')).toBe('KL divergence from the whole model in nats, lower is better');
    expect(metricLine('toString')).toBe('toString, lower is better');
  });
});
