import type { PlantedShape } from './planted-model.js';

/** A small one, for tests: 4 layers of 4 heads. */
export const SMALL: PlantedShape = {
  name: 'small',
  layers: 4,
  heads: 4,
  headWidth: 56,
  mlpWidth: 256,
  vocab: 400,
  maxPositions: 32,
  codeWidth: 16,
  design: {
    heads: [
      ['gather', 0, 0.4],
      ['previous', 0, 1],
      ['duplicate', 0, 0.6],
      ['induction', 1, 0.6],
      ['inhibit', 2, 0.8, 0.5],
      ['mover', 3, 1, 0.7],
    ],
    mlps: [
      ['refine', 0, 0.7],
      ['confirm', 1, 0.3],
      ['relay', 2, 0.3],
      ['answer', 3, 0.6],
    ],
    weak: [
      { role: 'gather', first: 0, last: 0, share: 0.4, most: 0.06 },
      { role: 'duplicate', first: 0, last: 1, share: 0.3, most: 0.04 },
      { role: 'induction', first: 1, last: 1, share: 0.4, most: 0.04 },
      { role: 'inhibit', first: 2, last: 2, share: 0.6, most: 0.04 },
      { role: 'mover', first: 3, last: 3, share: 0.6, most: 0.04 },
    ],
  },
};

/** GPT-2 small's. */
export const GPT2_SMALL: PlantedShape = {
  name: 'gpt2-small',
  layers: 12,
  heads: 12,
  headWidth: 64,
  mlpWidth: 3072,
  vocab: 50_257,
  maxPositions: 1024,
  codeWidth: 32,
  design: {
    heads: [
      ['gather', 0, 0.16, 0.14, 0.12],
      ['duplicate', 0, 0.35, 0.2],
      ['gather', 1, 0.12],
      ['duplicate', 1, 0.18],
      ['previous', 1, 0.4],
      ['gather', 2, 0.12, 0.1],
      ['previous', 2, 0.35],
      ['gather', 3, 0.1],
      ['duplicate', 3, 0.18],
      ['previous', 3, 0.2],
      ['induction', 4, 0.25, 0.15],
      ['induction', 5, 0.2, 0.16],
      ['inhibit', 6, 0.6, 0.4],
      ['inhibit', 7, 0.5],
      ['mover', 8, 0.7],
      ['mover', 9, 0.6, 0.3],
      ['mover', 10, 0.4],
    ],
    mlps: [
      ['refine', 0, 0.4],
      ['refine', 1, 0.2],
      ['refine', 2, 0.18],
      ['refine', 3, 0.16],
      ['confirm', 5, 0.25],
      ['relay', 7, 0.3],
      ['answer', 9, 0.25],
      ['answer', 10, 0.3],
      ['answer', 11, 0.25],
    ],
    weak: [
      { role: 'gather', first: 0, last: 4, share: 0.25, most: 0.06 },
      { role: 'previous', first: 0, last: 3, share: 0.15, most: 0.06 },
      { role: 'duplicate', first: 0, last: 4, share: 0.25, most: 0.06 },
      { role: 'induction', first: 3, last: 6, share: 0.35, most: 0.04 },
      { role: 'inhibit', first: 5, last: 8, share: 0.25, most: 0.06 },
      { role: 'mover', first: 8, last: 11, share: 0.25, most: 0.02 },
    ],
  },
};

export const PLANTED_SHAPES = { small: SMALL, 'gpt2-small': GPT2_SMALL } as const;
