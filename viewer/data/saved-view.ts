/** What a circuit file can keep of a view, under `edgewise.view`. */
export interface SavedFields {
  readonly layout: LayoutName;
  /** Each head is one node instead of a head with ports q, k and v. */
  readonly mergePorts: boolean;
  /** Names of nodes. */
  readonly pinned: readonly string[];
  readonly groups: readonly Group[];
  /** Texts by the name of a node, an edge or a group. */
  readonly notes: Readonly<Record<string, string>>;
  /** Places of dragged nodes: by layout, then by node, in layout units. */
  readonly positions: Readonly<Partial<Record<LayoutName, Readonly<Record<string, readonly [number, number]>>>>>;
  readonly sign: SignReading;
}

/** A view in a file. A field that is missing has its default. */
export type SavedView = Partial<SavedFields>;

export type LayoutName = 'grid' | 'figure' | 'tokens' | 'force';

/** How the scores of a file are read when the file does not say what a positive score means. */
export type SignReading = 'as-stated' | 'positive-helps' | 'negative-helps';

/** Nodes that are drawn as one. A node is in one group at most. `input` and `logits` are in none. */
export interface Group {
  readonly name: string;
  readonly members: readonly string[];
}
