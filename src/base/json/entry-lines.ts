// JSON with one member a line, for long files that people compare and read in parts.

/** `"key": value` in one line. */
export function entry(key: string, value: unknown): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
}

/** `"key": {` or `[`, a line for each member, and the end. */
export function block(key: string, brackets: '{}' | '[]', lines: readonly string[]): string {
  return `${JSON.stringify(key)}: ${enclosed(brackets, lines)}`;
}

/** A whole file. */
export function jsonFile(brackets: '{}' | '[]', lines: readonly string[]): string {
  return `${enclosed(brackets, lines)}\n`;
}

function enclosed([open, close]: string, lines: readonly string[]): string {
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n${close}`;
}
