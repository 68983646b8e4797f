import { createCircuits } from './circuits.js';
import { createEdges } from './edges.js';
import { createMessages } from './messages.js';
import { createPage } from './page.js';
import { createPicture } from './picture.js';
import { createResults } from './results.js';
import { createSelected } from './selected.js';
import { createView } from './view.js';

/**
 * The whole state of one viewer. Two viewers on a page share none of it.
 *
 * It is made of signals, and of functions that need nothing else: they can be taken out of it by name. It listens to
 * nothing and starts nothing. What does lies in `listen/` and in `drawing/`, and ends with the viewer.
 */
export type Store = ReturnType<typeof createStore>;

/** Each part stands on those before it. */
export function createStore() {
  const own = { ...createView(), ...createPage(), ...createMessages(), ...createResults() };
  const open = { ...own, ...createCircuits(own) };
  const cut = { ...open, ...createEdges(open) };
  const drawn = { ...cut, ...createPicture(cut) };
  return { ...drawn, ...createSelected(drawn) };
}
