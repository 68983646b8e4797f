import { signal } from '@preact/signals';
import { openFiles } from '../actions/open-files.js';

/** Files are being dragged over the page. */
export const filesOver = signal(false);

/** Opens files that are dropped anywhere on the page. */
export function listenToDrops(): void {
  // The page hears of every element that the pointer enters or leaves. At depth 0 it has left the page itself.
  let depth = 0;
  const listen = (type: 'dragenter' | 'dragover' | 'dragleave' | 'drop', handle: (event: DragEvent) => void): void => {
    document.addEventListener(type, (event) => {
      if (event.dataTransfer?.types.includes('Files')) handle(event);
    });
  };
  listen('dragenter', (event) => {
    event.preventDefault();
    depth++;
    filesOver.value = true;
  });
  listen('dragover', (event) => event.preventDefault());
  listen('dragleave', () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) filesOver.value = false;
  });
  listen('drop', (event) => {
    event.preventDefault();
    depth = 0;
    filesOver.value = false;
    void openFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
