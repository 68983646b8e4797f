import { render } from 'preact';
import { IdPrefix } from './controls/element-id.js';
import { listenToDrops } from './listen/drops.js';
import { followFigure } from './listen/figure.js';
import { followForce } from './listen/force.js';
import { listenToKeys } from './listen/keyboard.js';
import { runPlayback } from './listen/playback.js';
import { followSettings } from './listen/settings.js';
import { followSize } from './listen/size.js';
import { followSlider } from './listen/slider.js';
import { followTheme } from './listen/theme.js';
import { recordSteps } from './listen/undo.js';
import { syncUrl } from './listen/url-sync.js';
import { App } from './shell/app.js';
import { createStore, type Store } from './state/store.js';
import { StoreContext } from './state/use-store.js';

export interface ViewerOptions {
  /**
   * The viewer is the whole page: the hash of the URL, the title and the theme of the page are its own, and keys and
   * dropped files are for it wherever they land. Otherwise it leaves everything outside of its container alone.
   */
  readonly ownsPage: boolean;
}

export interface Viewer {
  readonly store: Store;
  /** Empties the container and stops listening. */
  dispose(): void;
}

/** Shows a viewer, without circuits, in `container`, which it fills. A page may have several. */
export function mountViewer(container: HTMLElement, { ownsPage }: ViewerOptions): Viewer {
  const store = createStore();
  const target = ownsPage ? document : container;
  // A click anywhere in the viewer brings the keys to it.
  if (!ownsPage) container.tabIndex = -1;
  const stops = [
    ...(ownsPage ? [syncUrl(store)] : []),
    ...(ownsPage ? [followSettings(store)] : []),
    followSize(store, container),
    recordSteps(store),
    followTheme(store, container),
    listenToKeys(store, target),
    listenToDrops(store, target),
    followSlider(store),
    followForce(store),
    followFigure(store),
    runPlayback(store),
  ];
  render(
    <StoreContext.Provider value={store}>
      <IdPrefix.Provider value={freshPrefix()}>
        <App />
      </IdPrefix.Provider>
    </StoreContext.Provider>,
    container,
  );
  return {
    store,
    dispose() {
      render(null, container);
      for (const stop of stops) stop();
    },
  };
}

/** By chance: a viewer cannot see the others of a page that are not yet in the document. */
function freshPrefix(): string {
  return `viewer-${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;
}
