import type { EdgeClass, EdgeRecord } from '../data/circuit-data.js';

/** Names of the circuit's nodes and edges that a search found. Null = nothing is searched. */
export type Found = { readonly nodes: ReadonlySet<string>; readonly edges: ReadonlySet<string> } | null;

/** What stands out, whatever the filters say. */
export interface Marked {
  readonly found: Found;
  /** Name of the edge that a replay decided on last. It is drawn even where it was removed. Null = none. */
  readonly deciding: string | null;
}

/** A line between two marks: one of the circuit's edges, several of them, or a link. */
export interface DisplayEdge {
  /** Names of the circuit's edges that the display edge stands for, strongest first. A `shared` link has none. */
  readonly edges: readonly string[];
  readonly port: 'q' | 'k' | 'v' | 'out' | 'several';
  /** Where nodes are boxes: the tab of its target that it ends at. Null = none. */
  readonly tab: 'q' | 'k' | 'v' | null;
  /** `shared`: from a key/value head to a head that reads it. It is drawn so that paths go on, and cannot be chosen. */
  readonly kind: 'addition' | 'direct' | 'shared';
  /** Sum of the effects of `edges`. Null when none was measured. */
  readonly effect: number | null;
  /** |effect| / largest |effect| of the scene, 0..1. 0 when not measured. */
  readonly strength: number;
  readonly class: EdgeClass | null;
  readonly pending: boolean;
  readonly inCircuit: boolean;
  /** Number of its edges that are kept and carry nothing in the circuit. */
  readonly idle: number;
  /** In a replay: it was decided on last. */
  readonly deciding: boolean;
  /**
   * The edge is a quadratic curve. Its control point is the midpoint of its ends + curvature * (-dy, dx), where (dx,
   * dy) leads from source to target.
   */
  readonly curvature: number;
  readonly found: boolean | null;
}

/** A link that is no edge of the circuit: from a key/value head to a head that reads it. */
export interface SharedLink extends Pick<EdgeRecord, 'id' | 'port' | 'pending' | 'inCircuit' | 'idle' | 'contrast'> {
  readonly kind: 'shared';
}

/** Display edges as columns. A haze has tens of thousands of them, and no object for each. */
export interface EdgeColumns {
  /** [edges] What it stands for: the strongest where that is several. Its name is the display edge's. */
  readonly first: readonly (EdgeRecord | SharedLink)[];
  /** By index: all that it stands for, strongest first, where that is several. */
  readonly several: ReadonlyMap<number, readonly EdgeRecord[]>;
  /** [edges] Index of the node that it comes from. */
  readonly source: Int32Array;
  /** [edges] Index of the node that it leads to. */
  readonly target: Int32Array;
  /** [edges] Sum of the effects. NaN = none was measured. */
  readonly effect: Float64Array;
  /** [edges] 0..1. */
  readonly strength: Float64Array;
  /** [edges] The only column that a layout changes. */
  readonly curvature: Float64Array;
  /** Edges into ports end at the tabs of boxes. */
  readonly withTabs: boolean;
  readonly marked: Marked;
}

/** A row of the columns, read when it is asked for. */
export class EdgeRow implements DisplayEdge {
  readonly #columns: EdgeColumns;
  readonly #index: number;

  constructor(columns: EdgeColumns, index: number) {
    this.#columns = columns;
    this.#index = index;
  }

  get edges(): readonly string[] {
    const several = this.#several;
    if (several) return several.map(({ id }) => id);
    const { id, kind } = this.#first;
    return kind === 'shared' ? [] : [id];
  }

  get port(): DisplayEdge['port'] {
    const { port } = this.#first;
    return this.#several?.some((edge) => edge.port !== port) ? 'several' : port;
  }

  get tab(): DisplayEdge['tab'] {
    const { port } = this;
    const ends = this.#columns.withTabs && this.#first.kind === 'addition';
    return !ends || port === 'out' || port === 'several' ? null : port;
  }

  get kind(): DisplayEdge['kind'] {
    return this.#first.kind;
  }

  get effect(): number | null {
    const effect = this.#columns.effect[this.#index]!;
    return Number.isNaN(effect) ? null : effect;
  }

  get strength(): number {
    return this.#columns.strength[this.#index]!;
  }

  get class(): EdgeClass | null {
    return this.#first.contrast?.class ?? null;
  }

  get pending(): boolean {
    return this.#several?.every((edge) => edge.pending) ?? this.#first.pending;
  }

  get inCircuit(): boolean {
    return this.#several?.some((edge) => edge.inCircuit) ?? this.#first.inCircuit;
  }

  get idle(): number {
    return this.#several?.filter((edge) => edge.idle).length ?? Number(this.#first.idle);
  }

  get deciding(): boolean {
    const { deciding } = this.#columns.marked;
    return deciding !== null && this.edges.includes(deciding);
  }

  get curvature(): number {
    return this.#columns.curvature[this.#index]!;
  }

  get found(): boolean | null {
    const { found } = this.#columns.marked;
    if (!found || this.kind === 'shared') return null;
    return this.edges.some((name) => found.edges.has(name));
  }

  get #first(): EdgeRecord | SharedLink {
    return this.#columns.first[this.#index]!;
  }

  get #several(): readonly EdgeRecord[] | undefined {
    const { several } = this.#columns;
    return several.size === 0 ? undefined : several.get(this.#index);
  }
}
