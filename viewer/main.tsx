import { render } from 'preact';
import { App } from './app/app.js';
import { openSources, showFirst } from './app/documents.js';
import { listenToDrops } from './app/drop-target.js';
import { followForce } from './app/force.js';
import { listenToKeys } from './app/keyboard.js';
import { loading, sayError, scene, stage, view } from './app/store.js';
import { followTheme } from './app/theme.js';
import { syncUrl } from './app/url-sync.js';
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

// For tests, which read what is shown without looking at pixels: the view, the scene and the drawing surface as they are.
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
