import type { CircuitData } from '../data/circuit-data.js';
import type { ViewState } from './view-state.js';

export type Port = keyof ViewState['ports'];
export type FilteredKind = keyof ViewState['kinds'];

/** The filters that can change what is shown of a circuit. */
export interface FilterChoices {
  /** Ports of its edges. None where all edges lead into the same port. */
  readonly ports: readonly Port[];
  /** Kinds of its nodes. Features and errors are no kind of the filter. */
  readonly kinds: readonly FilteredKind[];
  /** Whether there are queries, keys and values to merge. */
  readonly merges: boolean;
}

const PORTS = ['q', 'k', 'v', 'out'] as const;
const KINDS = ['input', 'head', 'mlp', 'logits'] as const;

export function filterChoices({ nodes, edges }: CircuitData): FilterChoices {
  const used = new Set(edges.map(({ port }) => port));
  const kinds = new Set(nodes.map(({ kind }) => (kind === 'kv' ? 'head' : kind)));
  const ports = PORTS.filter((port) => used.has(port));
  return {
    ports: ports.length > 1 ? ports : [],
    kinds: KINDS.filter((kind) => kinds.has(kind)),
    merges: ports.some((port) => port !== 'out'),
  };
}
