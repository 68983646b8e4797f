import type { CircuitData } from '../data/circuit-data.js';
import { plural } from './format.js';
import type { Found } from './search.js';
import type { Selection } from './selection.js';
import { DEFAULT_VIEW, type ViewState } from './view-state.js';

/** Why the drawing shows nothing, and the way back. */
export interface NothingLeft {
  readonly words: string;
  /** What the way back does, and the change of the view. Null where there is none. */
  readonly back: { readonly words: string; readonly patch: Partial<ViewState> } | null;
}

/**
 * Null where something is shown, and the search finds something.
 *
 * @param sizesKnown the file says how many layers and heads the model has.
 */
export function nothingLeft(
  data: CircuitData,
  selection: Selection,
  found: Found | null,
  view: ViewState,
  sizesKnown: boolean,
): NothingLeft | null {
  if (selection.edges.length === 0) return noEdges(data, selection);
  if (!found || found.nodes.size + found.edges.size > 0) return null;
  const query = view.query.trim();
  const said = `Nothing in this circuit fits “${query}”.${sizesKnown ? beyondWords(data, query) : ''}`;
  return { words: said, back: { words: 'Clear the search', patch: { query: '' } } };
}

function noEdges(data: CircuitData, { available, offPaths, circuit }: Selection): NothingLeft {
  const { ports, kinds, layers } = DEFAULT_VIEW;
  if (data.edges.length === 0) return { words: 'The file has no edges.', back: null };
  if (offPaths > 0) {
    const words = `None of the ${plural(offPaths, 'strongest edge')} lies on a path from input to logits.`;
    return { words, back: { words: 'Show edges off the paths too', patch: { onPaths: false } } };
  }
  if (available === 0 || circuit !== null) {
    const words = 'The filters let no edge through.';
    return { words, back: { words: 'Show all ports, nodes and layers', patch: { ports, kinds, layers } } };
  }
  return { words: 'The limit lets no edge through.', back: { words: 'Take the limit away', patch: { limit: null } } };
}

/** A head or a layer that the model does not have. */
function beyondWords({ layers, heads }: CircuitData, query: string): string {
  const named = /^[al]?(\d+)\.(?:h|kv)?(\d+)?$/.exec(query) ?? /^(?:m|mlp ?|layer:? ?)(\d+)$/.exec(query);
  if (!named || (Number(named[1]) < layers && Number(named[2] ?? 0) < heads)) return '';
  return ` The model has layers 0 to ${layers - 1}, of ${plural(heads, 'head')} each.`;
}
