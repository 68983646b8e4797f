import { LAYOUTS } from '../../data/clean-view.js';
import type { Store } from '../state/store.js';

export function nextLayout({ view, update }: Store): void {
  const at = LAYOUTS.indexOf(view.peek().layout);
  update({ layout: LAYOUTS[(at + 1) % LAYOUTS.length]! });
}

export function toggleTheme({ theme, update }: Store): void {
  update({ theme: theme.peek() === 'dark' ? 'light' : 'dark' });
}
