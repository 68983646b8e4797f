/// <reference types="vite/client" />
import { openSources } from '../../../viewer/app/actions/open-documents.js';
import { mountViewer, type Viewer } from '../../../viewer/app/mount.js';
import styles from '../../../viewer/app/style.css?inline';
import type { ViewState } from '../../../viewer/view/view-state.js';

/** What the test reads and calls: the viewers of the elements `one` and `two`. */
export interface TwoViewers {
  views(): ViewState[];
  /** Whether each viewer draws something. */
  drawn(): boolean[];
  dispose(name: 'one' | 'two'): void;
}

/** Puts two viewers of one circuit beside each other, and text around them. */
export function run(circuit: { readonly name: string; readonly text: string }): Promise<void> {
  const style = document.createElement('style');
  style.textContent = `${styles} .half { display: inline-block; width: 760px; height: 720px; }`;
  document.head.append(style);
  const viewers = new Map<string, Viewer>();
  for (const id of ['one', 'two']) {
    const half = document.createElement('div');
    half.id = id;
    half.className = 'half';
    document.body.append(half);
    const viewer = mountViewer(half, { ownsPage: false });
    openSources(viewer.store, [{ ...circuit, trace: null, details: null, saveTo: null }], true);
    viewers.set(id, viewer);
  }
  const notes = document.createElement('button');
  notes.id = 'outside';
  notes.textContent = 'outside of the viewers';
  document.body.append(notes);
  const stores = [...viewers.values()].map(({ store }) => store);
  const two: TwoViewers = {
    views: () => stores.map(({ view }) => view.peek()),
    drawn: () => stores.map(({ scene, stage }) => scene.peek().graph.size > 0 && stage.peek() !== null),
    dispose: (name) => viewers.get(name)?.dispose(),
  };
  Object.assign(globalThis, { viewers: two });
  return Promise.resolve();
}
