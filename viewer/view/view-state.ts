import type { Measure } from '../data/measure.js';
import type { SavedFields } from '../data/saved-view.js';

/** What the reader sees and has chosen. It is plain data, and all of it goes into the URL. */
export interface ViewState extends SavedFields {
  /** Name of the document that is shown. */
  readonly file: string | null;
  /** Name of the document that it is compared with. */
  readonly compareWith: string | null;

  readonly theme: 'auto' | 'light' | 'dark';
  /** The number by which edges are drawn, ranked and cut. Null = the best that the document has: see `measuresOf`. */
  readonly drawnBy: Measure | null;
  /** What the hue of an edge says. */
  readonly hue: 'sign' | 'port' | 'source';
  readonly hideUnconnected: boolean;

  /** Edges to choose from: the circuit's, or all candidates. Null = by the document (see `defaultScope`). */
  readonly scope: 'circuit' | 'all' | null;
  readonly limitBy: LimitKind;
  /** Only edges on paths from the input to the logits. Null = by the document: on for files of other programs. */
  readonly onPaths: boolean | null;
  /**
   * Where the list of edges ends. Null = default. The unit is that of `limitBy`:
   *
   * - `circuit`: number of edges; the connected circuit with the most edges up to it is shown
   * - `top`: number of edges
   * - `effect`: smallest |effect|
   * - `share`: share of the sum of |effect|, 0..1
   */
  readonly limit: number | null;
  readonly ports: { readonly q: boolean; readonly k: boolean; readonly v: boolean; readonly out: boolean };
  /** Kinds of nodes whose edges are shown. An edge needs both its ends. */
  readonly kinds: { readonly input: boolean; readonly head: boolean; readonly mlp: boolean; readonly logits: boolean };
  /** First and last layer shown. Null = all. `input` and `logits` belong to every range. */
  readonly layers: readonly [number, number] | null;

  readonly query: string;
  /** The display node or display edge whose card is open. */
  readonly selected: string | null;

  /** Number of decisions that are replayed. Null = no replay. */
  readonly step: number | null;
  /** In a comparison: the one circuit that is shown (the blink key). Null = the union of both. */
  readonly blink: 'a' | 'b' | null;
  readonly tab: 'card' | 'heads' | 'edges' | 'paths' | 'prompts' | 'compare' | 'history' | 'results';
  /** Index of the prompt that the whole page shows. Null = mean over the prompts. */
  readonly prompt: number | null;
  /** How attention is shown, on every card and in the full window. */
  readonly attention: AttentionView;
}

export type LimitKind = 'circuit' | 'top' | 'effect' | 'share';

export interface AttentionView {
  readonly run: 'clean' | 'corrupted' | 'difference';
  readonly as: 'map' | 'lines';
  /** Every row, or only those that the circuit uses. */
  readonly rows: 'all' | 'used';
  /** The attention of all pinned heads, or of those of the whole circuit, fills the window. */
  readonly wide: boolean;
}

export const DEFAULT_VIEW: ViewState = {
  file: null,
  compareWith: null,
  layout: 'grid',
  theme: 'auto',
  drawnBy: null,
  hue: 'sign',
  mergePorts: false,
  hideUnconnected: false,
  scope: null,
  limitBy: 'circuit',
  onPaths: null,
  limit: null,
  ports: { q: true, k: true, v: true, out: true },
  kinds: { input: true, head: true, mlp: true, logits: true },
  layers: null,
  query: '',
  selected: null,
  pinned: [],
  groups: [],
  notes: {},
  positions: {},
  sign: 'as-stated',
  step: null,
  blink: null,
  tab: 'card',
  prompt: null,
  attention: { run: 'clean', as: 'map', rows: 'all', wide: false },
};

/** Edges that are shown at first: enough to see the circuit, few enough to read. */
export const DEFAULT_EDGES = 200;
