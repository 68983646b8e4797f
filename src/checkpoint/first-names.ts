/** Most names that a message lists, and most characters of theirs. */
const MOST_NAMES = 4;
const LONGEST = 250;

/**
 * The first of many names, as many as a message of one line takes, and how many more there are.
 *
 * @param show a name as it goes into the message: one line.
 */
export function firstNames(names: readonly string[], show: (name: string) => string): string {
  const shown: string[] = [];
  let length = 0;
  for (const name of names.slice(0, MOST_NAMES)) {
    const next = show(name);
    length += next.length;
    if (shown.length > 0 && length > LONGEST) break;
    shown.push(next);
  }
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return shown.join(', ') + more;
}
