import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  isGradual,
  NO_STEPS,
  redone,
  stepFields,
  undone,
  withStep,
  type UndoSteps,
} from '../../../../viewer/view/undo-steps.js';
import type { ViewState } from '../../../../viewer/view/view-state.js';
import { view } from '../../../support/viewer.js';

const first = view({ file: 'a' });

test('a change of what is open, of the theme or of the blinked circuit is no step', () => {
  expect(stepFields(first, { ...first, selected: 'm0', tab: 'edges', theme: 'dark', blink: 'a' })).toBe('');
  expect(stepFields(first, { ...first, pinned: ['m0'], selected: 'm0' })).toBe('pinned');
  expect(
    stepFields(first, { ...first, limit: 3, limitBy: 'share' })
      .split(' ')
      .toSorted(),
  ).toEqual(['limit', 'limitBy']);
});

test('only what a drag, a text box or a replay changes is gradual', () => {
  expect([isGradual('limit'), isGradual('query'), isGradual('step')]).toEqual([true, true, true]);
  expect([isGradual('pinned'), isGradual('limit pinned'), isGradual('limit limitBy')]).toEqual([false, false, false]);
});

test('pins that were cleared come back, and what is open stays open', () => {
  const pinned = { ...first, pinned: ['m0', 'm1'], selected: 'm0' };
  const cleared = { ...pinned, pinned: [], selected: null, tab: 'edges' as const };
  const steps = withStep(NO_STEPS, pinned, false);
  const back = undone(steps, cleared)!;
  expect(back.reached).toEqual({ ...cleared, pinned: ['m0', 'm1'] });
  const again = redone(back, back.reached!)!;
  expect(again.reached).toEqual(cleared);
  expect([again.past.length, again.future.length]).toEqual([1, 0]);
});

test('a view of another file is restored whole, except for the theme', () => {
  const before = view({ file: 'a', selected: 'm0', tab: 'heads', blink: 'a' });
  const now = view({ file: 'b', theme: 'dark' });
  expect(undone(withStep(NO_STEPS, before, false), now)!.reached).toEqual({ ...before, theme: 'dark', blink: null });
});

test('a drag is one step, and a new step ends what could be redone', () => {
  let steps = withStep(NO_STEPS, first, false);
  for (let limit = 1; limit < 20; limit++) steps = withStep(steps, { ...first, limit }, true);
  expect(steps.past).toEqual([first]);
  const back = undone(steps, { ...first, limit: 20 })!;
  expect(back.future.length).toBe(1);
  expect(withStep(back, back.reached!, false)).toMatchObject({ past: [first], future: [] });
  // After an undo there is nothing that a drag could continue.
  expect(withStep(back, back.reached!, true).past.length).toBe(1);
});

test('there is nothing before the first and after the last step', () => {
  expect([undone(NO_STEPS, first), redone(NO_STEPS, first)]).toEqual([null, null]);
});

test('undo and redo lead through the same views, however they are mixed', () => {
  const moves = fc.array(fc.constantFrom('change', 'undo', 'redo'), { maxLength: 60 });
  fc.assert(
    fc.property(moves, (all) => {
      let now: ViewState = first;
      let steps: UndoSteps = NO_STEPS;
      // The plain model: a list of limits and a place in it.
      let [limits, at, next]: [(number | null)[], number, number] = [[null], 0, 0];
      for (const move of all) {
        if (move === 'change') {
          steps = withStep(steps, now, false);
          now = { ...now, limit: ++next };
          limits = [...limits.slice(0, at + 1), next];
          at++;
          continue;
        }
        const moved = move === 'undo' ? undone(steps, now) : redone(steps, now);
        const to = at + (move === 'undo' ? -1 : 1);
        expect(moved !== null).toBe(to >= 0 && to < limits.length);
        if (!moved) continue;
        [steps, now, at] = [moved, moved.reached!, to];
        expect(now.limit).toBe(limits[at]);
      }
    }),
  );
});
