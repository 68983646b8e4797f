import { namesInLine } from './fields.js';
import { EdgewiseError } from '../base/errors.js';
import { oneLine, quote } from '../base/text.js';
import { parseTemplateText, slotText } from './template-text.js';
import type { Slot, TextPart } from './template-text.js';
import type { TaskTemplate, TemplateAnswers } from './template.js';

/** A template text, split, with the field that it came from. */
export interface CompiledText {
  readonly parts: readonly TextPart[];
  readonly where: string;
}

/** A list of plain words, and where each stands in it. */
interface WordSet {
  readonly words: readonly string[];
  readonly places: ReadonlyMap<string, number>;
}

/** What is made once for all templates of a task: there may be many, over the same long lists. */
interface Compiling {
  readonly task: TaskTemplate;
  /** Slots that every word of their list fills. */
  readonly checked: Set<string>;
  readonly sets: Map<string, WordSet>;
}

export type CompiledAnswers =
  | { readonly kind: 'texts'; readonly texts: readonly CompiledText[] }
  | {
      readonly kind: 'set';
      readonly set: WordSet;
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
    const known = new Set<string>();
    for (const word of words) {
      const text = JSON.stringify(word);
      if (known.has(text)) {
        throw new EdgewiseError('task', source, `words.${oneLine(list)}: ${oneLine(text)} stands there twice`);
      }
      known.add(text);
    }
  }
  const compiling: Compiling = { task, checked: new Set(), sets: new Map() };
  return task.templates.map((template, index) => {
    const where = `${source}, templates.${index}`;
    const compile = (text: string, field: string): CompiledText => compileText(compiling, text, `${where}.${field}`);
    const clean = compile(template.clean, 'clean');
    const corrupted = compile(template.corrupted, 'corrupted');
    const answers = (field: 'correct' | 'wrong'): CompiledAnswers | null => {
      const given = template[field] ?? task[field];
      return given === undefined ? null : compileAnswers(compiling, given, `${where}.${field}`);
    };
    const correct = answers('correct');
    const wrong = answers('wrong');
    const draws = countDraws([clean, corrupted, ...textsOf(correct), ...textsOf(wrong)]);
    for (const [list, needed] of draws) {
      const there = task.words[list]?.length ?? 0;
      if (there >= needed) continue;
      throw new EdgewiseError('task', where, `needs ${needed} different words of ${oneLine(list)}, which has ${there}`);
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

function compileText({ task, checked }: Compiling, text: string, where: string): CompiledText {
  const parts = parseTemplateText(text, where);
  for (const part of parts) {
    if (typeof part === 'string') continue;
    const slot = `${part.list}:${part.form ?? ''}`;
    if (checked.has(slot)) continue;
    checkSlot(task, part, where);
    checked.add(slot);
  }
  return { parts, where };
}

function checkSlot(task: TaskTemplate, slot: Slot, where: string): void {
  const words = ownValue(task.words, slot.list);
  if (words === undefined) {
    const lists = namesInLine(Object.keys(task.words));
    throw new EdgewiseError(
      'task',
      where,
      `slot ${slotText(slot)}: there is no list ${oneLine(slot.list)} in words (${lists})`,
    );
  }
  const lacking = words.find((word) => wordText(word, slot.form) === null);
  if (lacking === undefined) return;
  const wanted = slot.form === null ? 'has forms, of which one must be named' : `has no form ${oneLine(slot.form)}`;
  throw new EdgewiseError('task', where, `slot ${slotText(slot)}: ${quote(lacking)} ${wanted}`);
}

function compileAnswers(compiling: Compiling, answers: TemplateAnswers, where: string): CompiledAnswers {
  if (typeof answers === 'string') return { kind: 'texts', texts: [compileText(compiling, answers, where)] };
  if (Array.isArray(answers))
    return { kind: 'texts', texts: answers.map((text) => compileText(compiling, text, where)) };
  const side = answers.after === undefined ? 'upTo' : 'after';
  const bound = compileText(compiling, answers.after ?? answers.upTo ?? '', `${where}.${side}`);
  return { kind: 'set', set: wordSet(compiling, answers.from, where), bound, side, prefix: answers.prefix ?? '' };
}

function wordSet({ task, sets }: Compiling, list: string, where: string): WordSet {
  const known = sets.get(list);
  if (known) return known;
  const words = ownValue(task.words, list)?.map((word) => wordText(word, null)) ?? [null];
  if (!words.every((word) => word !== null)) {
    throw new EdgewiseError('task', where, `from: ${oneLine(list)} is not a list of plain words`);
  }
  const set = { words, places: new Map(words.map((word, i) => [word, i])) };
  sets.set(list, set);
  return set;
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
