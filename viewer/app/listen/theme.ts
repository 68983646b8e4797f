import { effect } from '@preact/signals';
import { palette, systemDark, theme, update } from '../state/store.js';

/** Lets the page's style sheet follow the theme, and use the colours of the drawing. */
export function followTheme(): void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  systemDark.value = query.matches;
  query.addEventListener('change', () => (systemDark.value = query.matches));
  effect(() => {
    const { style, dataset } = document.documentElement;
    dataset['theme'] = theme.value;
    for (const [name, color] of Object.entries(palette.value)) {
      if (name !== 'name') style.setProperty(`--draw-${name}`, String(color));
    }
  });
}

export function toggleTheme(): void {
  update({ theme: theme.peek() === 'dark' ? 'light' : 'dark' });
}
