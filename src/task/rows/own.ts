import type { RowKind } from './row-kind.js';

const FIELDS = [
  'clean',
  'corrupted',
  'correct',
  'wrong',
  'clean_ids',
  'corrupted_ids',
  'correct_ids',
  'wrong_ids',
  'position',
] as const;

export const own: RowKind = {
  name: 'edgewise',
  about: 'clean, corrupted, correct, wrong; the same with _ids for token ids; position',
  fields: FIELDS,
  toOwn: (row) => row,
};
