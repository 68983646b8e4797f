import { EdgewiseError, type ErrorKind } from '../../base/errors.js';
import type { ReaderOptions, ReaderSpec } from '../../run/task-reader.js';
import { RowFault, type FaultKind } from '../../task/fault.js';
import type { ReadTask, RowVerdict, TaskFile } from '../../task/load-task.js';
import type { BosOption, TokenizerFacts } from '../../task/tokenizer.js';
import type { Task } from '../../task/types.js';

/** What a reading worker is started with. */
export interface WorkerStart {
  readonly directory: string;
  /** The model's files, as far as a tokenizer is made of them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly spec: ReaderSpec;
  readonly bos: BosOption;
  /** Says which text the worker is at, see shared-watch.ts. */
  readonly watch: SharedArrayBuffer;
}

/** The tokenizer as it is sent: the strings of its tokens as JSON, which is a tenth of the work of sending them. */
export type SentFacts = Omit<TokenizerFacts, 'strings' | 'beginning'> & {
  readonly strings: string;
  readonly beginning: Omit<TokenizerFacts['beginning'], 'problem'> & { readonly problem: SentError | null };
};

/** The worker's first answer. */
export interface Opened {
  readonly tokenizer: SentFacts | null;
  readonly refused: SentError | null;
}

/** A task to read, or to check row by row. */
export interface Question {
  readonly kind: 'read' | 'check';
  readonly file: TaskFile;
  readonly options: ReaderOptions;
}

type SentVerdict = Exclude<RowVerdict, { fault: RowFault }> | { readonly where: string; readonly fault: SentError };
export type SentReport = Omit<ReadTask, 'verdicts'> & { readonly verdicts: readonly SentVerdict[] };

/** What a worker has to say. */
export type Sent = Opened | Task | SentReport;

/** What comes of a question, or of the start. */
export type Answer<T extends Sent> = { readonly value: T } | { readonly error: SentError };

/** An error without its class, which messages lose. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of an EdgewiseError. */
  readonly of?: { readonly kind: ErrorKind; readonly where: string };
  /** Of a RowFault. */
  readonly row?: { readonly fault: FaultKind; readonly what: string };
}

export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  const { name, message, stack } = error;
  if (!(error instanceof EdgewiseError)) return { name, message, stack };
  const { kind, where } = error;
  const row = error instanceof RowFault && { row: { fault: error.fault, what: error.what } };
  return { name, message, stack, of: { kind, where }, ...row };
}

export function receivedError({ name, message, stack, of, row }: SentError): Error {
  if (of === undefined) return Object.assign(new Error(message), { name, stack });
  const error = row ? new RowFault(row.fault, of.where, row.what) : new EdgewiseError(of.kind, of.where, '');
  return Object.assign(error, { message });
}

export function sentFacts({ strings, beginning, ...facts }: TokenizerFacts): SentFacts {
  const { problem } = beginning;
  return {
    identity: facts.identity,
    notes: facts.notes,
    description: facts.description,
    strings: JSON.stringify([[...strings.model], [...strings.added], strings.byteLevel]),
    beginning: { ...beginning, problem: problem && sentError(problem) },
  };
}

export function receivedFacts({ strings, beginning, ...facts }: SentFacts): TokenizerFacts {
  type Strings = [[number, string][], [number, string][], boolean];
  let read: TokenizerFacts['strings'] | undefined;
  const { problem } = beginning;
  return {
    ...facts,
    // Most runs never ask for the text of a token.
    get strings() {
      if (read) return read;
      const [model, added, byteLevel] = JSON.parse(strings) as Strings;
      return (read = { model: new Map(model), added: new Map(added), byteLevel });
    },
    beginning: { ...beginning, problem: problem && (receivedError(problem) as EdgewiseError) },
  };
}

export function sentReport({ verdicts, ...report }: ReadTask): SentReport {
  const sent = verdicts.map((verdict) =>
    'fault' in verdict ? { where: verdict.where, fault: sentError(verdict.fault) } : verdict,
  );
  return { ...report, verdicts: sent };
}

export function receivedReport({ verdicts, ...report }: SentReport): ReadTask {
  const received = verdicts.map((verdict) =>
    'fault' in verdict ? { where: verdict.where, fault: receivedError(verdict.fault) as RowFault } : verdict,
  );
  return { ...report, verdicts: received };
}
