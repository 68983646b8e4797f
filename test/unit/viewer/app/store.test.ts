import { expect, test } from 'vitest';
import { writeCircuitJson } from '../../../../src/files/index.js';
import { choose } from '../../../../viewer/app/actions/choose.js';
import { togglePins } from '../../../../viewer/app/actions/marks.js';
import { openSources, showDocument } from '../../../../viewer/app/actions/open-documents.js';
import { createStore, type Store } from '../../../../viewer/app/state/store.js';
import { DEFAULT_VIEW } from '../../../../viewer/view/view-state.js';
import { sampleCircuit } from '../../../support/sample-circuit.js';
import { sourceFile } from '../../../support/viewer.js';

function withSample(...names: string[]): Store {
  const store = createStore();
  const text = writeCircuitJson(sampleCircuit());
  openSources(
    store,
    names.map((name, i) => sourceFile(name, text.trimEnd() + '\n'.repeat(i + 1))),
    true,
  );
  return store;
}

test('what is done in one store changes nothing in another one', () => {
  const [one, two] = [withSample('a.json'), createStore()];
  const edge = one.selection.value.edges[0]!;
  choose(one, edge.id);
  togglePins(one, [edge.source]);
  one.say('info', 'said in one');
  expect(one.selected.value).toMatchObject({ kind: 'edge', edge: { id: edge.id } });
  expect(one.scene.value.graph.size).toBeGreaterThan(0);
  expect(two.view.value).toEqual(DEFAULT_VIEW);
  expect([two.documents.value.size, two.messages.value.length, two.scene.value.graph.size]).toEqual([0, 0, 0]);
  const third = withSample('a.json');
  expect([third.selected.value, third.view.value.pinned]).toEqual([null, []]);
});

test('each document is shown as it was left, in its own viewer only', () => {
  const [one, two] = [withSample('a.json', 'b.json'), withSample('a.json', 'b.json')];
  const edge = one.selection.value.edges[0]!.id;
  choose(one, edge);
  for (const store of [one, two]) {
    showDocument(store, 'b.json');
    expect(store.view.value.selected).toBeNull();
    showDocument(store, 'a.json');
  }
  expect([one.view.value.selected, two.view.value.selected]).toEqual([edge, null]);
});
