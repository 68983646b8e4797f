import { EdgewiseError } from '../base/errors.js';
import { oneLine, quote } from '../base/text.js';
import { createRng } from '../base/rng.js';
import type { Rng } from '../base/rng.js';
import type { TaskRow } from './row.js';
import { compileTemplates, wordText } from './template-compile.js';
import type { CompiledAnswers, CompiledTemplate, CompiledText } from './template-compile.js';
import type { TaskTemplate } from './template.js';

/** Draws from one template that may give prompts that are there already, before it is given up as used up. */
const TRIES_PER_TEMPLATE = 200;
/** Most answers of all prompts together. A prompt has as many as the list that they are taken from has words. */
const MOST_ANSWERS = 10_000_000;

type Word = TaskTemplate['words'][string][number];
type Drawn = ReadonlyMap<string, readonly Word[]>;

interface DrawOptions {
  readonly count?: number;
  readonly seed?: number;
}

/**
 * Makes the prompt pairs of a template task as rows of the JSONL format. The templates take turns; no clean prompt
 * comes twice; the same seed gives the same rows on every platform, and a smaller count a prefix of them.
 *
 * @throws EdgewiseError of kind task: slots that cannot be filled, too few different prompts.
 */
export function expandTemplate(task: TaskTemplate, source: string, options: DrawOptions = {}): TaskRow[] {
  return Array.from(templateRows(task, source, options), ({ row }) => row);
}

/** A row, and the template that it was drawn from, by its place among them from 0. */
export interface DrawnRow {
  readonly row: TaskRow;
  readonly template: number;
}

/**
 * The same, row by row.
 *
 * @throws EdgewiseError of kind task, before the first row where a slot cannot be filled.
 */
export function templateRows(
  task: TaskTemplate,
  source: string,
  { count = task.count, seed = task.seed }: DrawOptions = {},
): Generator<DrawnRow, undefined> {
  return drawRows(task, source, compileTemplates(task, source), createRng(seed), count);
}

function* drawRows(
  task: TaskTemplate,
  source: string,
  templates: readonly CompiledTemplate[],
  rng: Rng,
  count: number,
): Generator<DrawnRow, undefined> {
  const seen = new Set<string>();
  const usedUp = new Set<CompiledTemplate>();
  let answers = 0;
  for (let index = 0; index < count; index++) {
    const drawn = newRow(task, templates, index, { seen, usedUp, rng });
    if (drawn === undefined) {
      const what = `only ${index} different prompts could be drawn, count asks for ${count}`;
      throw new EdgewiseError('task', source, what);
    }
    const { row } = drawn;
    answers += [row.correct ?? [], row.wrong ?? []].flat().length;
    if (answers > MOST_ANSWERS) {
      const most = MOST_ANSWERS.toLocaleString('en-US');
      const what = `the first ${index + 1} prompts have more than ${most} answers, expected shorter lists or a smaller count`;
      throw new EdgewiseError('task', source, what);
    }
    yield drawn;
  }
}

interface Drawing {
  readonly rng: Rng;
  /** Clean prompts that are there. */
  readonly seen: Set<string>;
  /** Templates that gave nothing new at their last turn. Each draw from them would only cost time. */
  readonly usedUp: Set<CompiledTemplate>;
}

/** A row whose clean prompt is not there yet; undefined where none is found. */
function newRow(
  task: TaskTemplate,
  templates: readonly CompiledTemplate[],
  index: number,
  { rng, seen, usedUp }: Drawing,
): DrawnRow | undefined {
  for (let turn = 0; turn < templates.length; turn++) {
    const place = (index + turn) % templates.length;
    const template = templates[place]!;
    if (usedUp.has(template)) continue;
    // Without a slot a second try gives the same prompt.
    const tries = template.draws.size === 0 ? 1 : TRIES_PER_TEMPLATE;
    for (let attempt = 0; attempt < tries; attempt++) {
      const row = drawRow(task, template, rng);
      if (seen.has(row.clean)) continue;
      seen.add(row.clean);
      return { row, template: place };
    }
    usedUp.add(template);
  }
  return undefined;
}

function drawRow(task: TaskTemplate, template: CompiledTemplate, rng: Rng): TaskRow & { readonly clean: string } {
  const drawn = new Map<string, readonly Word[]>();
  for (const [list, needed] of template.draws) drawn.set(list, rng.sample(task.words[list] ?? [], needed));
  return {
    clean: fill(template.clean, drawn),
    corrupted: fill(template.corrupted, drawn),
    ...(template.correct === null ? {} : { correct: fillAnswers(template.correct, drawn) }),
    ...(template.wrong === null ? {} : { wrong: fillAnswers(template.wrong, drawn) }),
  };
}

function fill({ parts, where }: CompiledText, drawn: Drawn): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      const word = drawn.get(part.list)?.[part.draw - 1];
      const text = word === undefined ? null : wordText(word, part.form);
      if (text === null) throw new EdgewiseError('task', where, `slot ${oneLine(part.list)} could not be filled`);
      return text;
    })
    .join('');
}

function fillAnswers(answers: CompiledAnswers, drawn: Drawn): string | string[] {
  if (answers.kind === 'texts') {
    const texts = answers.texts.map((text) => fill(text, drawn));
    return texts.length === 1 ? (texts[0] ?? '') : texts;
  }
  const bound = fill(answers.bound, drawn);
  const index = answers.set.places.get(bound);
  if (index === undefined)
    throw new EdgewiseError('task', answers.bound.where, `${quote(bound)} is not a word of the list`);
  const { words: all } = answers.set;
  const words = answers.side === 'after' ? all.slice(index + 1) : all.slice(0, index + 1);
  if (words.length === 0) throw new EdgewiseError('task', answers.bound.where, `no word comes after ${quote(bound)}`);
  return words.map((word) => answers.prefix + word);
}
