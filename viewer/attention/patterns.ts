import type { CircuitDetails, PromptDetails } from '../../src/circuit/details.js';
import type { AttentionView } from '../view/view-state.js';
import { haveEqualLengths, promptShown, type PromptShown } from './prompt-shown.js';

/** The attention pattern of a head. */
export interface HeadPattern {
  readonly head: string;
  /** [n, n] row-major, n = number of tokens; row = query. Of a difference -1..1, else 0..1. */
  readonly weights: Float32Array;
}

/** The patterns of some heads over the same tokens. */
export interface ShownAttention extends PromptShown {
  /** In a mean a position whose token is not the same on every prompt has `ANY_TOKEN`. */
  readonly tokens: readonly string[];
  /** The tokens of the other run, of the same length. */
  readonly otherTokens: readonly string[];
  /** Index of the token whose prediction is measured; null where it is not the same on every prompt. */
  readonly measured: number | null;
  readonly patterns: readonly HeadPattern[];
  /** Heads of which this run was not measured. */
  readonly missing: readonly string[];
  /** The patterns are differences: clean minus corrupted. */
  readonly signed: boolean;
  /** The weight that is drawn in full colour. */
  readonly most: number;
}

export const ANY_TOKEN = '·';
/** A difference smaller than this is never drawn in full colour. */
const LEAST_RANGE = 0.05;

/**
 * The attention of heads on one prompt, or the mean over the prompts. The mean is over prompts of equal length alone;
 * otherwise the first prompt stands for it.
 *
 * @param asked index of the prompt; null asks for the mean.
 * @returns null where no head was measured.
 */
export function attentionOf(
  details: CircuitDetails,
  heads: readonly string[],
  run: AttentionView['run'],
  asked: number | null,
): ShownAttention | null {
  const measured = heads.flatMap((head) => {
    const runs = runsOf(details, head, run);
    return runs ? [{ head, runs }] : [];
  });
  if (measured.length === 0) return null;
  const count = Math.min(...measured.map(({ runs }) => runs.length));
  const differ = haveEqualLengths(details.prompts) ? null : 'length';
  const { prompt, note } = promptShown(details.prompts, { what: 'this run', count, differ }, asked);
  const patterns = measured.map(({ head, runs }) => ({
    head,
    weights: prompt === null ? meanOf(runs) : runs[prompt]!,
  }));
  const clean = prompt === null ? sharedTokens(details.prompts, 'clean') : details.prompts[prompt]!.clean;
  const corrupted = prompt === null ? sharedTokens(details.prompts, 'corrupted') : details.prompts[prompt]!.corrupted;
  const [tokens, otherTokens] = run === 'corrupted' ? [corrupted, clean] : [clean, corrupted];
  if (patterns.some(({ weights }) => weights.length !== tokens.length ** 2)) return null;
  const shown = new Set(measured.map(({ head }) => head));
  const signed = run === 'difference';
  return {
    prompt,
    note,
    tokens,
    otherTokens,
    measured: prompt === null ? sharedPosition(details.prompts) : details.prompts[prompt]!.position,
    patterns,
    missing: heads.filter((head) => !shown.has(head)),
    signed,
    most: signed ? Math.max(LEAST_RANGE, ...patterns.map(({ weights }) => largest(weights))) : 1,
  };
}

/** Whether the attention of any of the heads on this run was measured. */
export function hasRun(details: CircuitDetails, heads: readonly string[], run: AttentionView['run']): boolean {
  return heads.some((head) => runsOf(details, head, run) !== null);
}

/** Per prompt the patterns of a run. Null where none was measured. */
function runsOf(
  { nodes, prompts }: CircuitDetails,
  head: string,
  run: AttentionView['run'],
): readonly Float32Array[] | null {
  if (!Object.hasOwn(nodes, head)) return null;
  const { attention: clean, corruptedAttention: corrupted } = nodes[head]!;
  const wanted = run === 'corrupted' ? [corrupted] : run === 'difference' ? [clean, corrupted] : [clean];
  const count = Math.min(prompts.length, ...wanted.map((patterns) => patterns?.length ?? 0));
  if (count === 0) return null;
  const [first, minus] = wanted as (readonly Float32Array[])[];
  const runs = first!.slice(0, count);
  return minus ? runs.map((pattern, n) => pattern.map((weight, i) => weight - minus[n]![i]!)) : runs;
}

function meanOf(patterns: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(patterns[0]!.length);
  for (const pattern of patterns) for (let i = 0; i < mean.length; i++) mean[i]! += pattern[i]! / patterns.length;
  return mean;
}

function sharedTokens(prompts: readonly PromptDetails[], run: 'clean' | 'corrupted'): string[] {
  return prompts[0]![run].map((token, i) => (prompts.every((prompt) => prompt[run][i] === token) ? token : ANY_TOKEN));
}

function sharedPosition(prompts: readonly PromptDetails[]): number | null {
  const { position } = prompts[0]!;
  return prompts.every((prompt) => prompt.position === position) ? position : null;
}

function largest(weights: Float32Array): number {
  return weights.reduce((most, weight) => (Math.abs(weight) > most ? Math.abs(weight) : most), 0);
}
