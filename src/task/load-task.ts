import { EdgewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { parseJsonl } from './jsonl.js';
import type { LocatedRow } from './jsonl.js';
import { toPromptPair } from './row.js';
import type { RowContext } from './row.js';
import { expandTemplate } from './template-expand.js';
import { checkSlotTokens } from './template-tokens.js';
import { checkTemplateShape } from './template.js';
import type { Task } from './types.js';

const MAX_BYTES = 64 * 1024 * 1024;

/** A task as bytes: a file of the user, or `builtinTaskFile(name)`. */
export interface TaskFile {
  readonly name: string;
  /** Names it in errors: a path, or the name of a shipped task. */
  readonly source: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a task (JSON lines or a template file, told apart by content) and checks every prompt pair against the model.
 *
 * @throws EdgewiseError of kind task, naming the file and the line or field.
 */
export async function loadTask(file: TaskFile, context: RowContext): Promise<Task> {
  const { name, source, bytes } = file;
  const rows = readTaskRows(file, context);
  const pairs = rows.map(({ row, where }) => toPromptPair(row, where, context));
  return { name, source, hash: await sha256(bytes), pairs, skip: 0, tokenizer: context.tokenizer?.identity ?? null };
}

/**
 * The task's rows in the JSONL format; a template is expanded, and checked if there is a tokenizer to check it with.
 *
 * @throws EdgewiseError of kind task.
 */
export function readTaskRows(file: TaskFile, { tokenizer }: Pick<RowContext, 'tokenizer'>): LocatedRow[] {
  const { source } = file;
  const text = decode(file);
  const template = parseWholeFile(text, source);
  if (template === null) return parseJsonl(text, source);
  const task = checkTemplateShape(template, source);
  if (tokenizer !== null) checkSlotTokens(task, source, tokenizer);
  return expandTemplate(task, source).map((row, i) => ({ row, where: `${source}, prompt ${i + 1}` }));
}

/**
 * The task without its first `skip` pairs, and of the rest the first `prompts` (default: all).
 *
 * @throws EdgewiseError of kind task when the task has fewer.
 */
export function takePrompts(task: Task, prompts?: number, skip = 0): Task {
  const there = task.pairs.length;
  const end = skip + (prompts ?? Math.max(1, there - skip));
  if (end > there) {
    const asked = `${prompts ?? 'at least 1'}${skip > 0 ? ` after the first ${skip}` : ''}`;
    throw new EdgewiseError('task', task.source, `has ${there} prompt pairs, but ${asked} were asked for`);
  }
  return { ...task, pairs: task.pairs.slice(skip, end), skip: task.skip + skip };
}

/**
 * Refuses a task that lacks answers which the metric uses.
 *
 * @throws EdgewiseError of kind task naming the prompt pair.
 */
export function requireAnswers(task: Task, needs: { readonly correct: boolean; readonly wrong: boolean }): void {
  task.pairs.forEach((pair, index) => {
    for (const field of ['correct', 'wrong'] as const) {
      if (!needs[field] || pair[field].length > 0) continue;
      const where = pair.origin ?? `${task.source}, pair ${index + 1}`;
      throw new EdgewiseError('task', where, `${field} (or ${field}_ids) is missing, the metric needs it`);
    }
  });
}

function decode({ source, bytes }: TaskFile): string {
  if (bytes.length > MAX_BYTES) {
    throw new EdgewiseError('task', source, `has ${bytes.length} bytes, expected at most ${MAX_BYTES}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EdgewiseError('task', source, 'is not UTF-8 text', { cause });
  }
}

/**
 * The file as one JSON value if it is meant as a template, else null: JSON lines with more than one line are no JSON
 * value, and a single line is a template if it has templates.
 */
function parseWholeFile(text: string, source: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (!source.toLowerCase().endsWith('.json')) return null;
    throw new EdgewiseError('task', source, `is not valid JSON (${(cause as Error).message})`, { cause });
  }
  const hasTemplates = typeof value === 'object' && value !== null && 'templates' in value;
  return hasTemplates || text.trim().includes('\n') ? value : null;
}
