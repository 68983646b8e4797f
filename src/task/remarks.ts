import { counted } from '../base/text.js';
import type { PromptPair } from './types.js';

/** What is said of a task whose rows can be used, each in the words that follow `in n of m pairs`. */
const KINDS = {
  'missing-space': 'the answer follows without a space, although the one with a space is a token as well',
  'doubled-space': 'the prompt ends in a space and the answer begins with one',
  'space-before-answer': 'the prompt ends in a space of its own, which is no part of the answer',
  'first-token': 'the first token stands for an answer of several',
  'whole-answer': 'the answer is of several tokens, and the whole of it is measured',
  'wrong-unmeasured': 'a wrong answer is of several tokens, and is not measured',
  equal: 'the clean and the corrupted prompt are equal, so that resample ablation changes nothing',
  late: 'the prompts differ only after the measured position, so that resample ablation changes nothing',
} as const;

/** Something about one row that its author should know. */
export interface Remark {
  readonly kind: keyof typeof KINDS;
  readonly example: string;
}

/** Remarks in words, one line a kind: how many pairs it is about, and the first of them. */
export function tellRemarks(remarks: readonly Remark[], pairs: number): string[] {
  const kinds = new Map<Remark['kind'], Remark[]>();
  for (const remark of remarks) {
    const same = kinds.get(remark.kind);
    if (same) same.push(remark);
    else kinds.set(remark.kind, [remark]);
  }
  return [...kinds].map(([kind, [first, ...others]]) => {
    const example = first!.example === '' ? '' : ` (${first!.example})`;
    return `in ${1 + others.length} of ${counted(pairs, 'pair')} ${KINDS[kind]}${example}`;
  });
}

/** Pairs from which resample ablation learns nothing: what cut edges carry is what they carry anyhow. */
export function emptyPairs(pairs: readonly PromptPair[]): Remark[] {
  return pairs.flatMap(({ clean, corrupted, position, answer, origin = '' }): Remark[] => {
    const first = clean.findIndex((id, t) => id !== corrupted[t]);
    const last = position + Math.max(0, (answer?.length ?? 1) - 1);
    if (first === -1) return [{ kind: 'equal', example: origin }];
    return first > last ? [{ kind: 'late', example: origin }] : [];
  });
}
