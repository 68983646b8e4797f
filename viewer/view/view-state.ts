/** What the reader sees and has chosen. Plain data: all of it goes into the URL. */
export interface ViewState {
  /** Name of the document shown, and of the one it is compared with. */
  readonly file: string | null;
  readonly compareWith: string | null;

  readonly layout: LayoutName;
  readonly theme: 'auto' | 'light' | 'dark';
  /** What an edge's hue says. */
  readonly hue: 'sign' | 'port' | 'source';
  /** Each head one node instead of a head with ports q, k and v. */
  readonly mergePorts: boolean;
  readonly hideUnconnected: boolean;

  /** Edges to choose from: those the circuit keeps, or all candidates. Null = by the document (see `defaultScope`). */
  readonly scope: 'circuit' | 'all' | null;
  readonly limitBy: LimitKind;
  /** top: number of edges; effect: smallest |effect|; share: cumulative share of the sum of |effect|, 0..1. Null = default. */
  readonly limit: number | null;
  readonly ports: { readonly q: boolean; readonly k: boolean; readonly v: boolean; readonly out: boolean };
  /** Node kinds of which edges are shown; an edge needs both its ends. */
  readonly kinds: { readonly input: boolean; readonly head: boolean; readonly mlp: boolean; readonly logits: boolean };
  /** First and last layer shown; null = all. `input` and `logits` belong to every range. */
  readonly layers: readonly [number, number] | null;

  readonly query: string;
  /** A display node or display edge, whose card is open. */
  readonly selected: string | null;
  readonly pinned: readonly string[];
  readonly groups: readonly Group[];
  /** By node, edge or group name. */
  readonly notes: Readonly<Record<string, string>>;
  /** Nodes that were dragged, by layout, in layout coordinates. */
  readonly positions: Readonly<Partial<Record<LayoutName, Readonly<Record<string, readonly [number, number]>>>>>;

  /** How the scores of a file that does not say so are to be read. */
  readonly sign: 'as-stated' | 'positive-helps' | 'negative-helps';
  /** Number of decisions that are replayed; null = no replay. */
  readonly step: number | null;
  /** Of a comparison: show only that circuit (the blink key); null = the union. */
  readonly blink: 'a' | 'b' | null;
  readonly tab: 'card' | 'edges' | 'prompts' | 'compare' | 'history';
  /** Index of the prompt that cards show; null = mean over the prompts. */
  readonly prompt: number | null;
}

export type LayoutName = 'grid' | 'figure' | 'force';
export type LimitKind = 'top' | 'effect' | 'share';

/** Nodes drawn as one. A node is in one group at most; `input` and `logits` in none. */
export interface Group {
  readonly name: string;
  readonly members: readonly string[];
}

/** What is kept inside the circuit file, under `edgewise.view`. */
export type SavedView = Partial<
  Pick<ViewState, 'layout' | 'mergePorts' | 'pinned' | 'groups' | 'notes' | 'positions' | 'sign'>
>;

export const DEFAULT_VIEW: ViewState = {
  file: null,
  compareWith: null,
  layout: 'grid',
  theme: 'auto',
  hue: 'sign',
  mergePorts: false,
  hideUnconnected: false,
  scope: null,
  limitBy: 'top',
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
};

/** Edges shown at first: enough to see the circuit, few enough to read. */
export const DEFAULT_EDGES = 200;
