/** Text from outside, made fit for a message of one line: without control or direction characters, and not long. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ');
  return line.length > 120 ? `${line.slice(0, 120)}...` : line;
}

/** The first line of a message that another library wrote, for a message of one line. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return oneLine(text.trimStart().split('\n', 1)[0]!.trimEnd());
}

/** A JSON value, made fit for a message of one line. Of an array or object only the kind is said. */
export function quote(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return oneLine(JSON.stringify(value));
}

/** `1 row`, `2,000 rows`. */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? thing : things}`;
}
