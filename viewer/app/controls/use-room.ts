import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

/** The size of an element's content in CSS pixels, as it is and as it changes. */
export function useRoom<E extends HTMLElement>(first: {
  width: number;
  height: number;
}): {
  readonly ref: RefObject<E | null>;
  readonly width: number;
  readonly height: number;
} {
  const ref = useRef<E>(null);
  const [room, setRoom] = useState(first);
  useLayoutEffect(() => {
    const measure = (): void => {
      if (!ref.current) return;
      const style = getComputedStyle(ref.current);
      const inner = (size: number, ...paddings: string[]): number =>
        size - paddings.reduce((sum, padding) => sum + (Number.parseFloat(padding) || 0), 0);
      const width = inner(ref.current.clientWidth, style.paddingLeft, style.paddingRight);
      const height = inner(ref.current.clientHeight, style.paddingTop, style.paddingBottom);
      setRoom((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return { ref, ...room };
}
