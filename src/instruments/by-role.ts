import { mean } from '../base/mean.js';
import { ROLES, type Role } from '../circuit/details.js';
import { rolesOf } from '../circuit/roles.js';
import type { AveragedTraces, CausalTrace } from '../files/own/tracing-json.js';
import type { PromptPair } from '../task/types.js';

/** What each token of each clean prompt is to its prompt: see rolesOf. */
export function rolesOfPairs(pairs: readonly PromptPair[]): Role[][] {
  return pairs.map((pair) => rolesOf(pair));
}

/** By role that occurs the positions of every prompt that have it. */
export function positionsByRole(
  roles: readonly (readonly Role[])[],
): { readonly role: Role; readonly positions: readonly (readonly number[])[] }[] {
  return ROLES.map((role) => ({
    role,
    positions: roles.map((ofPrompt) => ofPrompt.flatMap((one, position) => (one === role ? [position] : []))),
  })).filter(({ positions }) => positions.some((ofPrompt) => ofPrompt.length > 0));
}

/**
 * Traces of several prompts as one, with roles in the place of positions: the mean over the prompts that have the role
 * of the mean over its positions.
 */
export function averagedTraces(traces: readonly CausalTrace[], roles: readonly (readonly Role[])[]): AveragedTraces {
  const classes = positionsByRole(roles);
  const over = (values: (trace: CausalTrace, position: number) => number, positions: readonly (readonly number[])[]) =>
    mean(
      positions.flatMap((ofPrompt, n) =>
        ofPrompt.length === 0 ? [] : [mean(ofPrompt.map((position) => values(traces[n]!, position)))],
      ),
    );
  const table = (rows: (trace: CausalTrace) => readonly (readonly number[])[]): number[][] =>
    classes.map(({ positions }) =>
      rows(traces[0]!)[0]!.map((_, layer) => over((trace, position) => rows(trace)[position]![layer]!, positions)),
    );
  const windows = (kind: 'mlp_out' | 'attn_out'): Record<string, number[][]> =>
    Object.fromEntries(
      Object.keys(traces[0]![kind] ?? {}).map((width) => [width, table((trace) => trace[kind]![width]!)]),
    );
  return {
    prompts: traces.length,
    roles: classes.map(({ role }) => role),
    high: mean(traces.map(({ high }) => high)),
    low: mean(traces.map(({ low }) => low)),
    embed: classes.map(({ positions }) => over((trace, position) => trace.embed[position]!, positions)),
    resid_post: table(({ resid_post }) => resid_post),
    ...(traces[0]!.mlp_out && { mlp_out: windows('mlp_out') }),
    attn_out: windows('attn_out'),
  };
}
