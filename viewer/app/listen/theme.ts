import { effect } from '@preact/signals';
import { systemDark } from '../state/page.js';
import { palette, theme } from '../state/picture.js';

/** Keeps the style sheet of the page at the theme, and gives it the colours of the drawing as `--draw-*`. */
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
