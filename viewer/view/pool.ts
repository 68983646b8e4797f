import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import { hasSigns } from '../data/sign.js';
import type { ViewerDocument } from '../data/document.js';
import { connectedCircuits, type ConnectedCircuits } from './connected.js';
import type { ViewState } from './view-state.js';

/** The edges that the slider chooses from. */
export interface Pool {
  /** Edges of the scope, strongest first. Edges that were not measured are last. */
  readonly scoped: readonly EdgeRecord[];
  /** Those that pass the filters by port, kind and layer. */
  readonly edges: readonly EdgeRecord[];
  /** Number of measured edges among those that pass. */
  readonly measured: number;
  /** `sums[n]`: sum of |effect| of the n strongest that pass, for n up to `measured`. */
  readonly sums: Float64Array;
  /** False when there are several edges and no edge is stronger than another. A replay has edges to come: true. */
  readonly ranked: boolean;
  /** Whether an edge passes the filters by port, kind and layer. */
  readonly passes: (edge: EdgeRecord) => boolean;
  /** Of the edges of the scope. */
  connected(): ConnectedCircuits;
}

/** The last pool of each circuit. The slider moves far more often than the filters change. */
const pools = new WeakMap<CircuitData, { readonly key: string; readonly pool: Pool }>();

export function poolOf(data: CircuitData, view: ViewState): Pool {
  const key = JSON.stringify([view.scope, view.ports, view.kinds, view.layers]);
  const last = pools.get(data);
  if (last?.key === key) return last.pool;
  const pool = filtered(data, view);
  pools.set(data, { key, pool });
  return pool;
}

function filtered(data: CircuitData, { scope, ports, kinds, layers }: ViewState): Pool {
  const [first, last] = layers ?? [0, Infinity];
  const nodes = new Set<string>();
  for (const { id, kind, layer } of data.nodes) {
    // Features and their errors are no kind of the filter.
    const isOn = kind === 'feature' || kind === 'error' || kinds[kind === 'kv' ? 'head' : kind];
    if (isOn && (layer === null || (layer >= first && layer <= last))) nodes.add(id);
  }
  const passes = (edge: EdgeRecord): boolean => ports[edge.port] && nodes.has(edge.source) && nodes.has(edge.target);
  const circuitOnly = (scope ?? defaultScope(data)) === 'circuit';
  const scoped = circuitOnly ? data.edges.filter(({ inCircuit }) => inCircuit) : data.edges;
  const edges = scoped.filter(passes);
  const unmeasured = edges.findIndex((edge) => edge.effect === null);
  const measured = unmeasured < 0 ? edges.length : unmeasured;
  const sums = new Float64Array(measured + 1);
  for (let i = 0; i < measured; i++) sums[i + 1] = sums[i]! + strength(edges[i]!);
  const ranked = edges.length < 2 || edges.some((edge) => edge.pending || !isTied(edge, edges[0]!));
  let connected: ConnectedCircuits | null = null;
  return {
    scoped,
    edges,
    measured,
    sums,
    ranked,
    passes,
    connected: () => (connected ??= connectedCircuits(data, scoped)),
  };
}

/** The scope at first: the circuit if the file selects some of its edges, else all edges. */
export function defaultScope(data: CircuitData): 'circuit' | 'all' {
  const known = scopes.get(data);
  if (known) return known;
  const kept = data.edges.reduce((count, edge) => count + Number(edge.inCircuit), 0);
  const scope = kept > 0 && kept < data.edges.length ? 'circuit' : 'all';
  scopes.set(data, scope);
  return scope;
}

const scopes = new WeakMap<CircuitData, 'circuit' | 'all'>();

/**
 * Whether edges on no path are left out. Null in the view: of files of other programs, where their strongest edges are
 * shown. A circuit that nothing ranks is shown whole.
 */
export function keepsToPaths({ onPaths }: Pick<ViewState, 'onPaths'>, { circuit }: ViewerDocument): boolean {
  return onPaths ?? (!circuit?.provenance && circuit !== null && hasSigns(circuit));
}

export function strength(edge: EdgeRecord): number {
  return Math.abs(edge.effect ?? 0);
}

/** Whether nothing but their order tells two edges apart. Edges that a replay has yet to decide on are told by it. */
export function isTied(a: EdgeRecord, b: EdgeRecord): boolean {
  return strength(a) === strength(b) && (a.effect === null) === (b.effect === null) && !a.pending && !b.pending;
}
