import { LAYOUTS } from '../../data/clean-view.js';
import { theme } from '../state/picture.js';
import { update, view } from '../state/view.js';

export function nextLayout(): void {
  const at = LAYOUTS.indexOf(view.peek().layout);
  update({ layout: LAYOUTS[(at + 1) % LAYOUTS.length]! });
}

export function toggleTheme(): void {
  update({ theme: theme.peek() === 'dark' ? 'light' : 'dark' });
}
