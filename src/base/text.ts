/** Text from outside as it may stand in a one-line message: no control or direction characters, and not long. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ');
  return line.length > 120 ? `${line.slice(0, 120)}...` : line;
}

/** A JSON value in the same manner; arrays and objects by their kind alone. */
export function quote(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return oneLine(JSON.stringify(value));
}

/** `1 row`, `2,000 rows`. */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? thing : things}`;
}
