import fc from 'fast-check';
import { expect, test } from 'vitest';
import { laneBatches } from '../../../src/instruments/lane-batches.js';

const lane = fc.record({ prompt: fc.nat(5), begin: fc.nat(7) });

test('every lane runs once, in a slot of its prompt', () => {
  fc.assert(
    fc.property(fc.array(lane, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (lanes, slots) => {
      const batches = laneBatches(
        lanes,
        lanes.map(({ begin }) => begin),
        slots,
      );
      const ran = batches.flatMap(({ chosen }) => chosen.filter((one) => one !== null));
      expect(ran.toSorted((a, b) => a - b)).toEqual(lanes.map((_, i) => i));
      for (const { slots: held, chosen } of batches) {
        expect(held.length).toBeLessThanOrEqual(slots);
        expect(chosen.length).toBe(held.length);
        chosen.forEach((one, slot) => {
          if (one !== null) expect(lanes[one]!.prompt).toBe(held[slot]);
        });
      }
    }),
  );
});

test('lanes come from the last change to the first while the prompts stay', () => {
  fc.assert(
    fc.property(fc.array(lane, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (lanes, slots) => {
      const begins = lanes.map(({ begin }) => begin);
      const batches = laneBatches(lanes, begins, slots);
      for (let i = 1; i < batches.length; i++) {
        if (batches[i]!.slots.join() !== batches[i - 1]!.slots.join()) continue;
        const first = (chosen: readonly (number | null)[], slot: number): number =>
          chosen[slot] === null ? -1 : begins[chosen[slot]!]!;
        batches[i]!.slots.forEach((_, slot) => {
          const now = first(batches[i]!.chosen, slot);
          expect(now === -1 || now <= first(batches[i - 1]!.chosen, slot)).toBe(true);
        });
      }
    }),
  );
});

test('the fewest passes: all slots are filled while lanes are left', () => {
  const lanes = Array.from({ length: 10 }, () => ({ prompt: 3 }));
  const begins = lanes.map(() => 0);
  expect(laneBatches(lanes, begins, 4).map(({ chosen }) => chosen.filter((one) => one !== null).length)).toEqual([
    4, 4, 2,
  ]);
});
