import { effect } from '@preact/signals';
import { decodeView, encodeView } from '../../view/url-state.js';
import type { Store } from '../state/store.js';

/** Milliseconds without a change of the view after which the URL is written. */
const DELAY = 200;

/** Keeps the hash of the URL and the view the same, each follows the other; and the title at the shown circuit. */
export function syncUrl({ documents, current, view, say }: Store): () => void {
  view.value = decodeView(location.hash);
  let written = location.hash.replace(/^#/, '');
  const stop = new AbortController();
  const write = (): void => {
    written = encodeView(view.peek());
    history.replaceState(null, '', written === '' ? location.pathname + location.search : `#${written}`);
  };
  const stopWriting = effect(() => {
    void view.value;
    const timer = setTimeout(write, DELAY);
    return () => clearTimeout(timer);
  });
  const stopNaming = effect(() => {
    document.title = current.value ? `${current.value.name} · Edgewise` : 'Edgewise';
  });
  const read = (): void => {
    if (location.hash.replace(/^#/, '') === written) return;
    const next = decodeView(location.hash);
    if (next.file !== null && !documents.peek().has(next.file)) {
      say('info', `The link names ${next.file}, which is not open.`);
      return;
    }
    view.value = { ...next, file: next.file ?? view.peek().file };
  };
  window.addEventListener('pagehide', write, { signal: stop.signal });
  window.addEventListener('hashchange', read, { signal: stop.signal });
  return () => {
    stopWriting();
    stopNaming();
    stop.abort();
  };
}
