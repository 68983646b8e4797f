import { effect } from '@preact/signals';
import { decodeView, encodeView } from '../../view/url-state.js';
import { current, documents } from '../state/circuits.js';
import { say } from '../state/messages.js';
import { view } from '../state/view.js';

/** Milliseconds without a change of the view after which the URL is written. */
const DELAY = 200;

/** Keeps the hash of the URL and the view the same. Each follows the other. */
export function syncUrl(): void {
  view.value = decodeView(location.hash);
  let written = location.hash.replace(/^#/, '');
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    written = encodeView(view.peek());
    history.replaceState(null, '', written === '' ? location.pathname + location.search : `#${written}`);
  };
  effect(() => {
    void view.value;
    clearTimeout(timer);
    timer = setTimeout(write, DELAY);
  });
  effect(() => {
    document.title = current.value ? `${current.value.name} · Edgewise` : 'Edgewise';
  });
  window.addEventListener('pagehide', write);
  window.addEventListener('hashchange', () => {
    if (location.hash.replace(/^#/, '') === written) return;
    const next = decodeView(location.hash);
    if (next.file !== null && !documents.peek().has(next.file)) {
      say('info', `The link names ${next.file}, which is not open.`);
      return;
    }
    view.value = { ...next, file: next.file ?? view.peek().file };
  });
}
