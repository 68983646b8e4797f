import { EdgewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { counted } from '../base/text.js';
import { countFaults, faultsError, RowFault } from './fault.js';
import { isObject } from '../base/json/strict-json.js';
import { checkColumns, chosenFields, type FieldOptions, type FieldValues } from './fields.js';
import { taskContent, taskFormat } from './formats/index.js';
import { typedCells } from './formats/delimited.js';
import { tellRemarks } from './remarks.js';
import { checkRow, parseRow, type CheckedRow, type RowContext, type TaskRow } from './row.js';
import { COLUMN_FIELDS, ownFields, type OwnFields } from './rows/index.js';
import type { PromptPair, Task } from './types.js';

/** A task as bytes: a file of the user, or `builtinTaskFile(name)`. */
export interface TaskFile {
  readonly name: string;
  /** Names it in errors: a path, or the name of a shipped task. */
  readonly source: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Which rows of a file are used, and how. */
export interface ReadOptions extends FieldOptions {
  /** Default: all after the first `skip`. */
  readonly prompts?: number | undefined;
  /** Default 0. */
  readonly skip?: number | undefined;
  /** Leave out rows that cannot be used, instead of refusing the file. */
  readonly dropBadRows?: boolean | undefined;
}

/** A row of the file in Edgewise's own fields. */
export interface LocatedRow {
  readonly row: TaskRow;
  /** File and line, for errors about this row. */
  readonly where: string;
}

/** A row that was looked at: what it is in tokens, or what is wrong with it. */
export type RowVerdict = { readonly where: string } & ({ readonly checked: CheckedRow } | { readonly fault: RowFault });

/** A task file after every row that is wanted was looked at. */
export interface ReadTask {
  /** Names of the file's format and of the kinds of its rows. */
  readonly format: string;
  readonly kinds: readonly string[];
  /** Rows of the file. */
  readonly rows: number;
  /** Rows that were looked at, in order. */
  readonly verdicts: readonly RowVerdict[];
}

/**
 * Reads a task file of any format and checks every prompt pair that is wanted against the model.
 *
 * @throws EdgewiseError of kind task: one for all faulty rows, naming lines and fields.
 */
export async function loadTask(file: TaskFile, context: RowContext, options: ReadOptions = {}): Promise<Task> {
  const { name, source, bytes } = file;
  const { verdicts } = await readTask(file, context, options);
  const faults = verdicts.flatMap((verdict) => ('fault' in verdict ? [verdict.fault] : []));
  const good = verdicts.flatMap((verdict) => ('checked' in verdict ? [verdict.checked] : []));
  if (faults.length > 0 && (!options.dropBadRows || good.length === 0)) {
    throw faultsError(source, faults, verdicts.length);
  }
  const said = good.flatMap((row) => row.remarks);
  const remarks = tellRemarks(said, good.length);
  if (faults.length > 0) {
    remarks.unshift(`${faults.length} of ${counted(verdicts.length, 'row')} left out: ${countFaults(faults)}`);
  }
  const reading = {
    ...((context.answers === 'first-token' || said.some(({ kind }) => kind === 'first-token')) && {
      answers: 'first-token' as const,
    }),
    ...(options.columns && { columns: options.columns }),
    ...(faults.length > 0 && { dropped: faults.length }),
  };
  return {
    name,
    source,
    hash: await sha256(bytes),
    pairs: good.map((row) => row.pair),
    skip: options.skip ?? 0,
    tokenizer: context.tokenizer?.identity ?? null,
    ...(Object.keys(reading).length > 0 && { reading }),
    remarks,
  };
}

/**
 * Looks at the rows that are wanted, and at no other. With `dropBadRows` faulty rows do not count as prompts.
 *
 * @throws EdgewiseError of kind task where the file as a whole cannot be read, or has too few rows.
 */
export async function readTask(file: TaskFile, context: RowContext, options: ReadOptions = {}): Promise<ReadTask> {
  checkColumns(options.columns, COLUMN_FIELDS);
  const { source } = file;
  const { prompts, skip = 0, dropBadRows = false } = options;
  const located = await locate(file, context.tokenizer, options);
  const kinds = new Set<string>();
  const verdicts: RowVerdict[] = [];
  let good = 0;
  for (let index = skip; index < located.length && good < (prompts ?? Infinity); index++) {
    const verdict = judge(located, index, context, kinds);
    if ('checked' in verdict || !dropBadRows) good++;
    verdicts.push(verdict);
  }
  if (good < (prompts ?? 1)) {
    const bad = verdicts.length - good;
    const there =
      dropBadRows && bad > 0
        ? `${good + skip} prompt pairs and ${counted(bad, 'bad row')}`
        : `${located.length} prompt pairs`;
    const asked = `${prompts ?? 'at least 1'}${skip > 0 ? ` after the first ${skip}` : ''}`;
    throw new EdgewiseError('task', source, `has ${there}, but ${asked} were asked for`);
  }
  return { format: located.format, kinds: [...kinds], rows: located.length, verdicts };
}

/**
 * All rows of a task in Edgewise's own fields; a template is expanded, and checked if there is a tokenizer to check it
 * with.
 *
 * @throws EdgewiseError of kind task.
 */
export async function readTaskRows(
  file: TaskFile,
  { tokenizer }: Pick<RowContext, 'tokenizer'>,
): Promise<LocatedRow[]> {
  const located = await locate(file, tokenizer, {});
  return Array.from({ length: located.length }, (_, index) => {
    const where = located.where(index);
    return { row: parseRow(located.own(index, where).values, where), where };
  });
}

/** The rows of a file, each in Edgewise's own fields once it is asked for. */
interface LocatedRows {
  readonly format: string;
  readonly length: number;
  where(index: number): string;
  own(index: number, where: string): OwnFields & Pick<PromptPair, 'template'>;
}

async function locate(file: TaskFile, tokenizer: RowContext['tokenizer'], options: FieldOptions): Promise<LocatedRows> {
  const { source, bytes } = file;
  const content = taskContent(source, bytes);
  const format = taskFormat(content);
  const rows = await format.read(content, tokenizer);
  return {
    format: format.name,
    length: rows.length,
    where: (index) => `${source}, ${rows.where(index)}`,
    own(index, where) {
      const row = rows.row(index, where);
      const values = chosenFields(row, where, options);
      return { ...ownFields(rows.texts ? typedCells(values) : values, where), ...templateOf(row) };
    },
  };
}

/** The template that a row says it was made from: `meta.template`, a text or a number. */
function templateOf({ meta }: FieldValues): Pick<PromptPair, 'template'> {
  const template = isObject(meta) ? meta['template'] : undefined;
  return typeof template === 'string' || typeof template === 'number' ? { template: String(template) } : {};
}

function judge(rows: LocatedRows, index: number, context: RowContext, kinds: Set<string>): RowVerdict {
  const where = rows.where(index);
  try {
    const { kind, values, firstToken, template } = rows.own(index, where);
    kinds.add(kind);
    const answers = firstToken && context.answers !== 'whole' ? 'first-token' : context.answers;
    const checked = checkRow(parseRow(values, where), where, { ...context, ...(answers && { answers }) });
    if (template === undefined) return { where, checked };
    return { where, checked: { ...checked, pair: { ...checked.pair, template } } };
  } catch (error) {
    if (error instanceof RowFault) return { where, fault: error };
    throw error;
  }
}
