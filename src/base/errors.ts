import { printable } from './text.js';

/** What kind of input or component was at fault. */
export type ErrorKind = 'usage' | 'config' | 'checkpoint' | 'task' | 'circuit' | 'shape' | 'kernel' | 'device';

/** Longest message, in characters: ten faults of a file with two quoted values each. */
const LONGEST = 5000;

/**
 * The one error class of the project. `where` names the file, field or kernel. The message says what was got and what
 * was expected: `where: what` reads as one sentence on a terminal. It is one line without control characters, whatever
 * a file put into it. Values from outside go through `quote`, which keeps them short.
 */
export class EdgewiseError extends Error {
  readonly kind: ErrorKind;
  readonly where: string;

  constructor(kind: ErrorKind, where: string, what: string, options?: ErrorOptions) {
    super(message(where, what), options);
    this.name = 'EdgewiseError';
    this.kind = kind;
    this.where = where;
  }
}

function message(where: string, what: string): string {
  const text = `${where}: ${what}`;
  return printable(text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);
}
