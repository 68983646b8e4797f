/** A seeded generator of reproducible pseudo-random numbers. */
export interface Rng {
  /** Uniform in [0, 1), with 32 random bits. */
  next(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** `count` distinct items of `items`, in random order. */
  sample<T>(items: readonly T[], count: number): T[];
  /** Standard normal deviate (Box-Muller). */
  normal(): number;
}

/** Mulberry32: 32 bits of state, the same sequence on every platform. Not for cryptography. */
export function createRng(seed: number): Rng {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return {
    next,
    below,
    sample<T>(items: readonly T[], count: number): T[] {
      // As if each were taken out of a copy of the items, which may be many.
      const taken: number[] = [];
      const chosen: T[] = [];
      for (let left = items.length; left > 0 && chosen.length < count; left--) {
        let at = below(left);
        let before = 0;
        while (before < taken.length && taken[before]! <= at) {
          at++;
          before++;
        }
        taken.splice(before, 0, at);
        chosen.push(items[at]!);
      }
      return chosen;
    },
    normal(): number {
      return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    },
  };
}
