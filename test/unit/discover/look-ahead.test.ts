/** Which tests are made ahead, and how many. */
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { acdcOrder } from '../../../src/discover/acdc-order.js';
import { firstState, nextState, type SearchState } from '../../../src/discover/acdc-walk.js';
import { Guesses, SURE, type Guess, type Hint } from '../../../src/discover/guesses.js';
import { LookAhead } from '../../../src/discover/look-ahead.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });
const receivers = acdcOrder(topology, 'descending', true);
const first = firstState(receivers, EdgeSet.full(topology));

/** Rounds with guesses that are right with a fixed probability. */
const ahead = (most: number, round: number, guess: (edge: number) => Guess): LookAhead =>
  new LookAhead(receivers, most, round, { guess } as Guesses);
const removed = (right: number) => (): Guess => ({ removed: true, right });

describe('tests made ahead', () => {
  test('are those of the search, if the guesses come true: dead receivers are passed over', () => {
    const hints: Hint[] = [() => -SURE, () => SURE, (edge) => (edge % 3 > 0 ? -SURE : SURE)];
    for (const hint of hints) {
      let state: SearchState = first;
      const tests = new LookAhead(receivers, 10, 1e3, new Guesses(topology, hint)).tests(first);
      expect(tests.length).toBeGreaterThanOrEqual(7);
      for (const { state: tested, guess } of tests) {
        expect([tested.edge, [...tested.circuit]]).toEqual([state.edge, [...state.circuit]]);
        expect(guess).toBe(hint(state.edge!) < 0);
        state = nextState(receivers, state, guess);
      }
    }
  });

  test('end where the search would', () => {
    const edges = topology.fanIn(topology.logitsPort);
    // If nothing reads any node, nothing is left to test.
    expect(ahead(1000, 1e9, removed(1)).tests(first)).toHaveLength(edges);
    const last = [...Array(edges - 2).keys()].reduce((state) => nextState(receivers, state, true), first);
    expect(ahead(8, 1e9, removed(1)).tests(last)).toHaveLength(2);
  });

  test('never more than fit a submission', () => {
    for (const most of [1, 2, 5]) expect(ahead(most, 1e9, removed(1)).tests(first)).toHaveLength(most);
  });

  test('are so many that a useful one costs least', () => {
    const kept = (right: number) => (): Guess => ({ removed: false, right });
    for (const right of [0.5, 0.8, 0.95, 0.99]) {
      for (const round of [0.5, 2, 6, 20]) {
        // Brute force: what a round of n tests costs, over the tests of it that count in the mean.
        const costs = Array.from({ length: 40 }, (_, i) => {
          const useful = Array.from({ length: i + 1 }, (_unused, j) => right ** j).reduce((a, b) => a + b);
          return (round + i + 1) / useful;
        });
        const best = costs.indexOf(Math.min(...costs)) + 1;
        expect(ahead(40, round, kept(right)).tests(first), `${right} ${round}`).toHaveLength(best);
      }
    }
  });

  test('a round ends after a guess that is uncertain', () => {
    const fourth = ahead(100, 6, removed(1)).tests(first)[3]!.state.edge;
    const guess = (edge: number): Guess => ({ removed: true, right: edge === fourth ? 0.5 : 1 });
    expect(ahead(100, 2, guess).tests(first)).toHaveLength(4);
    // It goes on where a submission costs more than what may be in vain.
    expect(ahead(100, 6, guess).tests(first).length).toBeGreaterThan(4);
  });

  test('where a submission costs nothing, one test at a time', () => {
    expect(ahead(100, 0, removed(0.99)).tests(first)).toHaveLength(1);
  });
});
