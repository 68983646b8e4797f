import type { Look, Role } from './details.js';
import type { Patterns } from './standing-positions.js';

/** Most pairs that are told. */
const MOST_LOOKS = 3;

/**
 * Where a head looks from the tokens at which its output is used: pairs of roles with their share of its attention. Of
 * tokens that have no better role, the query's own is `self` and the one before it `previous`. Tokens of one role count
 * together. The pair with the most attention over all prompts comes first. A pair without attention is none.
 *
 * @param roles per prompt: see rolesOf. @param at per prompt the query: see standingPositions.
 */
export function looksOf(patterns: Patterns, roles: readonly (readonly Role[])[], at: readonly number[]): Look[] {
  const pairs = new Map<string, { from: Role; at: Look['at']; sum: number; prompts: number }>();
  patterns.forEach((pattern, n) => {
    const query = at[n]!;
    const from = roles[n]![query]!;
    for (const [seen, share] of attentionByRole(pattern, roles[n]!, query)) {
      const pair = pairs.get(`${from} ${seen}`) ?? { from, at: seen, sum: 0, prompts: 0 };
      pairs.set(`${from} ${seen}`, { ...pair, sum: pair.sum + share, prompts: pair.prompts + 1 });
    }
  });
  return [...pairs.values()]
    .filter(({ sum }) => sum > 0)
    .sort((a, b) => b.sum - a.sum)
    .slice(0, MOST_LOOKS)
    .map(({ sum, prompts, ...pair }) => ({ ...pair, share: Math.min(1, sum / prompts), prompts }));
}

/** The attention of one query by what it is on. @param pattern [n, n], n = number of roles. */
export function attentionByRole(
  pattern: ArrayLike<number>,
  roles: readonly Role[],
  query: number,
): Map<Look['at'], number> {
  const shares = new Map<Look['at'], number>();
  for (let key = 0; key <= query; key++) {
    const seen = seenAs(roles[key]!, key, query);
    shares.set(seen, (shares.get(seen) ?? 0) + pattern[query * roles.length + key]!);
  }
  return shares;
}

/** The measured and the first token have a role by their place alone. From there itself, they are the query's own. */
function seenAs(role: Role, key: number, query: number): Look['at'] {
  if (key === query && (role === 'measured' || role === 'first' || role === 'other')) return 'self';
  return key === query - 1 && role === 'other' ? 'previous' : role;
}
