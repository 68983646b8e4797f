import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Store } from './store.js';

export const StoreContext = createContext<Store | null>(null);

/** The state of the viewer that the component belongs to. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error('a component of the viewer is used outside of a viewer');
  return store;
}
