import type { CircuitDetails } from '../../../src/circuit/details.js';
import type { CircuitData } from '../../data/circuit-data.js';

/** What stands at which token of one prompt. */
export interface TokenPlaces {
  readonly tokens: readonly string[];
  /** Indices of tokens that are others in the corrupted prompt. Empty where the prompts differ in length. */
  readonly changed: ReadonlySet<number>;
  /** Index of the token whose next one is measured. Null = there is none. */
  readonly measured: number | null;
  /** A right answer. Null where the prompt has none. */
  readonly answer: string | null;
  /** Index of the token that a node of the circuit stands at. Null = it stands at none. */
  columnOf(node: string): number | null;
  /** Where a head reads from there: share of its attention by token. Null = it reads nowhere, or nobody knows. */
  readsOf(node: string): ArrayLike<number> | null;
}

/** What was measured on a prompt. Null where it was not measured at which token the outputs of nodes are used. */
export function placesOnPrompt(details: CircuitDetails, prompt: number): TokenPlaces | null {
  const shown = details.prompts[prompt];
  if (!shown || Object.values(details.nodes).every(({ at }) => at === null)) return null;
  const { clean: tokens, corrupted, position, correct } = shown;
  const nodeOf = (node: string) => (Object.hasOwn(details.nodes, node) ? details.nodes[node] : undefined);
  const columnOf = (node: string): number | null => {
    if (node === 'logits') return position;
    return inside(nodeOf(node)?.at?.[prompt], tokens);
  };
  const changed =
    tokens.length === corrupted.length ? tokens.flatMap((one, i) => (one === corrupted[i] ? [] : [i])) : [];
  return {
    tokens,
    changed: new Set(changed),
    measured: position,
    answer: correct[0] ?? null,
    // The input stands at every token.
    columnOf: (node) => (node === 'input' ? null : columnOf(node)),
    readsOf: (node) => {
      const [pattern, query, n] = [nodeOf(node)?.attention?.[prompt], columnOf(node), tokens.length];
      if (!pattern || query === null || pattern.length !== n * n) return null;
      return pattern.subarray(query * n, query * n + query + 1);
    },
  };
}

/** The places that the nodes bring with them, as those of an attribution graph do. Null where they have none. */
export function ownPlaces({ tokens, nodeById }: CircuitData): TokenPlaces | null {
  if (!tokens) return null;
  const columnOf = (node: string) => inside(nodeById.get(node)?.position, tokens);
  return { tokens, changed: new Set(), measured: null, answer: null, columnOf, readsOf: () => null };
}

function inside(column: number | undefined, tokens: readonly string[]): number | null {
  return column !== undefined && column >= 0 && column < tokens.length ? column : null;
}
