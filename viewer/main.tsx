import { render } from 'preact';
import { openSources, showFirst } from './app/actions/open-documents.js';
import { listenToDrops } from './app/listen/drops.js';
import { followForce } from './app/listen/force.js';
import { listenToKeys } from './app/listen/keyboard.js';
import { followTheme } from './app/listen/theme.js';
import { syncUrl } from './app/listen/url-sync.js';
import { App } from './app/shell/app.js';
import { sayError } from './app/state/messages.js';
import { loading, stage } from './app/state/page.js';
import { scene } from './app/state/picture.js';
import { view } from './app/state/view.js';
import { loadSources } from './data/sources.js';

window.addEventListener('error', (event) => sayError(event.error ?? event.message));
window.addEventListener('unhandledrejection', (event) => sayError(event.reason));

syncUrl();
followTheme();
listenToKeys();
listenToDrops();
render(<App />, document.getElementById('app')!);

try {
  openSources(await loadSources(sayError), false);
  showFirst();
} catch (error) {
  sayError(error);
} finally {
  loading.value = false;
}
followForce();

// For tests: they read the view, the scene and the drawing surface, and need no pixels.
Object.defineProperty(globalThis, 'edgewise', {
  value: Object.freeze({
    get view() {
      return view.peek();
    },
    get scene() {
      return scene.peek();
    },
    get stage() {
      return stage.peek();
    },
  }),
});
