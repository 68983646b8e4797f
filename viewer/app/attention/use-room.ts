import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

/** The inner size of an element in CSS pixels, as it is and as it changes. */
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
      const { clientWidth: width = first.width, clientHeight: height = first.height } = ref.current ?? {};
      setRoom((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return { ref, ...room };
}
