/** Longest text from outside that a message shows, in characters as they are shown. */
const LONGEST = 200;

/** Characters that nobody sees as themselves: control, direction, zero width, halves of a pair, ends of lines. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text from outside, made fit for a message: one line, unseen characters as escapes, at most 200 characters.
 *
 * `quote` says the same with quotation marks, which show where the text begins and ends.
 */
export function oneLine(text: string): string {
  const { line, whole } = shown(text, '');
  return whole ? line : `${line}...`;
}

/** The first line of a message that another library wrote, for a message of one line. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return oneLine(
    text
      .trimStart()
      .split(/[\n\r]/, 1)[0]!
      .trimEnd(),
  );
}

/**
 * A value from outside, made fit for a message: one line, unseen characters as escapes, at most 200 characters. A short
 * list of plain values is shown. Of other arrays and of objects only the kind is said, whatever they hold.
 */
export function quote(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) {
    const plain = value.length > 0 && value.length <= 10 && value.every(isPlain);
    const line = `[${plain ? quoteList(value) : ''}]`;
    return plain && line.length <= LONGEST ? line : 'an array';
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return typeof value === 'object' ? 'an object' : typeof value;
  const { line, whole } = shown(value, '"\\');
  return whole ? `"${line}"` : `"${line}"...`;
}

/** The first ten values of a list, each as `quote` shows it, and how many more there are. */
export function quoteList(values: readonly unknown[]): string {
  const first = values
    .slice(0, 10)
    .map((value) => quote(value))
    .join(', ');
  return values.length > 10 ? `${first} and ${(values.length - 10).toLocaleString('en-US')} more` : first;
}

/** Text of several sources as one line, with unseen characters as escapes. A blank stands for an end of line. */
export function printable(text: string): string {
  return text.replace(/\s*[\n\r]\s*/g, ' ').replace(new RegExp(UNSEEN, 'gu'), escaped);
}

/** `1 row`, `2,000 rows`. */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? thing : things}`;
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** Reads no more of a text than it shows: a text may have a hundred million characters. */
function shown(text: string, marks: string): { readonly line: string; readonly whole: boolean } {
  let line = '';
  for (const character of text) {
    const next = UNSEEN.test(character) ? escaped(character) : marks.includes(character) ? `\\${character}` : character;
    if (line.length + next.length > LONGEST) return { line, whole: false };
    line += next;
  }
  return { line, whole: true };
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return SHORT_ESCAPES[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}
