import { createContext } from 'preact';
import { useContext, useId } from 'preact/hooks';

/** What the ids of a viewer's elements begin with. Preact counts its ids anew in every viewer of a page. */
export const IdPrefix = createContext('');

/** An id that no other element of the page has. */
export function useElementId(): string {
  return `${useContext(IdPrefix)}-${useId()}`;
}
