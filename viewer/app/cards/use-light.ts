import { useEffect, useState } from 'preact/hooks';
import { light } from '../actions/choose.js';
import { useStore } from '../state/use-store.js';

/**
 * Handlers of an element that stands for nodes and edges of the circuit: they light up while it is pointed at or has
 * the focus.
 */
export function useLight(names: readonly string[]) {
  const store = useStore();
  const [isLit, setLit] = useState(false);
  const set = (on: boolean): void => {
    setLit(on);
    light(store, on ? names : []);
  };
  // What goes away while it is lit puts its light out.
  useEffect(() => (isLit ? () => light(store, []) : undefined), [isLit]);
  return {
    onPointerEnter: () => set(true),
    onPointerLeave: () => set(false),
    onFocusIn: () => set(true),
    onFocusOut: () => set(false),
  };
}
