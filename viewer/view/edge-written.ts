import type { CircuitDetails, TokenLogit } from '../../src/circuit/details.js';
import type { EdgeRecord } from '../data/circuit-data.js';

/** Tokens that are written over an edge, strongest first, mean over the prompts. */
export interface Written {
  readonly tokens: readonly TokenLogit[];
  /** How they were taken, in a sentence. */
  readonly how: string;
}

/**
 * What an edge's sender writes: through the reader's values where that was measured, else by itself at the token where
 * its output is used, else at the measured token. Null where none of it was measured.
 */
export function writtenOver(
  details: CircuitDetails,
  { id, source, target, kind }: EdgeRecord,
  label: (node: string) => string,
): Written | null {
  if (kind === 'direct') return null;
  const through = Object.hasOwn(details.writtenThrough, id) ? details.writtenThrough[id]! : [];
  const from = label(source);
  if (through.length > 0) {
    const how = `What ${from} writes, through the values and the output of ${label(target)}, at the token that is read most.`;
    return { tokens: through, how };
  }
  if (source === 'input') return { tokens: [], how: 'The input writes the embedding of each token, at that token.' };
  const sender = Object.hasOwn(details.nodes, source) ? details.nodes[source]! : null;
  if (!sender) return null;
  if (sender.writes.length > 0) {
    const how = `What ${from} promotes by itself, at the token where its output is used. The reader may do something else with it.`;
    return { tokens: sender.writes, how };
  }
  if (sender.promotes.length === 0) return null;
  return { tokens: sender.promotes, how: `What ${from} promotes by itself, at the measured token.` };
}
