import { DETECTORS, type DetectorName, type Role, type Verdict } from './details.js';
import { HEAD_TEMPLATES } from './head-templates.js';
import { attentionByRole } from './looks.js';
import type { Patterns } from './standing-positions.js';

/** From when on a head is said to be of a kind. */
export const VERDICT_RULES = {
  /** Share of the attention that must be where the kind attends: most of it. */
  share: 0.5,
  /** Share of the prompts on which something must hold: most of them. One prompt may say anything. */
  prompts: 0.5,
  /**
   * Place of the answer among the tokens that a name mover promotes, at most. By chance a token is among the first ten
   * once in V / 10 heads.
   */
  rank: 10,
} as const;

/** What verdicts follow from. Lists have one entry per prompt. */
export interface VerdictUse {
  readonly patterns: Patterns;
  /** Tokens of the clean prompts, as ids or as texts. */
  readonly tokens: readonly (readonly (number | string)[])[];
  /** See rolesOf. */
  readonly roles: readonly (readonly Role[])[];
  /** See standingPositions. */
  readonly at: readonly number[];
  /** The measured positions. */
  readonly measured: readonly number[];
  /** Direct effects on the logit difference, and places of the answer by the head's output; null without answers. */
  readonly direct: readonly number[] | null;
  readonly answerRank: readonly number[] | null;
}

const KINDS: Readonly<Record<DetectorName, Verdict['kind']>> = {
  previous_token: 'previous-token',
  duplicate_token: 'duplicate-token',
  induction: 'induction',
};

/**
 * What a head was found to be, the largest share first:
 *
 * - `previous-token`, `duplicate-token`, `induction`: at least half of its attention is where such a head attends, from
 *   the tokens that have such a place, mean over these. The first token and the query's own are no such place. Most
 *   prompts must have such tokens. A detector looks at all tokens; most of them have nothing to repeat.
 * - `name-mover`: on most prompts it stands at the measured position, has at least half of its attention on the answer,
 *   promotes the answer among its ten strongest tokens, and has a positive direct effect where that is known.
 */
export function earnedVerdicts(use: VerdictUse): Verdict[] {
  const templates = DETECTORS.map((name): Verdict => ({ kind: KINDS[name], share: templateShare(use, name) }));
  const earned = templates.filter(({ share }) => share >= VERDICT_RULES.share);
  const verdicts = [...earned, ...nameMover(use)];
  return verdicts.sort((a, b) => b.share - a.share);
}

/** NaN where too few prompts have a place of the kind. */
function templateShare({ patterns, tokens }: VerdictUse, name: DetectorName): number {
  const attends = HEAD_TEMPLATES[name];
  let [sum, rows, prompts] = [0, 0, 0];
  patterns.forEach((pattern, n) => {
    const words = tokens[n]!;
    const before = rows;
    words.forEach((_, i) => {
      const places = [...words.keys()].filter((j) => j > 0 && j < i && attends(words, i, j));
      if (places.length === 0) return;
      rows += 1;
      for (const j of places) sum += pattern[i * words.length + j]!;
    });
    if (rows > before) prompts += 1;
  });
  return prompts > VERDICT_RULES.prompts * patterns.length ? Math.min(1, sum / rows) : Number.NaN;
}

function nameMover({ patterns, roles, at, measured, direct, answerRank }: VerdictUse): Verdict[] {
  if (answerRank === null) return [];
  const shares = patterns.map((pattern, n) => attentionByRole(pattern, roles[n]!, at[n]!).get('answer') ?? 0);
  const holds = shares.map(
    (share, n) =>
      share >= VERDICT_RULES.share &&
      at[n] === measured[n] &&
      answerRank[n]! <= VERDICT_RULES.rank &&
      (direct === null || direct[n]! > 0),
  );
  if (!(holds.filter(Boolean).length > VERDICT_RULES.prompts * patterns.length)) return [];
  return [{ kind: 'name-mover', share: Math.min(1, shares.reduce((sum, share) => sum + share, 0) / shares.length) }];
}
