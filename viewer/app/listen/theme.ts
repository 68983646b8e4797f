import { effect } from '@preact/signals';
import type { Store } from '../state/store.js';

/** Keeps the style sheet of `element` at the theme, and gives it the colours of the drawing as `--draw-*`. */
export function followTheme({ systemDark, theme, palette }: Store, element: HTMLElement): () => void {
  const stop = new AbortController();
  const query = matchMedia('(prefers-color-scheme: dark)');
  systemDark.value = query.matches;
  query.addEventListener('change', () => (systemDark.value = query.matches), { signal: stop.signal });
  const stopColouring = effect(() => {
    const { style, dataset } = element;
    dataset['theme'] = theme.value;
    for (const [name, color] of Object.entries(palette.value)) {
      if (name !== 'name') style.setProperty(`--draw-${name}`, String(color));
    }
  });
  return () => {
    stopColouring();
    stop.abort();
  };
}
