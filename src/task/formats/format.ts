import type { FieldValues } from '../fields.js';
import type { TaskTokenizer } from '../tokenizer.js';

/** A task file as the formats see it: bytes, and what several of them look at, each made once. */
export interface TaskContent {
  /** Names the file in errors. */
  readonly source: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** @throws EdgewiseError of kind task where the bytes are no UTF-8 text. */
  readonly text: () => string;
  /** The text as one JSON value, or undefined where it is none. */
  readonly json: () => unknown;
}

/** The rows of a file. A row is read when it is asked for: one that is not used may be broken. */
export interface TaskRows {
  readonly length: number;
  /** Every value is a text, as in CSV. */
  readonly texts?: boolean;
  /** Names a row in errors: `line 3`. */
  where(index: number): string;
  /** @throws RowFault where the row cannot be read. */
  row(index: number, where: string): FieldValues;
}

/** A form in which a file holds rows. */
export interface TaskFormat {
  readonly name: string;
  readonly about: string;
  /** By what a file of this format is told from others, in words. */
  readonly recognisedBy: string;
  recognises(content: TaskContent): boolean;
  /**
   * @param tokenizer that of the model, where there is one.
   * @throws EdgewiseError of kind task where the file as a whole cannot be read.
   */
  read(content: TaskContent, tokenizer: TaskTokenizer | null): TaskRows | Promise<TaskRows>;
}

/** Rows that are all there. */
export function listed(rows: readonly FieldValues[], name: string): TaskRows {
  return { length: rows.length, where: (index) => `${name} ${index + 1}`, row: (index) => rows[index]! };
}
