import type { AttentionRow, CircuitDetails } from '../../src/circuit/details.js';
import { haveEqualLengths, promptShown, type PromptShown } from './prompt-shown.js';

/** Where a reader attends in the circuit, with an edge and without it. */
export interface EdgeReads extends PromptShown {
  readonly rows: readonly AttentionRow[];
}

/**
 * The rows of a query or key edge on a prompt, or their mean where the prompts have the same rows of equal length.
 * Otherwise the first prompt stands for it.
 *
 * @param asked index of the prompt; null asks for the mean.
 * @returns null where they were not measured.
 */
export function edgeReads(details: CircuitDetails, edge: string, asked: number | null): EdgeReads | null {
  const prompts = Object.hasOwn(details.reads, edge) ? details.reads[edge]! : [];
  const [first] = prompts;
  if (!first || first.length === 0) return null;
  const isEqual =
    haveEqualLengths(details.prompts) &&
    prompts.every((rows) => rows.length === first.length && rows.every((row, i) => isSame(row, first[i]!)));
  const measured = { what: 'these rows', count: prompts.length, differ: isEqual ? null : 'their tokens' };
  const shown = promptShown(details.prompts, measured, asked);
  if (shown.prompt !== null) return { ...shown, rows: prompts[shown.prompt]! };
  const mean = (name: 'kept' | 'cut', i: number): Float32Array =>
    first[i]![name].map((_, key) => prompts.reduce((sum, rows) => sum + rows[i]![name][key]!, 0) / prompts.length);
  const rows = first.map((row, i) => ({ ...row, kept: mean('kept', i), cut: mean('cut', i) }));
  return { ...shown, rows };
}

function isSame(a: AttentionRow, b: AttentionRow): boolean {
  return a.head === b.head && a.query === b.query && a.kept.length === b.kept.length;
}

/** A token that a row attends to, with an edge and without it. */
export interface ReadToken {
  readonly key: number;
  readonly kept: number;
  readonly cut: number;
}

/** Tokens with less attention than this are left out where there are others. */
const LEAST_SHARE = 0.02;
/** A smaller change of a share is none: it is no percentage point. */
export const LEAST_CHANGE = 0.01;

/** The tokens that a row attends to, in their order, and what is left for the others. */
export function readTokens({ kept, cut }: Pick<AttentionRow, 'kept' | 'cut'>): {
  readonly tokens: readonly ReadToken[];
  readonly others: { readonly count: number; readonly kept: number; readonly cut: number };
} {
  const all = tokensIn({ kept, cut });
  const tokens = all.filter((token) => Math.max(token.kept, token.cut) >= LEAST_SHARE);
  const rest = all.filter((token) => !tokens.includes(token));
  const sum = (name: 'kept' | 'cut'): number => rest.reduce((total, token) => total + token[name], 0);
  return { tokens, others: { count: rest.length, kept: sum('kept'), cut: sum('cut') } };
}

/** The token whose attention the cut changes most. Null where it changes none by a percentage point. */
export function mostChanged(row: Pick<AttentionRow, 'kept' | 'cut'>): ReadToken | null {
  const [most] = tokensIn(row).sort((a, b) => Math.abs(b.kept - b.cut) - Math.abs(a.kept - a.cut));
  return most && Math.abs(most.kept - most.cut) >= LEAST_CHANGE ? most : null;
}

function tokensIn({ kept, cut }: Pick<AttentionRow, 'kept' | 'cut'>): ReadToken[] {
  return [...kept].map((share, key) => ({ key, kept: share, cut: cut[key]! }));
}
