import { Help } from 'commander';

/** Columns of a help text. */
const COLUMNS = 80;

/** Names with what each is, as lines of a help text. */
export function helpList(items: readonly (readonly [name: string, about: string])[]): string {
  const width = Math.max(...items.map(([name]) => name.length));
  const help = Object.assign(new Help(), { helpWidth: COLUMNS });
  return items.map(([name, about]) => help.formatItem(name, width, about, help)).join('\n');
}
