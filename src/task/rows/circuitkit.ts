import { asText, renamed, type RowKind } from './row-kind.js';

const NAMES = {
  clean: ['clean_prompt', 'prompt', 'question', 'clean'],
  corrupted: ['corrupt_prompt', 'corrupted_prompt', 'corrupted', 'counterfactual'],
  correct: ['clean_answer', 'answer', 'correct'],
  wrong: ['corrupt_answer', 'corrupted_answer', 'wrong_answer', 'wrong'],
};

/** CircuitKIT's records (`ContrastiveRecord`) and the columns that its tables use. */
export const circuitkit: RowKind = {
  name: 'circuitkit',
  about: "CircuitKIT's fields: clean_prompt (prompt, question), corrupt_prompt, clean_answer (answer), corrupt_answer",
  fields: [...Object.values(NAMES).flat(), 'record_id', 'metadata', 'shape'],
  toOwn(row, where) {
    const own = renamed(row, NAMES, where);
    return {
      ...own,
      ...('correct' in own && { correct: asText(own['correct']) }),
      ...('wrong' in own && { wrong: asText(own['wrong']) }),
    };
  },
};
