import { byteLevelText } from './byte-level.js';

/** The strings of a tokenizer's tokens, by id. */
export interface TokenStrings {
  readonly model: ReadonlyMap<number, string>;
  readonly added: ReadonlyMap<number, string>;
  /** The model's strings spell bytes with GPT-2's table of 256 printable characters. */
  readonly byteLevel: boolean;
}

/** The text of a token by its id; undefined where no token has it. */
export function textOfToken({ model, added, byteLevel }: TokenStrings): (id: number) => string | undefined {
  return (id) => {
    const content = added.get(id);
    if (content !== undefined) return content;
    const token = model.get(id);
    return token === undefined || !byteLevel ? token?.replaceAll('\u2581', ' ') : byteLevelText(token);
  };
}

/** The same for display: `<9>` where no token has the id 9. */
export function shownToken(strings: TokenStrings): (id: number) => string {
  const textOf = textOfToken(strings);
  return (id) => textOf(id) ?? `<${id}>`;
}
