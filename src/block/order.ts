import type { Piece } from './piece.js';
import type { Place } from './places.js';

// Which pieces a layer has, in the order of recording. Both passes walk these lists; the way back walks them
// reversed. A piece that a model does not have is NO_PIECE.

/** A layer's attention, from the stream to the outputs of its heads. */
export const ATTENTION_PIECES = [
  'norm',
  'projections',
  'head norms',
  'rotary',
  'repetition',
  'pattern',
  'mix',
  'output',
] as const;
export type AttentionPiece = (typeof ATTENTION_PIECES)[number];

/** A layer's MLP, from the stream to its output. */
export const MLP_PIECES = ['norm', 'in', 'activation', 'out', 'post norm'] as const;
export type MlpPiece = (typeof MLP_PIECES)[number];

/** Bound pieces by their names. */
export type AttentionPieces = Readonly<Record<AttentionPiece, Piece>>;
export type MlpPieces = Readonly<Record<MlpPiece, Piece>>;

/** Stands for a piece that a model does not have, or that another one does within itself. */
export const NO_PIECE: Piece = { encode: () => undefined };

/** The places that hold their values once a piece has run. The scores lie within the pattern's piece. */
export const PLACES_AFTER: Readonly<Record<AttentionPiece, readonly Place[]>> = {
  norm: [],
  projections: [],
  'head norms': [],
  rotary: [],
  repetition: ['queries', 'keys', 'values'],
  pattern: ['pattern'],
  mix: ['mixed'],
  output: ['head outputs'],
};

/** The same of an MLP. */
export const MLP_PLACES_AFTER: Readonly<Record<MlpPiece, readonly Place[]>> = {
  norm: [],
  in: [],
  activation: ['neurons'],
  out: [],
  'post norm': ['mlp output'],
};

/** The places whose gradients are there once a piece was gone back through. */
export const GRADIENTS_AFTER: Readonly<Record<AttentionPiece, readonly Place[]>> = {
  output: ['mixed'],
  mix: ['pattern', 'values'],
  pattern: ['queries', 'keys'],
  repetition: [],
  rotary: [],
  'head norms': [],
  projections: [],
  norm: ['attention inputs'],
};

/** The same of an MLP. */
export const MLP_GRADIENTS_AFTER: Readonly<Record<MlpPiece, readonly Place[]>> = {
  'post norm': [],
  out: ['neurons'],
  activation: [],
  in: [],
  norm: ['mlp input'],
};
