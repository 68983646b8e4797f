/**
 * Character code of GPT-2's table -> byte: printable Latin-1 stands for itself, the other 68 bytes for U+0100 onwards.
 */
const BYTE_OF_CODE: ReadonlyMap<number, number> = buildTable();

function buildTable(): Map<number, number> {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const table = new Map<number, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) table.set(printable(byte) ? byte : next++, byte);
  return table;
}

/**
 * Text of a byte-level token string, `Ġthe` -> ` the`. Bytes that are no whole UTF-8 character (a token may hold a part
 * of one) are shown as `<0xE2>`.
 */
export function byteLevelText(token: string): string {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_OF_CODE.get(character.codePointAt(0) ?? -1);
    if (byte === undefined) return token;
    bytes.push(byte);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(bytes));
  } catch {
    const hex = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    return bytes.map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : hex(byte))).join('');
  }
}
