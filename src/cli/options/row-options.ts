import { quote } from '../../base/text.js';
import { InvalidArgumentError, Option } from 'commander';
import type { ReaderOptions } from '../../run/task-reader.js';

/** Flags of every command that reads a task: which of its rows, and how. */
export interface RowFlags {
  readonly prompts?: number | undefined;
  readonly skip?: number | undefined;
  readonly columns?: Readonly<Record<string, string>>;
  readonly ignoreFields?: readonly string[];
  readonly dropBadRows?: boolean;
  readonly answers?: 'first-token';
}

export const rowOptions = (): Option[] => [
  new Option(
    '--columns <field=name,...>',
    'columns of the task file that stand for fields, as in clean=Question',
  ).argParser(columns),
  new Option('--ignore-fields <a,b>', 'fields of the task file to leave aside').argParser(names),
  new Option('--drop-bad-rows', 'leave out rows of the task that cannot be used, and say how many').default(false),
  new Option(
    '--answers <mode>',
    'first-token: the first token stands for an answer of several; --metric nll measures the whole answer',
  ).choices(['first-token']),
];

/** The options of a reader that the flags give. */
export function readerOptions({
  prompts,
  skip,
  columns: named,
  ignoreFields,
  dropBadRows,
  answers,
}: RowFlags): ReaderOptions {
  return {
    ...(prompts !== undefined && { prompts }),
    ...(skip !== undefined && { skip }),
    ...(named && { columns: named }),
    ...(ignoreFields && { ignoreFields }),
    ...(dropBadRows && { dropBadRows }),
    ...(answers && { answers }),
  };
}

/** `clean=Question,corrupted=Other question`, also in several flags. Names may hold commas. */
function columns(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const pairs = text.split(/,(?=\s*[\w]+=)/).map((part) => {
    const [, field, name] = /^\s*(\w+)=(.+)$/s.exec(part) ?? [];
    if (field === undefined || name === undefined) {
      throw new InvalidArgumentError(`Expected field=column, as in clean=Question, got ${quote(part)}.`);
    }
    return [field, name] as const;
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

function names(text: string, before: readonly string[] = []): readonly string[] {
  const given = text.split(',').map((name) => name.trim());
  if (given.some((name) => name === '')) throw new InvalidArgumentError('Expected names with commas between them.');
  return [...before, ...given];
}
