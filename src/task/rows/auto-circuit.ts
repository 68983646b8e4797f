import { RowFault } from '../fault.js';
import { type RowKind } from './row-kind.js';

/** auto-circuit's prompts (Miller et al. 2024, `data.py`): texts or token ids in the same fields. */
export const autoCircuit: RowKind = {
  name: 'auto-circuit',
  about: "auto-circuit's fields: clean, corrupt, answers, wrong_answers, in texts or token ids",
  fields: ['clean', 'corrupt', 'answers', 'wrong_answers'],
  toOwn(row, where) {
    const own: Record<string, unknown> = {};
    for (const [field, name] of [
      ['clean', 'clean'],
      ['corrupted', 'corrupt'],
      ['correct', 'answers'],
      ['wrong', 'wrong_answers'],
    ] as const) {
      const value = unnested(row[name], name, where);
      if (value === undefined) continue;
      const ids = typeof value === 'number' || (Array.isArray(value) && value.length > 0 && value.every(isNumber));
      own[ids ? `${field}_ids` : field] = value;
    }
    return own;
  },
};

const isNumber = (value: unknown): boolean => typeof value === 'number';

/** Lists of one list are that list. Longer inner lists are answers at every position, which no metric reads. */
function unnested(value: unknown, field: string, where: string): unknown {
  if (!Array.isArray(value) || !value.some(Array.isArray)) return value;
  if (value.length === 1 && !field.includes('answers')) return value[0] as unknown;
  if (value.every((inner) => Array.isArray(inner) && inner.length === 1)) return value.flat() as unknown;
  throw new RowFault('value', where, `${field}: holds answers at several positions, expected those at one`);
}
