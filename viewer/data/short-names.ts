/**
 * File names without what all of them have in common, for lists: `tasks-4l.ioi.acdc.json` and
 * `tasks-4l.induction.acdc.json` are `ioi` and `induction`. Names are cut between words alone. One name keeps all but
 * its ending.
 *
 * @returns the short names by the names. They differ where the names do, and none is empty.
 */
export function shortNames(names: readonly string[]): ReadonlyMap<string, string> {
  const words = new Map(names.map((name) => [name, name.split(/(?<=[^\w])|(?=[^\w])|(?=_)|(?<=_)/)]));
  if (words.size < 2) return new Map(names.map((name) => [name, name.replace(/(?<=.)\.\w+$/, '')]));
  const all = [...words.values()];
  const shortest = Math.min(...all.map((parts) => parts.length));
  const common = (at: (parts: readonly string[], i: number) => string | undefined, most: number): number => {
    let count = 0;
    while (count < most && all.every((parts) => at(parts, count) === at(all[0]!, count))) count++;
    return count;
  };
  const start = common((parts, i) => parts[i], shortest);
  const end = common((parts, i) => parts[parts.length - 1 - i], shortest - start);
  const short = new Map<string, string>();
  for (const [name, parts] of words) {
    const middle = parts.slice(start, parts.length - end).join('');
    short.set(name, middle.replace(/^[\W_]+|[\W_]+$/g, ''));
  }
  const distinct = new Set(short.values());
  return distinct.size === words.size && !distinct.has('') ? short : new Map(names.map((name) => [name, name]));
}
