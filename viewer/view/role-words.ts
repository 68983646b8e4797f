import { rolesOf } from '../../src/circuit/roles.js';
import type { Look, PromptDetails, Role, Verdict } from '../../src/circuit/details.js';
import { VERDICT_RULES } from '../../src/circuit/verdicts.js';

const ROLE_WORDS: Readonly<Record<Look['at'], string>> = {
  answer: 'answer',
  'wrong-first': 'wrong answer, 1st',
  'wrong-later': 'wrong answer, later',
  changed: 'changed',
  measured: 'measured',
  first: 'first',
  other: 'other',
  self: 'itself',
  previous: 'the one before',
};

/**
 * What a token is to its prompt, in a word or two. @param mentions the prompts mention a wrong answer more than once.
 */
export function roleWords(role: Look['at'], mentions = true): string {
  return role === 'wrong-first' && !mentions ? 'wrong answer' : ROLE_WORDS[role];
}

/** Roles by the texts of the tokens. A file holds no ids; two tokens of one text count as one. */
export function promptRoles({ clean, corrupted, position, correct, wrong }: PromptDetails): readonly Role[] {
  return rolesOf({ clean, corrupted, position, correct, wrong });
}

/** Whether a prompt mentions a wrong answer more than once: then its mentions have names of their own. */
export function hasLaterMentions(prompts: readonly PromptDetails[]): boolean {
  return prompts.some((prompt) => promptRoles(prompt).includes('wrong-later'));
}

const VERDICT_WORDS: Readonly<Record<Verdict['kind'], string>> = {
  'previous-token': 'previous token',
  'duplicate-token': 'duplicate token',
  induction: 'induction',
  'name-mover': 'name mover',
};

export function verdictWords({ kind }: Pick<Verdict, 'kind'>): string {
  return VERDICT_WORDS[kind];
}

/** What the roles mean, for the help. */
export const ROLE_HELP =
  'Tokens by what they are to their prompt: the answer; the wrong answer, at its first mention and at later ones; changed: ' +
  'the corrupted prompt has another token there; measured: the answer comes after it; first: it begins the prompt.';

/** From when on a head is called so, for the help. */
export const VERDICT_HELP =
  `A head is called "previous token", "duplicate token" or "induction" when at least ${100 * VERDICT_RULES.share} % of its ` +
  'attention, from tokens that have such a place, is on it. It is called "name mover" when on most prompts it stands at ' +
  `the measured token, has at least ${100 * VERDICT_RULES.share} % of its attention on the answer, promotes the answer among ` +
  `its ${VERDICT_RULES.rank} strongest tokens and has a positive direct effect.`;
