import { openFiles } from '../actions/open-files.js';
import type { Store } from '../state/store.js';

/** Opens files that are dropped anywhere on `target`. */
export function listenToDrops(store: Store, target: GlobalEventHandlers): () => void {
  const { filesOver } = store;
  const stop = new AbortController();
  // The target hears of every element that the pointer enters or leaves. At depth 0 it has left the target itself.
  let depth = 0;
  const listen = (type: 'dragenter' | 'dragover' | 'dragleave' | 'drop', handle: (event: DragEvent) => void): void => {
    const listener = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes('Files')) handle(event);
    };
    target.addEventListener(type, listener, { signal: stop.signal });
  };
  listen('dragenter', (event) => {
    event.preventDefault();
    depth++;
    filesOver.value = true;
  });
  listen('dragover', (event) => event.preventDefault());
  listen('dragleave', () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) filesOver.value = false;
  });
  listen('drop', (event) => {
    event.preventDefault();
    depth = 0;
    filesOver.value = false;
    void openFiles(store, [...(event.dataTransfer?.files ?? [])]);
  });
  return () => stop.abort();
}
