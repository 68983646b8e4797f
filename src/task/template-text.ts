import { EdgewiseError } from '../base/errors.js';
import { oneLine, quote } from '../base/text.js';

/**
 * A word drawn from a list: `{name}`, `{name.2}` (another word of the same list), `{noun:plural}` (a form of the word).
 */
export interface Slot {
  readonly list: string;
  /** 1-based; different numbers are different words, the same number is the same word everywhere in a prompt pair. */
  readonly draw: number;
  readonly form: string | null;
}

export type TextPart = string | Slot;

const PIECE = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;
const SLOT = /^([A-Za-z][\w-]*)(?:\.([1-9]\d?))?(?::([A-Za-z][\w-]*))?$/;

/**
 * Splits a template text into literal text and slots. `{{` and `}}` stand for braces.
 *
 * @throws EdgewiseError of kind task naming `where`: a brace without its partner, a slot that is not well-formed.
 */
export function parseTemplateText(text: string, where: string): TextPart[] {
  const parts: TextPart[] = [];
  for (const [piece, inside] of text.matchAll(PIECE)) {
    if (inside === undefined) {
      if (piece === '{' || piece === '}') {
        throw new EdgewiseError(
          'task',
          where,
          `a single ${piece} in ${quote(text)}; write ${piece}${piece} for a brace`,
        );
      }
      parts.push(piece === '{{' || piece === '}}' ? piece.charAt(0) : piece);
      continue;
    }
    const [, list, draw = '1', form = null] = SLOT.exec(inside) ?? [];
    if (list === undefined) {
      throw new EdgewiseError(
        'task',
        where,
        `slot {${oneLine(inside)}}: expected {list}, {list.2}, {list:form} or {list.2:form}`,
      );
    }
    parts.push({ list, draw: Number(draw), form });
  }
  return parts;
}

/** The slot as it is written in a template. */
export function slotText({ list, draw, form }: Slot): string {
  return oneLine(`{${list}${draw === 1 ? '' : `.${draw}`}${form === null ? '' : `:${form}`}}`);
}
