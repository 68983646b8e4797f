/** Which tests are made ahead, and by which guesses. */
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { acdcOrder } from '../../../src/discover/acdc-order.js';
import { firstState, nextState, type SearchState } from '../../../src/discover/acdc-walk.js';
import { LookAhead, predictorOf } from '../../../src/discover/look-ahead.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });
const receivers = acdcOrder(topology, 'descending', true);
const first = firstState(receivers, EdgeSet.full(topology));

describe('guesses by scores', () => {
  const values = Float64Array.of(0.3, 0.1, -0.3, Number.NaN, 0.2);
  const guesses = (positive: 'helps' | null, absolute: boolean, threshold = 0.2): boolean[] =>
    [...values.keys()].map(predictorOf({ values, positive }, { threshold, absolute }));

  test('removed is what scores below the threshold, strictly, as the search decides; what has no score is removed', () => {
    expect(guesses('helps', false)).toEqual([false, true, true, true, false]);
  });

  test('a search by |effect| goes by |score|', () => {
    expect(guesses('helps', true)).toEqual([false, true, false, true, false]);
  });

  test('so does one by scores that do not say what their sign means', () => {
    expect(guesses(null, false)).toEqual([false, true, false, true, false]);
  });

  test('below a negative threshold lies what hurts more', () => {
    expect(guesses('helps', false, -0.25)).toEqual([false, false, true, true, false]);
  });
});

describe('tests made ahead', () => {
  test('are those of the search, if the guesses come true: dead receivers are passed over', () => {
    for (const predict of [() => true, () => false, (edge: number) => edge % 3 > 0]) {
      const lookAhead = new LookAhead(receivers, 10, predict);
      let state: SearchState = first;
      const tests = lookAhead.tests(first);
      expect(tests.length).toBeGreaterThanOrEqual(7);
      for (const { state: tested, guess } of tests) {
        expect([tested.edge, [...tested.circuit]]).toEqual([state.edge, [...state.circuit]]);
        expect(guess).toBe(predict(state.edge!));
        state = nextState(receivers, state, guess);
      }
    }
  });

  test('end where the search would', () => {
    const edges = topology.fanIn(topology.logitsPort);
    // If nothing reads any node, nothing is left to test.
    expect(new LookAhead(receivers, 1000).tests(first).length).toBeLessThanOrEqual(edges);
    const last = [...Array(edges - 2).keys()].reduce((state) => nextState(receivers, state, true), first);
    expect(new LookAhead(receivers, 8).tests(last)).toHaveLength(2);
  });

  test('are as many as are decided before a guess is wrong', () => {
    const lookAhead = new LookAhead(receivers, 32);
    const ahead = (): number => lookAhead.tests(first).length;
    const [test] = lookAhead.tests(first) as [ReturnType<LookAhead['tests']>[number]];
    const before = ahead();
    expect(lookAhead.decided(test, false)).toBe(false);
    expect(ahead()).toBeLessThan(before);
    for (let i = 0; i < 100; i++) lookAhead.decided(test, false);
    expect(ahead()).toBe(1);
    for (let i = 0; i < 200; i++) expect(lookAhead.decided(test, true)).toBe(true);
    expect(ahead()).toBe(Math.min(32, topology.fanIn(topology.logitsPort)));
  });

  test('never more than fit a submission', () => {
    for (const most of [1, 2, 5]) expect(new LookAhead(receivers, most).tests(first)).toHaveLength(most);
  });
});
