import type { Layout } from '../../src/model/layout.js';

/** A layout of GPT-2's pieces, but for its sizes. */
export const PLAIN_PIECES = {
  gate4: 0,
  logitsCapped: false,
  postNorms: false,
  queryKeyNorm: 'none',
  rotaryPairs: 0,
} satisfies Partial<Layout>;
