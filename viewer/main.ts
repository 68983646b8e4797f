import { openSources, showFirst } from './app/actions/open-documents.js';
import { mountViewer } from './app/mount.js';
import { loadSources } from './data/sources.js';

const { store } = mountViewer(document.getElementById('app')!, { ownsPage: true });
const { view, scene, stage, loading, sayError } = store;

window.addEventListener('error', (event) => sayError(event.error ?? event.message));
window.addEventListener('unhandledrejection', (event) => sayError(event.reason));

// The view is written into the URL later: what it said at first is asked for now.
const untold = /^#?(embed)?$/.test(location.hash) && !new URLSearchParams(location.search).has('file');
loading.value = true;
try {
  openSources(store, await loadSources(sayError), false);
  showFirst(store, untold);
} catch (error) {
  sayError(error);
} finally {
  loading.value = false;
}

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
