import { DETECTORS, type DetectorName, type HeadDetectors } from '../../src/circuit/details.js';

/** A kind of head in words, and the share of a head's attention that is as of such a head: 0 to 1. */
export interface HeadKind {
  readonly words: string;
  readonly share: number;
}

const WORDS: Readonly<Record<DetectorName, string>> = {
  previous_token: 'previous token',
  duplicate_token: 'duplicate token',
  induction: 'induction',
};

/** The kinds that a head attends like, likeliest first. Attention to the first token and to itself does not count. */
export function headKinds(detectors: HeadDetectors): HeadKind[] {
  return DETECTORS.map((name) => ({ words: WORDS[name], share: detectors[name].excludeBosAndCurrent.mul }))
    .filter(({ share }) => Number.isFinite(share))
    .sort((a, b) => b.share - a.share);
}
