import { EdgewiseError } from '../../base/errors.js';
import { printable } from '../../base/text.js';
import { isSystemError, systemReason } from '../../node/system-error.js';

/** An error in one line. Unforeseen errors keep the name of their class, which a report of them needs. */
export function errorLine(error: unknown): string {
  if (error instanceof EdgewiseError) return error.message;
  if (isSystemError(error)) return printable(`${error.path ?? error.syscall}: ${systemReason(error)}`);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `unexpected ${printable(text)}`;
}
