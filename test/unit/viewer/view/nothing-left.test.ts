import { describe, expect, it } from 'vitest';

import { assemble, toCircuitData, type CircuitData } from '../../../../viewer/data/circuit-data.js';
import { nothingLeft } from '../../../../viewer/view/nothing-left.js';
import { search } from '../../../../viewer/view/search.js';
import { select } from '../../../../viewer/view/selection.js';
import { DEFAULT_VIEW, type ViewState } from '../../../../viewer/view/view-state.js';
import { sampleCircuit } from '../../../support/sample-circuit.js';
import { view } from '../../../support/viewer.js';

const data = toCircuitData(sampleCircuit(), 'as-stated');

function told(changes: Partial<ViewState>, of: CircuitData = data, sizesKnown = true) {
  const state = view(changes);
  return nothingLeft(of, select(of, state), search(of, state.query), state, sizesKnown);
}

const none = { input: false, head: false, mlp: false, logits: false };

describe('nothing left', () => {
  it('is told by its cause, and the way back shows something again', () => {
    const causes: readonly (readonly [Partial<ViewState>, RegExp])[] = [
      [{ kinds: none }, /filters let no edge through/],
      [{ kinds: none, limitBy: 'top' }, /filters let no edge through/],
      [{ limitBy: 'top', limit: 0 }, /limit lets no edge through/],
      [{ limitBy: 'top', limit: 3, onPaths: true }, /^None of the 3 strongest edges lies on a path/],
      [{ query: 'nosuchthing' }, /^Nothing in this circuit fits “nosuchthing”\.$/],
    ];
    for (const [changes, words] of causes) {
      const said = told(changes);
      expect(said?.words).toMatch(words);
      expect(told({ ...changes, ...said!.back!.patch })).toBeNull();
    }
  });

  it('says which heads there are where the search names another', () => {
    for (const query of ['9.9', 'a9.h9', 'm7', 'layer:5', '0.5']) {
      expect(told({ query })?.words).toContain('The model has layers 0 to 1, of 2 heads each.');
    }
    expect(told({ query: 'logits->1.1' })?.words).toBe('Nothing in this circuit fits “logits->1.1”.');
    // Where the file does not say how large its model is, nobody knows.
    expect(told({ query: '9.9' }, data, false)?.words).toBe('Nothing in this circuit fits “9.9”.');
  });

  it('is not told where something is there', () => {
    expect(told({})).toBeNull();
    expect(told({ query: '1.0' })).toBeNull();
    expect(told(DEFAULT_VIEW, assemble(data, []))).toEqual({ words: 'The file has no edges.', back: null });
  });
});
