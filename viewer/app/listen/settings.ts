import { effect } from '@preact/signals';
import type { Store } from '../state/store.js';

const GUIDE = 'edgewise.guide';
const LETTERS = 'edgewise.letter-keys';

/** Keeps what the reader chose for this browser: whether letters are keys, and that the guide was closed for good. */
export function followSettings({ letterKeys, guideOpen }: Store): () => void {
  letterKeys.value = read(LETTERS) !== 'off';
  guideOpen.value = read(GUIDE) !== 'closed';
  let shown = guideOpen.peek();
  return effect(() => {
    write(LETTERS, letterKeys.value ? null : 'off');
    if (shown && !guideOpen.value) write(GUIDE, 'closed');
    shown = guideOpen.value;
  });
}

/** A page may have no storage: one from a file, or in a frame that is not trusted. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // The choice holds until the page is closed.
  }
}
