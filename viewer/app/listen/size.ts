import type { Store } from '../state/store.js';

/** Width in CSS pixels below which the panel lies under the drawing, and the controls are in one menu. */
const NARROW = 700;
/** Height below which the legend is closed at first. */
const LOW = 800;

/** Follows the size of the viewer. At first a small viewer shows the drawing alone. */
export function followSize({ narrow, legendOpen, panelOpen }: Store, container: HTMLElement): () => void {
  let first = true;
  const measure = (): void => {
    const { width, height } = container.getBoundingClientRect();
    if (width === 0) return;
    narrow.value = width < NARROW;
    if (!first) return;
    first = false;
    legendOpen.value = height >= LOW && !narrow.peek();
    panelOpen.value = !narrow.peek();
  };
  measure();
  const observer = new ResizeObserver(measure);
  observer.observe(container);
  return () => observer.disconnect();
}
