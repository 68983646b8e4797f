import { effect } from '@preact/signals';
import { decodeView, encodeView } from '../../view/url-state.js';
import type { ViewState } from '../../view/view-state.js';
import type { Store } from '../state/store.js';

/** Milliseconds without a change of the view after which the URL is written. */
const DELAY = 200;

/** Fields to whose last values the Back button goes back. The other fields are undone. */
const PLACES = ['file', 'selected', 'tab'] as const satisfies readonly (keyof ViewState)[];

/** In the hash, beside the view: the page shows the drawing and its prompt alone. */
const EMBED = 'embed';

/** Keeps the hash of the URL and the view the same, each follows the other; and the title at the shown circuit. */
export function syncUrl({ documents, current, view, embedded, say }: Store): () => void {
  view.value = decodeView(location.hash);
  embedded.value = ownHash().split('&').includes(EMBED);
  let known = view.peek();
  const stop = new AbortController();
  const write = (): void => {
    const state = view.peek();
    const parts = [encodeView(state), embedded.peek() ? EMBED : ''].filter((part) => part !== '');
    const hash = parts.join('&');
    const isPlace = known.file !== null && PLACES.some((field) => state[field] !== known[field]);
    known = state;
    if (hash === ownHash()) return;
    const address = hash === '' ? location.pathname + location.search : `#${hash}`;
    if (isPlace) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  };
  const stopWriting = effect(() => {
    void view.value;
    const timer = setTimeout(write, DELAY);
    return () => clearTimeout(timer);
  });
  const stopNaming = effect(() => {
    document.title = current.value ? `${current.value.name} · Edgewise` : 'Edgewise';
  });
  /** Another hash, by the Back button or by hand, is another view. */
  const read = (): void => {
    const next = decodeView(location.hash);
    if (encodeView(next) === encodeView(view.peek())) return;
    if (next.file !== null && !documents.peek().has(next.file)) {
      say('info', `The link names ${next.file}, which is not open.`);
      return;
    }
    known = { ...next, file: next.file ?? view.peek().file };
    view.value = known;
  };
  window.addEventListener('pagehide', write, { signal: stop.signal });
  window.addEventListener('popstate', read, { signal: stop.signal });
  window.addEventListener('hashchange', read, { signal: stop.signal });
  return () => {
    stopWriting();
    stopNaming();
    stop.abort();
  };
}

function ownHash(): string {
  return location.hash.replace(/^#/, '');
}
