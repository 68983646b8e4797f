/** What kind of input or component was at fault. */
export type ErrorKind = 'usage' | 'config' | 'checkpoint' | 'task' | 'circuit' | 'shape' | 'kernel' | 'device';

/**
 * The one error class of the project. `where` names the file, field or kernel. The message says what was got and what
 * was expected: `where: what` reads as one sentence on a terminal.
 */
export class EdgewiseError extends Error {
  readonly kind: ErrorKind;
  readonly where: string;

  constructor(kind: ErrorKind, where: string, what: string, options?: ErrorOptions) {
    super(`${where}: ${what}`, options);
    this.name = 'EdgewiseError';
    this.kind = kind;
    this.where = where;
  }
}
