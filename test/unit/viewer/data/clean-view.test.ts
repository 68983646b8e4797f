import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanSavedView } from '../../../../viewer/data/clean-view.js';

describe('cleanSavedView', () => {
  it('keeps what is usable and names the rest', () => {
    const json: unknown = JSON.parse(`{
      "layout": "hex", "merge_ports": 1, "pinned": ["m0", 3, "m0"], "sign": "positive-helps",
      "groups": [{"name": "x", "members": ["m0", "input"]}, {"name": "y", "members": ["m0"]}, 7],
      "notes": {"__proto__": "x", "m1": "kept", "m2": 4},
      "positions": {"grid": {"m0": [1, 2], "m1": [1], "m2": [null, 2], "m3": [1e9, 0]}, "__proto__": {"m0": [1, 2]}}, "more": 1
    }`);
    const { view: clean, dropped } = cleanSavedView(json);
    expect(clean).toEqual({
      pinned: ['m0'],
      groups: [{ name: 'x', members: ['m0'] }],
      notes: { m1: 'kept' },
      positions: { grid: { m0: [1, 2] } },
      sign: 'positive-helps',
    });
    expect(dropped).toEqual([
      'layout "hex"',
      'merge_ports 1',
      'pinned 3',
      'nodes of the group "x" that are no names, or are in another group',
      'the group "y"',
      'the group nothing',
      'the note on "__proto__"',
      'the note on "m2"',
      'the place of "m1"',
      'the place of "m2"',
      'the place of "m3"',
      'places in a layout "__proto__"',
    ]);
  });

  it.each([[null], [3], [[]], ['x'], [{}]])('has nothing of %j', (json) => {
    expect(cleanSavedView(json)).toEqual({ view: {}, dropped: [] });
  });

  it('never fails', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('layout', 'pinned', 'groups', 'notes', 'positions'), fc.jsonValue()),
        (json) => {
          const { view: clean } = cleanSavedView(json);
          expect(cleanSavedView(JSON.parse(JSON.stringify(clean))).dropped).toEqual([]);
        },
      ),
    );
  });
});
