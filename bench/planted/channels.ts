import type { Rng } from '../../src/base/rng.js';
import { orthonormal } from '../../src/truth/directions.js';

/**
 * What the planted circuit passes on, each in a subspace of the residual stream of its own: `token` the identity of the
 * token at a position (embedding and unembedding), `gathered` and `refined` the same after the first heads and after
 * the first MLPs, `previous` that of the token before, `duplicate` that of a token seen earlier, `inhibit` the one not
 * to answer, `answer` the one to answer.
 */
export type Channel = 'token' | 'gathered' | 'refined' | 'previous' | 'duplicate' | 'inhibit' | 'answer';
export const CHANNELS: readonly Channel[] = [
  'token',
  'gathered',
  'refined',
  'previous',
  'duplicate',
  'inhibit',
  'answer',
];

/** Cosine and sine of so many frequencies tell positions apart up to twice as many tokens. */
export const FREQUENCIES = 8;

/**
 * Orthonormal directions of the residual stream: all rows have length `width`. A channel has a row per dimension of the
 * identity code, and a last one that says "there is a name".
 */
export interface Channels {
  readonly width: number;
  readonly codeWidth: number;
  readonly of: Readonly<Record<Channel, readonly Float64Array[]>>;
  /** Marks position 0, where heads look that find nothing. */
  readonly rest: Float64Array;
  /** Cosine and sine rows in turn. */
  readonly position: readonly Float64Array[];
}

export function drawChannels(width: number, codeWidth: number, rng: Rng): Channels {
  const rows = orthonormal(CHANNELS.length * (codeWidth + 1) + 1 + 2 * FREQUENCIES, width, rng);
  const take = (count: number): Float64Array[] => rows.splice(0, count);
  return {
    width,
    codeWidth,
    of: Object.fromEntries(CHANNELS.map((name) => [name, take(codeWidth + 1)])) as unknown as Channels['of'],
    rest: take(1)[0]!,
    position: take(2 * FREQUENCIES),
  };
}
