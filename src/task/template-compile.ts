import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import { parseTemplateText, slotText } from './template-text.js';
import type { Slot, TextPart } from './template-text.js';
import type { TaskTemplate, TemplateAnswers } from './template.js';

/** A template text, split, with the field that it came from. */
export interface CompiledText {
  readonly parts: readonly TextPart[];
  readonly where: string;
}

export type CompiledAnswers =
  | { readonly kind: 'texts'; readonly texts: readonly CompiledText[] }
  | {
      readonly kind: 'set';
      readonly words: readonly string[];
      readonly bound: CompiledText;
      /** The words after the bound, or those up to and including it. */
      readonly side: 'after' | 'upTo';
      readonly prefix: string;
    };

export interface CompiledTemplate {
  readonly clean: CompiledText;
  readonly corrupted: CompiledText;
  readonly correct: CompiledAnswers | null;
  readonly wrong: CompiledAnswers | null;
  /** How many different words each list must give. */
  readonly draws: ReadonlyMap<string, number>;
}

/**
 * Resolves every slot of a task's templates.
 *
 * @throws EdgewiseError of kind task naming the field: unknown lists or forms, lists with too few words or a word
 *   twice.
 */
export function compileTemplates(task: TaskTemplate, source: string): CompiledTemplate[] {
  for (const [list, words] of Object.entries(task.words)) {
    const keys = words.map((word) => JSON.stringify(word));
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice !== undefined) throw new EdgewiseError('task', source, `words.${list}: ${twice} stands there twice`);
  }
  return task.templates.map((template, index) => {
    const where = `${source}, templates.${index}`;
    const compile = (text: string, field: string): CompiledText => compileText(task, text, `${where}.${field}`);
    const clean = compile(template.clean, 'clean');
    const corrupted = compile(template.corrupted, 'corrupted');
    const answers = (field: 'correct' | 'wrong'): CompiledAnswers | null => {
      const given = template[field] ?? task[field];
      return given === undefined ? null : compileAnswers(task, given, `${where}.${field}`);
    };
    const correct = answers('correct');
    const wrong = answers('wrong');
    const draws = countDraws([clean, corrupted, ...textsOf(correct), ...textsOf(wrong)]);
    for (const [list, needed] of draws) {
      const there = task.words[list]?.length ?? 0;
      if (there >= needed) continue;
      throw new EdgewiseError('task', where, `needs ${needed} different words of ${list}, which has ${there}`);
    }
    return { clean, corrupted, correct, wrong, draws };
  });
}

/** The word that a slot shows, or null where the word has no such form. */
export function wordText(word: TaskTemplate['words'][string][number], form: string | null): string | null {
  if (typeof word === 'string') return form === null ? word : null;
  return form === null ? null : (ownValue(word, form) ?? null);
}

/** Names such as `constructor` must not find what objects inherit. */
function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function compileText(task: TaskTemplate, text: string, where: string): CompiledText {
  const parts = parseTemplateText(text, where);
  for (const part of parts) if (typeof part !== 'string') checkSlot(task, part, where);
  return { parts, where };
}

function checkSlot(task: TaskTemplate, slot: Slot, where: string): void {
  const words = ownValue(task.words, slot.list);
  if (words === undefined) {
    const lists = Object.keys(task.words).join(', ');
    throw new EdgewiseError('task', where, `slot ${slotText(slot)}: there is no list ${slot.list} in words (${lists})`);
  }
  const lacking = words.find((word) => wordText(word, slot.form) === null);
  if (lacking === undefined) return;
  const wanted = slot.form === null ? 'has forms, of which one must be named' : `has no form ${slot.form}`;
  throw new EdgewiseError('task', where, `slot ${slotText(slot)}: ${quote(lacking)} ${wanted}`);
}

function compileAnswers(task: TaskTemplate, answers: TemplateAnswers, where: string): CompiledAnswers {
  if (typeof answers === 'string') return { kind: 'texts', texts: [compileText(task, answers, where)] };
  if (Array.isArray(answers)) return { kind: 'texts', texts: answers.map((text) => compileText(task, text, where)) };
  const words = ownValue(task.words, answers.from)?.map((word) => wordText(word, null)) ?? [null];
  if (!words.every((word) => word !== null)) {
    throw new EdgewiseError('task', where, `from: ${answers.from} is not a list of plain words`);
  }
  const side = answers.after === undefined ? 'upTo' : 'after';
  const bound = compileText(task, answers.after ?? answers.upTo ?? '', `${where}.${side}`);
  return { kind: 'set', words, bound, side, prefix: answers.prefix ?? '' };
}

function textsOf(answers: CompiledAnswers | null): readonly CompiledText[] {
  if (answers === null) return [];
  return answers.kind === 'texts' ? answers.texts : [answers.bound];
}

function countDraws(texts: readonly CompiledText[]): Map<string, number> {
  const draws = new Map<string, number>();
  for (const part of texts.flatMap((text) => text.parts)) {
    if (typeof part !== 'string') draws.set(part.list, Math.max(part.draw, draws.get(part.list) ?? 0));
  }
  return draws;
}
