/** GPT-2's table of bytes: printable Latin-1 stands for itself, the other 68 bytes for U+0100 onwards. */
const CHARACTERS: readonly string[] = buildTable();
const BYTE_OF: ReadonlyMap<string, number> = new Map(CHARACTERS.map((character, byte) => [character, byte]));
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

function buildTable(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** A text's UTF-8 bytes, each as the character of the table: ` the` -> `Ġthe`. */
export function byteLevelSpelling(text: string): string {
  let spelled = '';
  for (const byte of encoder.encode(text)) spelled += CHARACTERS[byte] ?? '';
  return spelled;
}

/** Whether every character of a token string stands for a byte. */
export function isByteLevel(token: string): boolean {
  for (const character of token) if (!BYTE_OF.has(character)) return false;
  return true;
}

/**
 * Text of a byte-level token string, `Ġthe` -> ` the`. Bytes that are no whole UTF-8 character (a token may hold a part
 * of one) are shown as `<0xE2>`.
 */
export function byteLevelText(token: string): string {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_OF.get(character);
    if (byte === undefined) return token;
    bytes.push(byte);
  }
  try {
    const text = decoder.decode(new Uint8Array(bytes));
    // The decoder drops a byte order mark.
    return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? `\ufeff${text}` : text;
  } catch {
    const hex = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    return bytes.map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : hex(byte))).join('');
  }
}
