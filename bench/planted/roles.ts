import type { Channel } from './channels.js';

/** The share of each channel in what a port reads, or how strongly a node writes it. */
export type Mix = Partial<Record<Channel, number>>;

/**
 * What a planted head looks for. Its score of a query and a key position is
 *
 *     match (code of the query . code of the key) + ask (key is a name) + rest (key is position 0) + place [key = query
 *     - back]
 *
 * and it writes what `v` reads there.
 */
export interface HeadRole {
  readonly q: Mix;
  readonly k: Mix;
  readonly v: Mix;
  readonly out: Mix;
  readonly match: number;
  readonly ask: number;
  readonly rest: number;
  readonly place: number;
  readonly back: 0 | 1;
}

export type HeadRoleName = 'gather' | 'previous' | 'duplicate' | 'induction' | 'inhibit' | 'mover';

const IDENTITY: Mix = { token: 0.4, refined: 0.6 };

/**
 * The heads of indirect-object identification (Wang et al. 2022, arXiv:2211.00593) in the terms above: duplicate-token,
 * previous-token and induction heads find the name that comes twice, inhibition heads bring it to the last position,
 * and name movers copy the other name from where it stands. `gather` heads refine a token's identity where it stands.
 */
export const HEAD_ROLES: Readonly<Record<HeadRoleName, HeadRole>> = {
  gather: { q: {}, k: {}, v: IDENTITY, out: { gathered: 1 }, match: 0, ask: 0, rest: 0, place: 6, back: 0 },
  previous: { q: {}, k: {}, v: IDENTITY, out: { previous: 1 }, match: 0, ask: 0, rest: 0, place: 6, back: 1 },
  duplicate: {
    q: IDENTITY,
    k: IDENTITY,
    v: IDENTITY,
    out: { duplicate: 1 },
    match: 13,
    ask: 0,
    rest: 6,
    place: -15,
    back: 0,
  },
  induction: {
    q: IDENTITY,
    k: { previous: 1 },
    v: { previous: 1 },
    out: { duplicate: 1 },
    match: 13,
    ask: 0,
    rest: 6,
    place: 0,
    back: 0,
  },
  inhibit: {
    q: {},
    k: { duplicate: 1 },
    v: { duplicate: 1 },
    out: { inhibit: 1 },
    match: 0,
    ask: 14,
    rest: 4,
    place: 0,
    back: 0,
  },
  mover: {
    q: { inhibit: 1 },
    k: IDENTITY,
    v: IDENTITY,
    out: { answer: 1 },
    match: -6,
    ask: 7,
    rest: 2,
    place: 0,
    back: 0,
  },
};

export type MlpRoleName = 'refine' | 'confirm' | 'relay' | 'answer';

/** A planted MLP writes a smooth odd function of what it reads, coordinate by coordinate. */
export const MLP_ROLES: Readonly<Record<MlpRoleName, { readonly in: Mix; readonly out: Mix }>> = {
  refine: { in: { token: 0.4, gathered: 0.6 }, out: { refined: 1 } },
  confirm: { in: { duplicate: 1 }, out: { duplicate: 1 } },
  relay: { in: { inhibit: 1 }, out: { inhibit: 1 } },
  answer: { in: { answer: 1 }, out: { answer: 1 } },
};
